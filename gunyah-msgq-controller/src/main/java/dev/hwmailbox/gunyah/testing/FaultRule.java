// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.testing;

import java.util.concurrent.locks.ReentrantLock;

/** One injected fault, and how often it has been asked for and used. */
final class FaultRule<K, F> {
    private final K key;
    private final Occurrence occurrence;
    private final F fault;

    // guards: everything below
    private final ReentrantLock lock = new ReentrantLock();
    private long asked;
    private long used;
    private boolean ended;

    FaultRule(K key, Occurrence occurrence, F fault) {
        this.key = key;
        this.occurrence = occurrence;
        this.fault = fault;
    }

    K key() {
        return key;
    }

    F fault() {
        return fault;
    }

    boolean isMeant(long subject, boolean mayBeUsed) {
        lock.lock();
        try {
            boolean meant = !ended && occurrence.isMeant(subject, ++asked) && mayBeUsed;
            used += meant ? 1 : 0;
            return meant;
        } finally {
            lock.unlock();
        }
    }

    void end() {
        lock.lock();
        try {
            ended = true;
        } finally {
            lock.unlock();
        }
    }

    long used() {
        lock.lock();
        try {
            return used;
        } finally {
            lock.unlock();
        }
    }

    @Override
    public String toString() {
        return key + " " + fault + ", used " + used() + " times";
    }
}
