// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm.protocol;

import java.util.List;

/**
 * Some VMIDs: the reply of VM_LOOKUP_URI, VM_LOOKUP_GUID and VM_LOOKUP_NAME (no match is an empty list) and of
 * VM_GET_PEERS.
 *
 * <p>Context: any thread; immutable.
 *
 * @param vmids the VMIDs, each 0..65535; copied
 * @since 0.1
 */
public record VmidListReply(List<Integer> vmids) implements RmPayload {
    public VmidListReply {
        vmids = List.copyOf(vmids);
        vmids.forEach(vmid -> Unsigned.requireU16("vmid", vmid));
    }

    /**
     * Reads the data of a message.
     *
     * @param message a message of this layout
     * @return what it says
     * @throws RmProtocolException EBADMSG: missing or trailing bytes, or a VMID of more than 16 bits
     */
    public static VmidListReply decode(RmMessage message) {
        var in = new PayloadReader(message);
        var decoded = new VmidListReply(in.list("VMIDs", element -> element.vmid32("vmid")));
        in.end();
        return decoded;
    }

    @Override
    public byte[] encode() {
        return new PayloadWriter(4 + 4 * vmids.size())
                .list(vmids, (vmid, out) -> out.u32(vmid))
                .toBytes();
    }
}
