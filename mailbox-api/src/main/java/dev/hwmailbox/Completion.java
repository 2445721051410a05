// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * A one-shot event with a status, which {@link MailboxScheduler#await} waits for.
 *
 * <p>Each wait has a completion of its own, so no waiter can be woken by, or get the status of, somebody else's event.
 * The first report counts. Whoever reports calls {@link MailboxScheduler#wake} afterwards, holding no lock.
 *
 * <p>Context: any thread.
 *
 * <p>Kernel counterpart: {@code struct completion}, include/linux/completion.h (Linux 6.12). Differs: one-shot, and it
 * carries the status; the mailbox framework of the kernel shares one completion among all senders of a channel.
 *
 * @since 0.1
 */
public final class Completion {
    private static final int PENDING = 0;
    private static final int CLAIMED = 1;
    private static final int DONE = 2;
    private static final VarHandle STATE;
    private static final VarHandle WAITERS;

    static {
        try {
            STATE = MethodHandles.lookup().findVarHandle(Completion.class, "state", int.class);
            WAITERS = MethodHandles.lookup().findVarHandle(Completion.class, "waiters", Waiter.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private volatile int state = PENDING;
    private int status;

    // For the schedulers that park: whom to unpark. Only grows; a completion is short-lived.
    private volatile @Nullable Waiter waiters;

    /** Makes a completion that is not done. */
    public Completion() {}

    /**
     * Reports the event. Does not wake anybody.
     *
     * @param status what to tell the waiter: by custom a value ≥ 0 or a negative errno
     * @return true if this report counted, false if the completion was done already
     */
    public boolean complete(int status) {
        if (!STATE.compareAndSet(this, PENDING, CLAIMED)) {
            return false;
        }
        this.status = status;
        state = DONE;
        return true;
    }

    /**
     * Tells whether the event has been reported; its status is readable then.
     *
     * @return true once {@link #complete} has counted
     */
    public boolean isDone() {
        return state == DONE;
    }

    /**
     * The reported status.
     *
     * @return what the first report said
     * @throws IllegalStateException if nothing has been reported yet
     */
    public int status() {
        if (!isDone()) {
            throw new IllegalStateException("completion is not done");
        }
        return status;
    }

    /**
     * Has a thread unparked by {@link #unparkWaiters}. The thread looks at {@link #isDone} afterwards, before it parks:
     * then no report can slip through.
     */
    void addWaiter(Thread thread) {
        Waiter first;
        do {
            first = waiters;
            for (Waiter waiter = first; waiter != null; waiter = waiter.next) {
                if (waiter.thread == thread) {
                    return;
                }
            }
        } while (!WAITERS.compareAndSet(this, first, new Waiter(thread, first)));
    }

    void unparkWaiters() {
        for (Waiter waiter = waiters; waiter != null; waiter = waiter.next) {
            if (waiter.thread != Thread.currentThread()) { // which is not parked, and looks again
                LockSupport.unpark(waiter.thread);
            }
        }
    }

    @Override
    public String toString() {
        return isDone() ? "Completion[status=" + status + "]" : "Completion[pending]";
    }

    private static final class Waiter {
        private final Thread thread;
        private final @Nullable Waiter next;

        Waiter(Thread thread, @Nullable Waiter next) {
            this.thread = thread;
            this.next = next;
        }
    }
}
