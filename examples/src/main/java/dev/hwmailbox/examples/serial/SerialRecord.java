// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.serial;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;

/**
 * A record of the line: {u8 kind, u8 flags, u16 length, bytes}, little-endian, one in a message. Ours.
 *
 * <p>Context: any thread; the bytes belong to it.
 */
final class SerialRecord {
    /** Bytes before the data. */
    static final int HEAD = 4;

    /** Most bytes of data in a message of 240. */
    static final int MAX_DATA = 236;

    /** The sender is there. */
    static final int DTR = 1;

    /** The sender wants to send. */
    static final int RTS = 2;

    /** The sender may be sent to. */
    static final int CTS = 4;

    /** All modem lines. */
    static final int ALL_LINES = DTR | RTS | CTS;

    private final SerialKind kind;
    private final byte[] bytes;

    private SerialRecord(SerialKind kind, byte[] bytes) {
        this.kind = kind;
        this.bytes = bytes;
    }

    /** A record, or what is wrong with it. */
    record Decoded(@Nullable SerialRecord record, @Nullable SerialField refusal) {}

    static SerialRecord data(byte[] bytes) {
        return new SerialRecord(SerialKind.DATA, bytes);
    }

    static SerialRecord lineBreak() {
        return new SerialRecord(SerialKind.BREAK, new byte[0]);
    }

    static SerialRecord modem(int lines) {
        return new SerialRecord(SerialKind.MODEM, new byte[] {(byte) lines});
    }

    static SerialRecord window(int credit) {
        return new SerialRecord(
                SerialKind.WINDOW, littleEndian(Integer.BYTES).putInt(credit).array());
    }

    static Decoded decode(ByteBuffer message) {
        if (message.remaining() < HEAD) {
            return refused(SerialField.HEAD);
        }
        ByteBuffer in = message.duplicate().order(ByteOrder.LITTLE_ENDIAN);
        SerialKind kind = SerialKind.fromValue(in.get() & 0xFF);
        int flags = in.get();
        int length = in.getShort() & 0xFFFF;
        if (kind == SerialKind.UNKNOWN) {
            return refused(SerialField.KIND);
        }
        if (flags != 0) {
            return refused(SerialField.FLAGS);
        }
        if (length != in.remaining() || !isLengthOf(kind, length)) {
            return refused(SerialField.LENGTH);
        }
        byte[] bytes = new byte[length];
        in.get(bytes);
        SerialRecord record = new SerialRecord(kind, bytes);
        if (kind == SerialKind.MODEM && (record.lines() & ~ALL_LINES) != 0) {
            return refused(SerialField.LINES);
        }
        if (kind == SerialKind.WINDOW && (record.credit() < 1 || record.credit() > Credit.MAX_WINDOW)) {
            return refused(SerialField.WINDOW);
        }
        return new Decoded(record, null);
    }

    private static boolean isLengthOf(SerialKind kind, int length) {
        return switch (kind) {
            case DATA -> length > 0;
            case MODEM -> length == 1;
            case WINDOW -> length == Integer.BYTES;
            case BREAK, UNKNOWN -> length == 0;
        };
    }

    private static Decoded refused(SerialField field) {
        return new Decoded(null, field);
    }

    private static ByteBuffer littleEndian(int length) {
        return ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN);
    }

    SerialKind kind() {
        return kind;
    }

    byte[] bytes() {
        return bytes;
    }

    int lines() {
        return bytes[0] & 0xFF;
    }

    int credit() {
        return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getInt();
    }

    byte[] encode() {
        return littleEndian(HEAD + bytes.length)
                .put((byte) kind.value())
                .put((byte) 0)
                .putShort((short) bytes.length)
                .put(bytes)
                .array();
    }

    @Override
    public String toString() {
        return kind + " of " + bytes.length + " bytes";
    }
}
