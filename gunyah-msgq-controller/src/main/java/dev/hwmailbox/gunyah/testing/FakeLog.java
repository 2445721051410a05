// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.testing;

import dev.hwmailbox.MailboxScheduler;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Predicate;

/** Calls and interrupts in the order of their coming, with the time since the start. */
final class FakeLog {
    private final MailboxScheduler scheduler;
    private final long origin;

    // guards: everything below
    private final ReentrantLock lock = new ReentrantLock();
    private final List<Entry> entries = new ArrayList<>();

    private record Entry(boolean isCall, String text) {}

    FakeLog(MailboxScheduler scheduler) {
        this.scheduler = scheduler;
        origin = scheduler.nanoTime();
    }

    void call(String text) {
        add(true, text);
    }

    void interrupt(String text) {
        add(false, text);
    }

    private void add(boolean isCall, String text) {
        String time = KitText.time(Duration.ofNanos(scheduler.nanoTime() - origin));
        lock.lock();
        try {
            entries.add(new Entry(isCall, time + "  " + text));
        } finally {
            lock.unlock();
        }
    }

    List<String> all() {
        return texts(entry -> true);
    }

    List<String> calls() {
        return texts(Entry::isCall);
    }

    List<String> interrupts() {
        return texts(entry -> !entry.isCall);
    }

    private List<String> texts(Predicate<Entry> wanted) {
        lock.lock();
        try {
            return entries.stream().filter(wanted).map(Entry::text).toList();
        } finally {
            lock.unlock();
        }
    }

    void clear() {
        lock.lock();
        try {
            entries.clear();
        } finally {
            lock.unlock();
        }
    }
}
