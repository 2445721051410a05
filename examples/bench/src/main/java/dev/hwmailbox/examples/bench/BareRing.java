// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.bench;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/** The ring of {@link LockedRing} for one sender and one receiver, who need acquire and release only. */
final class BareRing {
    private static final VarHandle INDEX = MethodHandles.arrayElementVarHandle(long[].class);

    // Each on cache lines of its own; each side has its index and what it last saw of the other's.
    private static final int HEAD = 16;
    private static final int TAIL = 48;
    private static final int SEEN_BY_RECEIVER = HEAD + 1;
    private static final int SEEN_BY_SENDER = TAIL + 1;

    private final byte[] slots;
    private final int[] lengths;
    private final int mask;
    private final long[] indices = new long[80];

    BareRing(int depth) {
        slots = new byte[depth * TwoVms.MESSAGE_SIZE];
        lengths = new int[depth];
        mask = depth - 1;
    }

    boolean put(byte[] message, int offset, int length) {
        long tail = indices[TAIL];
        if (tail - indices[SEEN_BY_SENDER] > mask) {
            indices[SEEN_BY_SENDER] = (long) INDEX.getAcquire(indices, HEAD);
            if (tail - indices[SEEN_BY_SENDER] > mask) {
                return false;
            }
        }
        int slot = (int) tail & mask;
        System.arraycopy(message, offset, slots, slot * TwoVms.MESSAGE_SIZE, length);
        lengths[slot] = length;
        INDEX.setRelease(indices, TAIL, tail + 1);
        return true;
    }

    /** The length of the message, or -1 if there is none. */
    int take(byte[] buffer) {
        long head = indices[HEAD];
        if (head == indices[SEEN_BY_RECEIVER]) {
            indices[SEEN_BY_RECEIVER] = (long) INDEX.getAcquire(indices, TAIL);
            if (head == indices[SEEN_BY_RECEIVER]) {
                return -1;
            }
        }
        int slot = (int) head & mask;
        int length = lengths[slot];
        System.arraycopy(slots, slot * TwoVms.MESSAGE_SIZE, buffer, 0, length);
        INDEX.setRelease(indices, HEAD, head + 1);
        return length;
    }
}
