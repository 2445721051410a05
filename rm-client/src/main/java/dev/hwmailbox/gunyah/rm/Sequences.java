// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm;

import java.util.BitSet;

/** Hands out sequence numbers: cyclic, from 0, never one that is in use. */
final class Sequences {
    private static final int COUNT = 0x10000;

    /** Its highest bit is always set: clearing the highest bit of a set makes it look for the next one below. */
    private final BitSet inUse = new BitSet(COUNT + 1);

    private int reserved;
    private int next;

    Sequences() {
        inUse.set(COUNT);
    }

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
        inUse.clear(0, COUNT);
        reserved = 0;
        next = 0;
    }
}
