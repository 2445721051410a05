// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm.protocol;

/**
 * VM_SET_BOOT_CONTEXT: sets a register that the first vCPU of a VM starts with. The published Resource Manager does not
 * implement it.
 *
 * <p>Context: any thread; immutable.
 *
 * @param vmid 0..65535
 * @param registerSet which set of registers, {@link #SET_GENERAL} or another; 0..255
 * @param registerIndex which of the set, 0..255
 * @param value what it holds
 * @since 0.1
 */
public record VmBootContextRequest(int vmid, int registerSet, int registerIndex, long value) implements RmPayload {
    /** The general registers, x0 to x30. */
    public static final int SET_GENERAL = 0;

    public VmBootContextRequest {
        Unsigned.requireU16("vmid", vmid);
        Unsigned.requireU8("registerSet", registerSet);
        Unsigned.requireU8("registerIndex", registerIndex);
    }

    /**
     * Reads the data of a message.
     *
     * @param message a message of this layout
     * @return what it says
     * @throws RmProtocolException EBADMSG: missing or trailing bytes
     */
    public static VmBootContextRequest decode(RmMessage message) {
        var in = new PayloadReader(message);
        int vmid = in.u16("vmid");
        int registerSet = in.u8("register set");
        int registerIndex = in.u8("register index");
        in.skip("reserved", 4);
        long value = in.u64("value");
        in.end();
        return new VmBootContextRequest(vmid, registerSet, registerIndex, value);
    }

    @Override
    public byte[] encode() {
        return new PayloadWriter(16)
                .u16(vmid)
                .u8(registerSet)
                .u8(registerIndex)
                .zeros(4)
                .u64(value)
                .toBytes();
    }
}
