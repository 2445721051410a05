// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm.protocol;

/**
 * VM_IRQ_ACCEPT: takes an interrupt that another VM has lent to the caller.
 *
 * <p>Context: any thread; immutable.
 *
 * @param handle the loan, 32 bits
 * @param virq the number the caller wants to see it as, or {@link #CHOOSE}
 * @since 0.1
 */
public record VmIrqAcceptRequest(int handle, int virq) implements RmPayload {
    /** The Resource Manager chooses the number. */
    public static final int CHOOSE = 0xFFFFFFFF;

    /**
     * Reads the data of a message.
     *
     * @param message a message of this layout
     * @return what it says
     * @throws RmProtocolException EBADMSG: missing or trailing bytes
     */
    public static VmIrqAcceptRequest decode(RmMessage message) {
        var in = new PayloadReader(message);
        var decoded = new VmIrqAcceptRequest(in.u32("handle"), in.u32("virq"));
        in.end();
        return decoded;
    }

    @Override
    public byte[] encode() {
        return new PayloadWriter(8).u32(handle).u32(virq).toBytes();
    }

    @Override
    public String toString() {
        return "VmIrqAcceptRequest[handle=0x%08x, virq=%d]".formatted(handle, virq);
    }
}
