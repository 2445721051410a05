// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.bench;

import java.util.concurrent.locks.ReentrantLock;

/** What a queue of messages costs at least under a lock: the bytes are copied in and out of one flat array. */
final class LockedRing {
    private final ReentrantLock lock = new ReentrantLock();
    private final byte[] slots;
    private final int[] lengths;
    private int head;
    private int count;

    LockedRing(int depth) {
        slots = new byte[depth * TwoVms.MESSAGE_SIZE];
        lengths = new int[depth];
    }

    boolean put(byte[] message, int offset, int length) {
        lock.lock();
        try {
            if (count == lengths.length) {
                return false;
            }
            int tail = head + count;
            if (tail >= lengths.length) {
                tail -= lengths.length;
            }
            System.arraycopy(message, offset, slots, tail * TwoVms.MESSAGE_SIZE, length);
            lengths[tail] = length;
            count++;
            return true;
        } finally {
            lock.unlock();
        }
    }

    /** The length of the message, or -1 if there is none. */
    int take(byte[] buffer) {
        lock.lock();
        try {
            if (count == 0) {
                return -1;
            }
            int length = lengths[head];
            System.arraycopy(slots, head * TwoVms.MESSAGE_SIZE, buffer, 0, length);
            head = head + 1 == lengths.length ? 0 : head + 1;
            count--;
            return length;
        } finally {
            lock.unlock();
        }
    }
}
