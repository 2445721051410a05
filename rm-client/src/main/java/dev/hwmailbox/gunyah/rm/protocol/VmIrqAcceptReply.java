// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm.protocol;

/**
 * The reply of VM_IRQ_ACCEPT.
 *
 * <p>Context: any thread; immutable.
 *
 * @param virq the number the caller sees the interrupt as, 32 bits
 * @since 0.1
 */
public record VmIrqAcceptReply(int virq) implements RmPayload {
    /**
     * Reads the data of a message.
     *
     * @param message a message of this layout
     * @return what it says
     * @throws RmProtocolException EBADMSG: missing or trailing bytes
     */
    public static VmIrqAcceptReply decode(RmMessage message) {
        var in = new PayloadReader(message);
        var decoded = new VmIrqAcceptReply(in.u32("virq"));
        in.end();
        return decoded;
    }

    @Override
    public byte[] encode() {
        return new PayloadWriter(4).u32(virq).toBytes();
    }
}
