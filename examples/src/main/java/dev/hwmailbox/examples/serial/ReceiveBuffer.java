// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.serial;

/**
 * What has come and is not read, and what the other side may still send: together never more than its capacity.
 *
 * <p>Ours: room that reading has made is granted anew when it is half of the capacity, not for every byte.
 */
final class ReceiveBuffer {
    private final byte[] ring;
    private final Credit granted = new Credit();
    private int first;
    private int size;

    ReceiveBuffer(int capacity) {
        if (capacity < 2 || capacity > Credit.MAX_WINDOW) {
            throw new IllegalArgumentException("capacity must be 2.." + Credit.MAX_WINDOW + ": " + capacity);
        }
        ring = new byte[capacity];
    }

    int size() {
        return size;
    }

    /** Takes in bytes as far as they were granted; returns how many. */
    int add(byte[] bytes) {
        int taken = granted.take(bytes.length);
        for (int i = 0; i < taken; i++) {
            ring[(first + size + i) % ring.length] = bytes[i];
        }
        size += taken;
        return taken;
    }

    int read(byte[] into, int offset, int length) {
        int count = Math.min(length, size);
        for (int i = 0; i < count; i++) {
            into[offset + i] = ring[(first + i) % ring.length];
        }
        first = (first + count) % ring.length;
        size -= count;
        return count;
    }

    /** Bytes that are to be granted now, 0 if it is not worth a message. */
    int due() {
        int room = ring.length - size - granted.left();
        return room >= ring.length / 2 ? room : 0;
    }

    void grant(int bytes) {
        granted.add(bytes);
    }

    /** The other side begins anew: it has no credit. */
    void restart() {
        granted.reset();
    }

    /** Drops what has not been read. */
    void clear() {
        size = 0;
    }
}
