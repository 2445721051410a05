// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm;

import dev.hwmailbox.MailboxScheduler;
import dev.hwmailbox.gunyah.rm.protocol.RmMessage;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells all listeners of what has happened, in order and one thing at a time, as tasks of the scheduler. What they have
 * not heard yet is bounded: the oldest notification goes first. Restarts are never dropped, but told as one if nothing
 * came between them.
 */
final class Listeners {
    private static final Logger LOG = LoggerFactory.getLogger(Listeners.class);

    /** A notification, or the restart that began a generation. */
    private record Event(@Nullable RmMessage notification, int generation) {
        void tell(RmNotificationListener listener) {
            if (notification != null) {
                listener.notified(notification);
            } else {
                listener.restarted(generation);
            }
        }
    }

    private final MailboxScheduler scheduler;
    private final int maxUntold;
    private final List<RmNotificationListener> listeners = new CopyOnWriteArrayList<>();

    private final ReentrantLock lock = new ReentrantLock(); // guards: all below
    private final Deque<Event> untold = new ArrayDeque<>();
    private int untoldNotifications;
    private long dropped;
    private boolean telling;

    Listeners(MailboxScheduler scheduler, int maxUntold) {
        this.scheduler = scheduler;
        this.maxUntold = maxUntold;
    }

    void add(RmNotificationListener listener) {
        listeners.add(Objects.requireNonNull(listener, "listener"));
    }

    void remove(RmNotificationListener listener) {
        listeners.remove(listener);
    }

    void clear() {
        listeners.clear();
    }

    /** How many notifications came faster than they were taken. */
    long dropped() {
        lock.lock();
        try {
            return dropped;
        } finally {
            lock.unlock();
        }
    }

    void notified(RmMessage notification) {
        add(new Event(notification, 0));
    }

    void restarted(int generation) {
        add(new Event(null, generation));
    }

    private void add(Event event) {
        boolean first;
        lock.lock();
        try {
            if (event.notification() != null) {
                untoldNotifications++;
                if (untoldNotifications > maxUntold) {
                    dropOldest();
                }
            }
            mergeRestarts(event);
            untold.add(event);
            first = !telling;
            telling = true;
        } finally {
            lock.unlock();
        }
        if (first) {
            scheduler.execute(this::tellNext);
        }
    }

    /** No two restarts follow each other, so the oldest notification is the first or second. */
    private void dropOldest() {
        Event first = untold.remove();
        if (first.notification() == null) {
            untold.remove();
            Event next = untold.peek();
            if (next == null || next.notification() != null) {
                untold.addFirst(first);
            }
        }
        untoldNotifications--;
        dropped++;
    }

    private void mergeRestarts(Event coming) {
        Event last = untold.peekLast();
        if (coming.notification() == null && last != null && last.notification() == null) {
            untold.removeLast();
        }
    }

    /** There is never a second task: it would run while a listener waits for a call, and overtake this one. */
    private void tellNext() {
        try {
            Event event = next();
            if (event != null) {
                tell(event);
            }
        } finally {
            if (hasMore()) {
                scheduler.execute(this::tellNext);
            }
        }
    }

    private @Nullable Event next() {
        lock.lock();
        try {
            Event event = untold.poll();
            if (event != null && event.notification() != null) {
                untoldNotifications--;
            }
            return event;
        } finally {
            lock.unlock();
        }
    }

    private boolean hasMore() {
        lock.lock();
        try {
            telling = !untold.isEmpty();
            return telling;
        } finally {
            lock.unlock();
        }
    }

    private void tell(Event event) {
        for (RmNotificationListener listener : listeners) {
            try {
                // An earlier one may have removed it, or closed the client.
                if (listeners.contains(listener)) {
                    event.tell(listener);
                }
            } catch (RuntimeException e) {
                LOG.error("listener failed on {}", event, e);
            }
        }
    }
}
