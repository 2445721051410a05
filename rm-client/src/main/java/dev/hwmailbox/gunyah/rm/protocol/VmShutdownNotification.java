// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm.protocol;

/**
 * NOTIFY_VM_SHUTDOWN: the receiver is asked to shut down, by a VM_STOP without force.
 *
 * <p>Context: any thread; immutable.
 *
 * @param reason the reason given with {@link VmStopRequest}, 32 bits
 * @since 0.1
 */
public record VmShutdownNotification(int reason) implements RmPayload {
    /**
     * Reads the data of a message.
     *
     * @param message a message of this layout
     * @return what it says
     * @throws RmProtocolException EBADMSG: missing or trailing bytes
     */
    public static VmShutdownNotification decode(RmMessage message) {
        var in = new PayloadReader(message);
        var decoded = new VmShutdownNotification(in.u32("reason"));
        in.end();
        return decoded;
    }

    @Override
    public byte[] encode() {
        return new PayloadWriter(4).u32(reason).toBytes();
    }
}
