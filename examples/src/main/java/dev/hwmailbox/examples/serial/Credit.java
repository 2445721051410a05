// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.serial;

/**
 * Bytes that one side may still send, as the other has told. Ours: credit begins at 0 with each channel, a window adds
 * to it, and it never exceeds {@link #MAX_WINDOW}.
 */
final class Credit {
    /** Most bytes that may be on their way. */
    static final int MAX_WINDOW = 64 << 10;

    private int left;

    int left() {
        return left;
    }

    void reset() {
        left = 0;
    }

    /** Adds credit; false if that is more than there can be, and then nothing is added. */
    boolean add(int bytes) {
        if (bytes > MAX_WINDOW - left) {
            return false;
        }
        left += bytes;
        return true;
    }

    /** Takes up to so many bytes; returns how many. */
    int take(int wanted) {
        int taken = Math.min(wanted, left);
        left -= taken;
        return taken;
    }
}
