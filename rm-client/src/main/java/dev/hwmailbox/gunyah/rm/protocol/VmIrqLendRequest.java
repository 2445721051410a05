// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm.protocol;

/**
 * VM_IRQ_LEND: offers one of the caller's interrupts to another VM; the reply is an {@link RmHandle}.
 *
 * <p>Context: any thread; immutable.
 *
 * @param borrower who may accept it, 0..65535
 * @param virq the caller's number of the interrupt, 32 bits
 * @param label what the borrower knows it by, 32 bits
 * @since 0.1
 */
public record VmIrqLendRequest(int borrower, int virq, int label) implements RmPayload {
    public VmIrqLendRequest {
        Unsigned.requireU16("borrower", borrower);
    }

    /**
     * Reads the data of a message.
     *
     * @param message a message of this layout
     * @return what it says
     * @throws RmProtocolException EBADMSG: missing or trailing bytes
     */
    public static VmIrqLendRequest decode(RmMessage message) {
        var in = new PayloadReader(message);
        var decoded = new VmIrqLendRequest(in.paddedU16("borrower"), in.u32("virq"), in.u32("label"));
        in.end();
        return decoded;
    }

    @Override
    public byte[] encode() {
        return new PayloadWriter(12).paddedU16(borrower).u32(virq).u32(label).toBytes();
    }
}
