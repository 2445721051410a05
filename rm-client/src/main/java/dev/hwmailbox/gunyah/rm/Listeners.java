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

    /** A notification of a generation, or the restart that began it. */
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
    private int generation;

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

    /**
     * A notification has come in a life of the Resource Manager, and maybe another thread has not got round yet to
     * telling of the restart that began it. False, and nobody will hear of it, if there was a restart since.
     */
    boolean notified(RmMessage notification, int life) {
        return add(new Event(notification, life));
    }

    void restarted(int life) {
        add(new Event(null, life));
    }

    private boolean add(Event event) {
        boolean first;
        lock.lock();
        try {
            if (event.generation() < generation) {
                return false;
            }
            if (event.generation() > generation) {
                generation = event.generation();
                addRestart();
            }
            if (event.notification() != null) {
                addNotification(event);
            }
            first = !telling && !untold.isEmpty();
            telling |= first;
        } finally {
            lock.unlock();
        }
        if (first) {
            scheduler.execute(this::tellNext);
        }
        return true;
    }

    private void addNotification(Event event) {
        untoldNotifications++;
        if (untoldNotifications > maxUntold) {
            dropOldest();
        }
        untold.add(event);
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

    private void addRestart() {
        Event last = untold.peekLast();
        if (last != null && last.notification() == null) {
            untold.removeLast();
        }
        untold.add(new Event(null, generation));
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
        Error first = null;
        for (RmNotificationListener listener : listeners) {
            try {
                // An earlier one may have removed it, or closed the client.
                if (listeners.contains(listener)) {
                    event.tell(listener);
                }
            } catch (RuntimeException e) {
                LOG.error("listener failed on {}", event, e);
            } catch (Error e) { // thrown on when all others have been told
                first = first == null ? e : first;
            }
        }
        if (first != null) {
            throw first;
        }
    }
}
