// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.serial;

/**
 * Bytes that no part of a stream has twice in the same order, so that both sides can verify each of them.
 *
 * <p>Context: one thread.
 */
final class Pattern {
    private final int seed;
    private int position;

    Pattern(int seed) {
        this.seed = seed;
    }

    int seed() {
        return seed;
    }

    int position() {
        return position;
    }

    private byte at(int index) {
        return (byte) (index * 31 + (index >> 8) * 7 + (index >> 16) + seed);
    }

    /** So many bytes from the position, which stays where it is. */
    byte[] next(int length) {
        byte[] bytes = new byte[length];
        for (int i = 0; i < length; i++) {
            bytes[i] = at(position + i);
        }
        return bytes;
    }

    void advance(int count) {
        position += count;
    }

    /** Whether these are the bytes that must come now; then the position is behind them. */
    boolean accept(byte[] bytes, int length) {
        for (int i = 0; i < length; i++) {
            if (bytes[i] != at(position + i)) {
                return false;
            }
        }
        position += length;
        return true;
    }
}
