// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.msgq;

import java.util.Objects;

/**
 * One message to send on a channel of {@link GunyahMsgqController}: a range of bytes, and whether to push. The bytes
 * are not copied until the message goes to the queue, so the sender leaves them alone until {@code txDone} for it.
 *
 * <p>Linux counterpart: {@code struct gh_msgq_tx_data}, include/linux/gunyah.h (Linux patch series).
 *
 * @since 0.1
 */
public final class MsgqMessage {
    private final byte[] buffer;
    private final int offset;
    private final int length;
    private final boolean push;

    private MsgqMessage(byte[] buffer, int offset, int length, boolean push) {
        this.buffer = buffer;
        this.offset = offset;
        this.length = length;
        this.push = push;
    }

    /**
     * A message that interrupts its receiver at once.
     *
     * @param bytes the whole message
     * @return the message
     */
    public static MsgqMessage of(byte[] bytes) {
        return of(bytes, 0, bytes.length, true);
    }

    /**
     * A message.
     *
     * @param buffer holds the message
     * @param offset index of its first byte
     * @param length its size in bytes; what the queue takes is known only when it is sent
     * @param push true to interrupt the receiver at once, whatever the fill level; the earlier parts of something that
     *     only makes sense as a whole need not
     * @return the message
     * @throws IndexOutOfBoundsException if the range is not inside the buffer
     */
    public static MsgqMessage of(byte[] buffer, int offset, int length, boolean push) {
        Objects.requireNonNull(buffer, "buffer");
        Objects.checkFromIndexSize(offset, length, buffer.length);
        return new MsgqMessage(buffer, offset, length, push);
    }

    /**
     * The size of the message.
     *
     * @return bytes
     */
    public int length() {
        return length;
    }

    /**
     * Whether the message interrupts its receiver at once.
     *
     * @return true to push
     */
    public boolean push() {
        return push;
    }

    byte[] buffer() {
        return buffer;
    }

    int offset() {
        return offset;
    }

    @Override
    public String toString() {
        return "MsgqMessage[" + length + " bytes" + (push ? ", push]" : "]");
    }
}
