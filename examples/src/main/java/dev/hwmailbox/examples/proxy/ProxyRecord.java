// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.proxy;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * What goes over the queues, little endian. The public facts are: map and unmap requests of at most 240 bytes, one at a
 * time, a reply to each. Ours: the layout
 *
 * <ul>
 *   <li>map: {u16 sequence, u16 type 1, u64 address, u64 physical, u32 size, u32 rights}
 *   <li>unmap: {u16 sequence, u16 type 2, u64 address, u32 size}
 *   <li>reply: {u16 sequence, u16 type 0x8000, u32 errno, 0 if done}
 * </ul>
 *
 * <p>Ours: the sequence number, which a reply repeats. Draining the queue before a call finds the replies that have
 * come by then; one that comes during the next call can only be told by its number.
 */
sealed interface ProxyRecord {
    /** Which call it belongs to; 0 if even that cannot be read. */
    int sequence();

    /** Make memory reachable for a device. */
    record Map(int sequence, Mapping mapping) implements ProxyRecord {
        byte[] encode() {
            return start(Wire.MAP_LENGTH, sequence, Wire.MAP)
                    .putLong(mapping.address())
                    .putLong(mapping.physical())
                    .putInt(mapping.size())
                    .putInt(mapping.rights())
                    .array();
        }

        @Override
        public String toString() {
            return "map " + sequence + " (" + mapping + ")";
        }
    }

    /** Make it unreachable again. */
    record Unmap(int sequence, long address, int size) implements ProxyRecord {
        byte[] encode() {
            return start(Wire.UNMAP_LENGTH, sequence, Wire.UNMAP)
                    .putLong(address)
                    .putInt(size)
                    .array();
        }

        @Override
        public String toString() {
            return "unmap %d (0x%x+0x%x)".formatted(sequence, address, size);
        }
    }

    /** What has become of it: 0 or an errno. */
    record Reply(int sequence, int errno) implements ProxyRecord {
        byte[] encode() {
            return start(Wire.REPLY_LENGTH, sequence, Wire.REPLY).putInt(errno).array();
        }
    }

    /** No record, and what is wrong; without a sequence number nobody can be answered. */
    record Malformed(int sequence, boolean answerable, ProxyField field) implements ProxyRecord {}

    /** Reads a message, whatever it is. What a mapping says is not checked here. */
    static ProxyRecord decode(ByteBuffer message) {
        ByteBuffer in = message.slice().order(ByteOrder.LITTLE_ENDIAN);
        int length = in.remaining();
        if (length < Wire.HEAD_LENGTH) {
            int sequence = length < Short.BYTES ? 0 : Short.toUnsignedInt(in.getShort());
            return new Malformed(sequence, length >= Short.BYTES, ProxyField.LENGTH);
        }
        int sequence = Short.toUnsignedInt(in.getShort());
        int type = Short.toUnsignedInt(in.getShort());
        int expected = switch (type) {
            case Wire.MAP -> Wire.MAP_LENGTH;
            case Wire.UNMAP -> Wire.UNMAP_LENGTH;
            case Wire.REPLY -> Wire.REPLY_LENGTH;
            default -> 0;
        };
        if (expected == 0) {
            return new Malformed(sequence, true, ProxyField.TYPE);
        }
        if (length != expected) {
            return new Malformed(sequence, true, ProxyField.LENGTH);
        }
        return switch (type) {
            case Wire.MAP -> new Map(sequence, new Mapping(in.getLong(), in.getLong(), in.getInt(), in.getInt()));
            case Wire.UNMAP -> new Unmap(sequence, in.getLong(), in.getInt());
            default -> new Reply(sequence, in.getInt());
        };
    }

    private static ByteBuffer start(int length, int sequence, int type) {
        return ByteBuffer.allocate(length)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putShort((short) sequence)
                .putShort((short) type);
    }
}
