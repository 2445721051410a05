// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm.protocol;

/**
 * A request about one VM: VM_ALLOC_VMID (0 asks for any VMID), VM_DEALLOC_VMID, VM_START, VM_RESET, VM_INIT, VM_GET_ID
 * and VM_GET_STATE (0 is the caller), VM_GET_CRASH_MSG, VM_GET_HYP_RESOURCES; also VM_CONSOLE_OPEN, _CLOSE and _FLUSH.
 *
 * <p>Context: any thread; immutable.
 *
 * @param vmid 0..65535
 * @param reserved what the sender put into the reserved half, 0..65535; VM_INIT refuses anything but 0, others do not
 *     look
 * @since 0.1
 */
public record VmRequest(int vmid, int reserved) implements RmPayload {
    public VmRequest {
        Unsigned.requireU16("vmid", vmid);
        Unsigned.requireU16("reserved", reserved);
    }

    /**
     * A request as it should be.
     *
     * @param vmid 0..65535
     */
    public VmRequest(int vmid) {
        this(vmid, 0);
    }

    /**
     * Reads the data of a message.
     *
     * @param message a message of this layout
     * @return what it says
     * @throws RmProtocolException EBADMSG: missing or trailing bytes
     */
    public static VmRequest decode(RmMessage message) {
        var in = new PayloadReader(message);
        var decoded = new VmRequest(in.u16("vmid"), in.u16("reserved"));
        in.end();
        return decoded;
    }

    @Override
    public byte[] encode() {
        return new PayloadWriter(4).u16(vmid).u16(reserved).toBytes();
    }
}
