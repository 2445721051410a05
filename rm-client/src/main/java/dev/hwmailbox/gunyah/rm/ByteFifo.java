// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm;

/** A bounded queue of bytes; not safe for threads. */
final class ByteFifo {
    private final byte[] bytes;
    private int first;
    private int length;

    ByteFifo(int capacity) {
        bytes = new byte[capacity];
    }

    int length() {
        return length;
    }

    /** Adds as many bytes as there is room for, at most a number, and returns how many those are. */
    int add(byte[] source, int offset, int max) {
        int count = Math.min(max, bytes.length - length);
        int end = (first + length) % bytes.length;
        int atEnd = Math.min(count, bytes.length - end);
        System.arraycopy(source, offset, bytes, end, atEnd);
        System.arraycopy(source, offset + atEnd, bytes, 0, count - atEnd);
        length += count;
        return count;
    }

    /** Takes as many bytes as there are, at most a number, and returns how many those are. */
    int take(byte[] target, int offset, int max) {
        int count = Math.min(max, length);
        int atEnd = Math.min(count, bytes.length - first);
        System.arraycopy(bytes, first, target, offset, atEnd);
        System.arraycopy(bytes, 0, target, offset + atEnd, count - atEnd);
        first = (first + count) % bytes.length;
        length -= count;
        return count;
    }
}
