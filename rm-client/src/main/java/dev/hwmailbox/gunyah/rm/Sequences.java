// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm;

import java.util.BitSet;

/** Hands out sequence numbers: cyclic, from 0, never one that is in use. */
final class Sequences {
    private static final int COUNT = 0x10000;

    private final BitSet inUse = new BitSet();
    private int reserved;
    private int next;

    /** How many numbers are in use. */
    int reserved() {
        return reserved;
    }

    int reserve() {
        if (reserved == COUNT) {
            throw new IllegalStateException("all sequences are in use");
        }
        while (inUse.get(next)) {
            next = (next + 1) % COUNT;
        }
        int sequence = next;
        inUse.set(sequence);
        reserved++;
        next = (next + 1) % COUNT;
        return sequence;
    }

    void release(int sequence) {
        if (inUse.get(sequence)) {
            inUse.clear(sequence);
            reserved--;
        }
    }

    void restart() {
        inUse.clear();
        reserved = 0;
        next = 0;
    }
}
