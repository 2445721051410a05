// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.membuf;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * What goes over the queues, little endian. The public facts are: allocation request, reply and relinquish, small fixed
 * records with transaction ids. Ours: the layout
 *
 * <ul>
 *   <li>request: {u16 transaction, u16 kind 1, u32 size in bytes}
 *   <li>reply: {u16 transaction, u16 kind 2, u32 errno, 0 if lent, u32 handle, u32 size in bytes, whole pages}
 *   <li>relinquish: {u16 transaction, u16 kind 3, u32 handle}
 * </ul>
 *
 * <p>Ours: a relinquish repeats the transaction, because the Resource Manager uses handles again. One that comes twice
 * must not take memory back that has been lent meanwhile, by the same handle, for something else.
 */
sealed interface MemBufRecord {
    /** Which request it belongs to; 0 if even that cannot be read. */
    int transaction();

    /** Wanted: memory. */
    record Request(int transaction, int size) implements MemBufRecord {
        byte[] encode() {
            return start(MemBufWire.REQUEST_LENGTH, transaction, MemBufWire.REQUEST)
                    .putInt(size)
                    .array();
        }
    }

    /** Memory, or why there is none. */
    record Reply(int transaction, int errno, int handle, int size) implements MemBufRecord {
        static Reply lent(MemBuf memory) {
            return new Reply(memory.transaction(), 0, memory.handle(), memory.size());
        }

        static Reply refused(int transaction, int errno) {
            return new Reply(transaction, errno, 0, 0);
        }

        byte[] encode() {
            return start(MemBufWire.REPLY_LENGTH, transaction, MemBufWire.REPLY)
                    .putInt(errno)
                    .putInt(handle)
                    .putInt(size)
                    .array();
        }
    }

    /** The memory is not needed any more. */
    record Relinquish(int transaction, int handle) implements MemBufRecord {
        byte[] encode() {
            return start(MemBufWire.RELINQUISH_LENGTH, transaction, MemBufWire.RELINQUISH)
                    .putInt(handle)
                    .array();
        }
    }

    /** No record: what is wrong, and the kind it claims to be, 0 if that cannot be read. */
    record Malformed(int transaction, int kind, MemBufField field) implements MemBufRecord {}

    /** Reads a message, whatever it is. What sizes and errnos say is not checked here. */
    static MemBufRecord decode(ByteBuffer message) {
        ByteBuffer in = message.slice().order(ByteOrder.LITTLE_ENDIAN);
        int length = in.remaining();
        if (length < MemBufWire.HEAD_LENGTH) {
            return new Malformed(0, 0, MemBufField.LENGTH);
        }
        int transaction = Short.toUnsignedInt(in.getShort());
        int kind = Short.toUnsignedInt(in.getShort());
        int expected = MemBufWire.length(kind);
        if (expected == 0) {
            return new Malformed(transaction, kind, MemBufField.KIND);
        }
        if (length != expected) {
            return new Malformed(transaction, kind, MemBufField.LENGTH);
        }
        return switch (kind) {
            case MemBufWire.REQUEST -> new Request(transaction, in.getInt());
            case MemBufWire.REPLY -> new Reply(transaction, in.getInt(), in.getInt(), in.getInt());
            default -> new Relinquish(transaction, in.getInt());
        };
    }

    private static ByteBuffer start(int length, int transaction, int kind) {
        return ByteBuffer.allocate(length)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putShort((short) transaction)
                .putShort((short) kind);
    }
}
