// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.serial;

import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/** What has been written and is not sent: bytes, and breaks between them, at most {@link #CAPACITY} in all. */
final class TransmitBuffer {
    /** Bytes; a break counts as one. */
    static final int CAPACITY = 4096;

    private static final byte[] BREAK = {};

    /** Runs of bytes; an empty one is a break. */
    private final Deque<byte[]> runs = new ArrayDeque<>();

    private int size;

    int size() {
        return size;
    }

    int room() {
        return CAPACITY - size;
    }

    /** Takes in as many bytes as there is room for; returns how many. */
    int add(byte[] bytes, int offset, int length) {
        int taken = Math.min(length, room());
        if (taken > 0) {
            runs.add(Arrays.copyOfRange(bytes, offset, offset + taken));
            size += taken;
        }
        return taken;
    }

    boolean addBreak() {
        if (room() == 0) {
            return false;
        }
        runs.add(BREAK);
        size++;
        return true;
    }

    void clear() {
        runs.clear();
        size = 0;
    }

    /** The next record: a break, or as many bytes as there are, fit and are allowed; null if there is none. */
    @Nullable
    SerialRecord next(Credit credit) {
        byte[] head = runs.peek();
        if (head == null) {
            return null;
        }
        if (head.length == 0) {
            runs.remove();
            size--;
            return SerialRecord.lineBreak();
        }
        int length = credit.take(Math.min(SerialRecord.MAX_DATA, bytesBeforeBreak()));
        return length == 0 ? null : SerialRecord.data(remove(length));
    }

    private int bytesBeforeBreak() {
        int bytes = 0;
        for (byte[] run : runs) {
            if (run.length == 0 || bytes >= SerialRecord.MAX_DATA) {
                break;
            }
            bytes += run.length;
        }
        return bytes;
    }

    private byte[] remove(int length) {
        byte[] bytes = new byte[length];
        int filled = 0;
        while (filled < length) {
            byte[] run = runs.remove();
            int part = Math.min(run.length, length - filled);
            System.arraycopy(run, 0, bytes, filled, part);
            filled += part;
            if (part < run.length) {
                runs.addFirst(Arrays.copyOfRange(run, part, run.length));
            }
        }
        size -= length;
        return bytes;
    }
}
