// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm.protocol;

/**
 * NOTIFY_VM_IRQ_LENT: an interrupt has been lent to the receiver, who may accept it.
 *
 * <p>Context: any thread; immutable.
 *
 * @param owner who lends it, 0..65535
 * @param handle the loan, 32 bits
 * @param label what the owner calls it, 32 bits
 * @since 0.1
 */
public record VmIrqLentNotification(int owner, int handle, int label) implements RmPayload {
    public VmIrqLentNotification {
        Unsigned.requireU16("owner", owner);
    }

    /**
     * Reads the data of a message.
     *
     * @param message a message of this layout
     * @return what it says
     * @throws RmProtocolException EBADMSG: missing or trailing bytes
     */
    public static VmIrqLentNotification decode(RmMessage message) {
        var in = new PayloadReader(message);
        var decoded = new VmIrqLentNotification(in.paddedU16("owner"), in.u32("handle"), in.u32("label"));
        in.end();
        return decoded;
    }

    @Override
    public byte[] encode() {
        return new PayloadWriter(12).paddedU16(owner).u32(handle).u32(label).toBytes();
    }
}
