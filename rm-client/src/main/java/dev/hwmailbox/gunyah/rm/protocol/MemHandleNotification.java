// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm.protocol;

/**
 * NOTIFY_MEM_RELEASED or NOTIFY_MEM_ACCEPTED: a recipient has given a memory parcel up, or has mapped it. Goes to the
 * parcel's owner; released also arrives for each parcel of a VM that is reset.
 *
 * <p>Context: any thread; immutable.
 *
 * @param handle the parcel, 32 bits
 * @param vmid the recipient, 0..65535
 * @param tag what the recipient said with MEM_NOTIFY, 32 bits
 * @since 0.1
 */
public record MemHandleNotification(int handle, int vmid, int tag) implements RmPayload {
    public MemHandleNotification {
        Unsigned.requireU16("vmid", vmid);
    }

    /**
     * Reads the data of a message.
     *
     * @param message a message of this layout
     * @return what it says
     * @throws RmProtocolException EBADMSG: missing or trailing bytes
     */
    public static MemHandleNotification decode(RmMessage message) {
        var in = new PayloadReader(message);
        int handle = in.u32("handle");
        int vmid = in.u16("vmid");
        in.skip("reserved", 2);
        var decoded = new MemHandleNotification(handle, vmid, in.u32("tag"));
        in.end();
        return decoded;
    }

    @Override
    public byte[] encode() {
        return new PayloadWriter(12).u32(handle).u16(vmid).zeros(2).u32(tag).toBytes();
    }
}
