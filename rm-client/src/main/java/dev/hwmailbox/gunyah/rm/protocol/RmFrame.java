// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm.protocol;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * One frame: what one message of the message queue between a VM and the Resource Manager holds, 8 to 240 bytes, and
 * whether the sender wants it pushed. It is the message type of the channel under a Resource Manager client or server.
 *
 * <p>A frame need not be well formed; the accessors read whatever bits are there, and {@link RmReassembler} judges
 * them.
 *
 * <pre>
 *   byte 0     bits 3..0 version, 7..4 header length in 32-bit words: always 0x21
 *   byte 1     bits 1..0 type (0 continuation), 7..2 number of continuations of the whole message
 *   bytes 2-3  sequence           bytes 4-7  message id           all little-endian
 *   bytes 8..  up to 232 bytes of content
 * </pre>
 *
 * <p>Context: any thread; immutable, bytes are copied in and out.
 *
 * <p>Gunyah counterpart: the RPC header, drivers/virt/gunyah/rsc_mgr_rpc.c (Linux, Gunyah series of 2024).
 *
 * @since 0.1
 */
public final class RmFrame {
    /** Bytes of the header, and so of the shortest frame. */
    public static final int HEADER_LENGTH = 8;

    /** The most content one frame carries, in bytes. */
    public static final int MAX_CONTENT_LENGTH = 232;

    /** Bytes of the longest frame. */
    public static final int MAX_LENGTH = HEADER_LENGTH + MAX_CONTENT_LENGTH;

    static final int TYPE_CONTINUATION = 0;

    private static final int VERSION_1_HEADER_OF_2_WORDS = 0x21;

    private final byte[] bytes;

    private final boolean push;

    private RmFrame(byte[] owned, boolean push) {
        if (owned.length < HEADER_LENGTH || owned.length > MAX_LENGTH) {
            throw new IllegalArgumentException("a frame has 8 to 240 bytes, not " + owned.length);
        }
        this.bytes = owned;
        this.push = push;
    }

    /**
     * The frame with given bytes.
     *
     * @param bytes header and content, 8 to 240 bytes; copied
     * @param push whether the receiver is to be interrupted at once, whatever its threshold
     * @return the frame
     * @throws IllegalArgumentException if the length is not allowed
     */
    public static RmFrame of(byte[] bytes, boolean push) {
        return new RmFrame(bytes.clone(), push);
    }

    /**
     * The frame with the bytes between a buffer's position and limit.
     *
     * @param bytes header and content, 8 to 240 bytes; copied, the position stays
     * @param push whether the receiver is to be interrupted at once, whatever its threshold
     * @return the frame
     * @throws IllegalArgumentException if the length is not allowed
     */
    public static RmFrame of(ByteBuffer bytes, boolean push) {
        var copy = new byte[bytes.remaining()];
        bytes.get(bytes.position(), copy);
        return new RmFrame(copy, push);
    }

    /** The frame with a piece of a payload. */
    static RmFrame build(
            int type, int continuations, RmMessage message, byte[] payload, int offset, int length, boolean push) {
        byte[] frame = new byte[HEADER_LENGTH + length];
        frame[0] = VERSION_1_HEADER_OF_2_WORDS;
        frame[1] = (byte) (continuations << 2 | type);
        LittleEndian.U16.set(frame, 2, (short) message.sequence());
        LittleEndian.U32.set(frame, 4, message.messageId());
        System.arraycopy(payload, offset, frame, HEADER_LENGTH, length);
        return new RmFrame(frame, push);
    }

    /**
     * Length of header and content.
     *
     * @return 8..240, in bytes
     */
    public int length() {
        return bytes.length;
    }

    /**
     * Length of what follows the header.
     *
     * @return 0..232, in bytes
     */
    public int contentLength() {
        return length() - HEADER_LENGTH;
    }

    /**
     * Whether the receiver is to be interrupted at once. Says nothing on a received frame.
     *
     * @return the push hint
     */
    public boolean push() {
        return push;
    }

    /**
     * Whether byte 0 announces the one version and header length there is.
     *
     * @return true if byte 0 is 0x21
     */
    public boolean hasValidHeader() {
        return bytes[0] == VERSION_1_HEADER_OF_2_WORDS;
    }

    /**
     * The type bits.
     *
     * @return 0 for a continuation, otherwise a value of {@link RmMessageType}
     */
    public int typeValue() {
        return bytes[1] & 3;
    }

    /**
     * Whether this frame goes on with the message of an earlier one.
     *
     * @return true if the type bits are 0
     */
    public boolean isContinuation() {
        return typeValue() == TYPE_CONTINUATION;
    }

    /**
     * How many continuations the whole message has, as every one of its frames says.
     *
     * @return 0..63; 63 is not allowed
     */
    public int continuations() {
        return (bytes[1] >> 2) & 0x3F;
    }

    /**
     * The sequence number.
     *
     * @return 0..65535
     */
    public int sequence() {
        return (short) LittleEndian.U16.get(bytes, 2) & 0xFFFF;
    }

    /**
     * The message id.
     *
     * @return 32 bits, see {@link RmMessageId}
     */
    public int messageId() {
        return (int) LittleEndian.U32.get(bytes, 4);
    }

    /**
     * The whole frame.
     *
     * @return its bytes, a copy
     */
    public byte[] toBytes() {
        return bytes.clone();
    }

    /**
     * Copies the whole frame into an array.
     *
     * @param target where to
     * @param offset index of the first byte written
     * @return the number of bytes copied, {@link #length()}
     * @throws IndexOutOfBoundsException if the frame does not fit
     */
    public int copyTo(byte[] target, int offset) {
        System.arraycopy(bytes, 0, target, offset, bytes.length);
        return bytes.length;
    }

    /**
     * Copies the whole frame to a buffer's position, which moves behind it.
     *
     * @param target where to
     * @return the number of bytes copied, {@link #length()}
     * @throws java.nio.BufferOverflowException if the frame does not fit
     */
    public int copyTo(ByteBuffer target) {
        target.put(bytes);
        return bytes.length;
    }

    /**
     * A view of the whole frame.
     *
     * @return a new read-only, little-endian buffer from the first to the last byte
     */
    public ByteBuffer asByteBuffer() {
        return ByteBuffer.wrap(bytes).asReadOnlyBuffer().order(ByteOrder.LITTLE_ENDIAN);
    }

    void copyContentTo(byte[] target, int offset) {
        System.arraycopy(bytes, HEADER_LENGTH, target, offset, contentLength());
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof RmFrame that && push == that.push && Arrays.equals(bytes, that.bytes);
    }

    @Override
    public int hashCode() {
        return 31 * Arrays.hashCode(bytes) + Boolean.hashCode(push);
    }

    @Override
    public String toString() {
        var type = RmMessageType.fromValue(typeValue()).map(Enum::name).orElse("CONTINUATION");
        return "RmFrame[%s 0x%08x, sequence 0x%04x, %d continuations, %d bytes%s%s]"
                .formatted(
                        type,
                        messageId(),
                        sequence(),
                        continuations(),
                        length(),
                        push ? ", push" : "",
                        hasValidHeader() ? "" : ", byte 0 is 0x%02x".formatted(bytes[0] & 0xFF));
    }
}
