// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox;

/**
 * Time, deferral and waiting: everything the library knows of clocks and threads.
 *
 * <p>An embedder hands one in; no other library code reads a clock, sleeps, parks or starts a thread. Three
 * implementations are shipped: {@link ThreadedScheduler} (one daemon thread, made lazily), {@link CallerRunsScheduler}
 * (no thread at all, the embedder pumps it) and {@link dev.hwmailbox.testing.VirtualScheduler} (virtual time, for tests
 * and deterministic simulation). A virtual machine monitor may bring its own.
 *
 * <p>Tasks and timers run one at a time and never inside the call that scheduled them, so a task needs no guard against
 * its own scheduler. A task that waits in {@link #await} lets others run meanwhile, inside the wait.
 *
 * <p>Context: any thread, also from callbacks and tasks; only {@link #await} may block.
 *
 * <p>Kernel counterpart: tasklets, high-resolution timers and completions as drivers/mailbox/mailbox.c (Linux 6.12)
 * uses them. Differs: one object that the embedder owns, instead of the machine's.
 *
 * @since 0.1
 */
public interface MailboxScheduler {
    /**
     * The current time of this scheduler.
     *
     * @return nanoseconds since an arbitrary origin, which may be negative or near overflow; compare by subtraction
     *     only
     */
    long nanoTime();

    /**
     * Runs a task soon, after the caller has returned. Tasks of one thread run in the order of the calls.
     *
     * @param task what to run; an exception it throws is logged and ends only this run
     */
    void execute(Runnable task);

    /**
     * Makes a timer that is not armed. It costs nothing until it is armed.
     *
     * @param name what it is for, for diagnostics
     * @param task what to run at each expiry
     * @return the timer
     */
    Timer timer(String name, Runnable task);

    /**
     * Waits until a completion is done or time is up. The caller must hold no lock that a task might need.
     *
     * <p>A threaded scheduler parks the caller; a caller-runs scheduler runs due tasks on the caller meanwhile; a
     * virtual one moves time forward. An event due exactly at the deadline still counts.
     *
     * <p>An interrupt of the waiting thread ends the wait early: the method returns what the completion says then, and
     * the interrupt flag is kept.
     *
     * <p>Context: may block up to the timeout.
     *
     * @param completion what to wait for
     * @param timeoutNanos longest wait in nanoseconds; 0 or less only looks
     * @return true if the completion is done
     */
    boolean await(Completion completion, long timeoutNanos);

    /**
     * Wakes whoever waits for a completion. Called after {@link Completion#complete}, holding no lock; a call without
     * a waiter does nothing.
     *
     * @param completion the completion that is done
     */
    void wake(Completion completion);

    /**
     * A one-shot timer that can be armed again and again.
     *
     * <p>Context: any thread; never blocks. Within the timer's own task it is not armed, and may be armed again.
     */
    interface Timer {
        /**
         * Lets the timer expire after a delay. If it is armed already, the earlier of the two expiries stays.
         *
         * @param delayNanos delay in nanoseconds; 0 or less means as soon as possible, never inside this call
         */
        void arm(long delayNanos);

        /** Forgets a pending expiry. One that is already running goes on. */
        void cancel();
    }
}
