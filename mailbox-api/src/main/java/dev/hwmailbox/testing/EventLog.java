// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.testing;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;

/** Events of one or several clients in the order of their coming, and exceptions that clients threw. */
final class EventLog {
    // guards: everything below
    private final ReentrantLock lock = new ReentrantLock();
    private final List<RecordedEvent> events = new ArrayList<>();
    private final List<Throwable> failures = new ArrayList<>();

    void add(RecordedEvent event) {
        lock.lock();
        try {
            events.add(event);
        } finally {
            lock.unlock();
        }
    }

    void failed(Throwable failure) {
        lock.lock();
        try {
            failures.add(failure);
        } finally {
            lock.unlock();
        }
    }

    List<RecordedEvent> events() {
        lock.lock();
        try {
            return List.copyOf(events);
        } finally {
            lock.unlock();
        }
    }

    List<RecordedEvent> take() {
        lock.lock();
        try {
            List<RecordedEvent> taken = List.copyOf(events);
            events.clear();
            return taken;
        } finally {
            lock.unlock();
        }
    }

    List<Throwable> failures() {
        lock.lock();
        try {
            return List.copyOf(failures);
        } finally {
            lock.unlock();
        }
    }
}
