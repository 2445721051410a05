// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.bench;

import dev.hwmailbox.CallerRunsScheduler;
import dev.hwmailbox.Completion;
import dev.hwmailbox.MailboxScheduler;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * The only processor of a VM: tasks and interrupt handlers that any thread posts run on the one thread that stands for
 * it. With nothing to do it spins, or parks, and is woken only if it has announced that it sleeps.
 */
final class Vcpu implements MailboxScheduler {
    private static final int CAPACITY = 64;
    private static final int ROUNDS_BETWEEN_TIMERS = 1024;

    /** References that share no cache line with each other, nor indices with anything. */
    private static final int APART = 32;

    /** Beside the index of {@link #taken}, as the same thread changes it: in a field it would slow those who post. */
    private static final int IDLE_ROUNDS = APART + 1;

    private final AtomicReferenceArray<@Nullable Runnable> tasks = new AtomicReferenceArray<>(CAPACITY * APART);
    private final AtomicIntegerArray posted = new AtomicIntegerArray(2 * APART);
    private final int[] taken = new int[2 * APART];
    private final CallerRunsScheduler clock = new CallerRunsScheduler();
    private final boolean parks;
    private @Nullable Thread thread;
    private volatile boolean asleep;
    private volatile boolean stopped;

    Vcpu(boolean parks) {
        this.parks = parks;
    }

    TwoVms.Processor processor() {
        return new TwoVms.Processor(this, this::execute);
    }

    @Override
    public void execute(Runnable task) {
        int slot = slot(posted.getAndIncrement(APART));
        while (tasks.getAcquire(slot) != null) {
            Thread.onSpinWait();
        }
        if (parks) {
            tasks.set(slot, task);
            wakeUp();
        } else {
            tasks.setRelease(slot, task);
        }
    }

    private void wakeUp() {
        if (asleep) {
            asleep = false;
            LockSupport.unpark(thread);
        }
    }

    private static int slot(int index) {
        return (index & CAPACITY - 1) * APART;
    }

    /** Runs a task if there is one; if not, waits a little. */
    void runOneOrWait() {
        int slot = slot(taken[APART]);
        Runnable task = tasks.getAcquire(slot);
        if (task != null) {
            taken[APART]++;
            tasks.setRelease(slot, null);
            task.run();
        } else if (parks) {
            sleepUntilPosted(slot);
        } else if (++taken[IDLE_ROUNDS] % ROUNDS_BETWEEN_TIMERS == 0) {
            clock.runDue();
        } else {
            Thread.onSpinWait();
        }
    }

    private void sleepUntilPosted(int slot) {
        thread = Thread.currentThread();
        asleep = true;
        if (tasks.get(slot) == null && !stopped) {
            LockSupport.park(this);
        }
        asleep = false;
    }

    /** Lends the calling thread until {@link #stop}. */
    void run() {
        while (!stopped) {
            runOneOrWait();
        }
    }

    /** Runs what has been posted. */
    void runPosted() {
        while (tasks.getAcquire(slot(taken[APART])) != null) {
            runOneOrWait();
        }
    }

    void stop() {
        stopped = true;
        wakeUp();
    }

    @Override
    public long nanoTime() {
        return clock.nanoTime();
    }

    @Override
    public Timer timer(String name, Runnable task) {
        return clock.timer(name, task);
    }

    @Override
    public boolean await(Completion completion, long timeoutNanos) {
        return clock.await(completion, timeoutNanos);
    }

    @Override
    public void wake(Completion completion) {
        clock.wake(completion);
    }
}
