// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm.protocol;

/**
 * A VMID: the reply of VM_GET_OWNER, of VM_GET_VMID, and of a VM_ALLOC_VMID that asked for any. (One that asked for a
 * given VMID is answered without data.)
 *
 * <p>Context: any thread; immutable.
 *
 * @param vmid 0..65535
 * @since 0.1
 */
public record VmidReply(int vmid) implements RmPayload {
    public VmidReply {
        Unsigned.requireU16("vmid", vmid);
    }

    /**
     * Reads the data of a message.
     *
     * @param message a message of this layout
     * @return what it says
     * @throws RmProtocolException EBADMSG: missing or trailing bytes, or more than 16 bits
     */
    public static VmidReply decode(RmMessage message) {
        var in = new PayloadReader(message);
        var decoded = new VmidReply(in.vmid32("vmid"));
        in.end();
        return decoded;
    }

    @Override
    public byte[] encode() {
        return new PayloadWriter(4).u32(vmid).toBytes();
    }
}
