// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox;

import dev.hwmailbox.internal.Nanos;
import dev.hwmailbox.internal.TaskQueue;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Objects;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A scheduler in real time without a thread: tasks run on threads of the embedder that call in, and only there.
 *
 * <p>Three ways to lend it a thread. A virtual machine monitor gives each VM one such scheduler and calls {@link #run}
 * on the thread that stands for the VM's vCPU: interrupt handlers posted with {@link #execute}, timers and blocking
 * sends of that VM then all run there, one at a time, as on a single processor, until {@link #stop}. A loop with work
 * of its own calls {@link #runDue} once per round, and {@link #idle} when it has nothing to do. And a thread that waits
 * in {@link #await}, inside a blocking send for example, runs due tasks meanwhile.
 *
 * <pre>{@code
 * CallerRunsScheduler vcpu = new CallerRunsScheduler();
 * Thread vcpuThread = new Thread(vcpu::run, "vm1 vcpu0");
 * vcpuThread.start();
 * // an interrupt for the VM, raised by any thread:
 * vcpu.execute(interruptHandler);
 * }</pre>
 *
 * <p>Tasks run one at a time, whoever lends the thread. A task that waits lends its own: others then run nested inside
 * it. An exception of a task is logged; an {@link Error} is thrown to the thread that was lent, with the scheduler in
 * order.
 *
 * <p>Context: any thread, also from tasks.
 *
 * @since 0.1
 */
public final class CallerRunsScheduler implements MailboxScheduler {
    private static final Logger LOG = LoggerFactory.getLogger(CallerRunsScheduler.class);

    // guards: queue, runner, depth, idlers
    private final ReentrantLock lock = new ReentrantLock();
    private final TaskQueue queue = new TaskQueue();
    private @Nullable Thread runner; // whose task is running
    private int depth;
    private final Deque<Thread> idlers = new ArrayDeque<>(); // parked, and ready to run tasks
    private final Completion stopped = new Completion();

    /** Makes a scheduler with nothing to do. */
    public CallerRunsScheduler() {}

    @Override
    public long nanoTime() {
        return System.nanoTime();
    }

    @Override
    public void execute(Runnable task) {
        Objects.requireNonNull(task, "task");
        var entry = new TaskQueue.Entry("task", task, false);
        Thread helper;
        lock.lock();
        try {
            queue.put(entry, nanoTime());
            helper = helper();
        } finally {
            lock.unlock();
        }
        LockSupport.unpark(helper);
    }

    @Override
    public Timer timer(String name, Runnable task) {
        Objects.requireNonNull(name, "name");
        Objects.requireNonNull(task, "task");
        return new QueuedTimer(new TaskQueue.Entry(name, task, false));
    }

    /**
     * Runs the tasks that are due now, but not those that only become due meanwhile.
     *
     * <p>Context: any thread; lasts as long as the tasks do. While another thread runs a task, this does nothing.
     *
     * @return how many tasks ran
     */
    public int runDue() {
        long now = nanoTime();
        int ran = 0;
        try {
            while (runOne(now)) {
                ran++;
            }
        } finally {
            handOver();
        }
        return ran;
    }

    /**
     * Runs tasks as they become due, until {@link #stop}: the loop of a VM's vCPU. An interrupt ends it early; the flag
     * is kept.
     *
     * <p>Context: any thread; blocks.
     */
    public void run() {
        await(stopped, Nanos.FOREVER);
    }

    /**
     * Ends {@link #run}, now and for ever. A task that is running goes on; those still queued run only if someone lends
     * a thread in another way.
     *
     * <p>Context: any thread; never blocks.
     */
    public void stop() {
        stopped.complete(0);
        wake(stopped);
    }

    /**
     * Waits until a task is due, without running it; a thread that waits in {@link #await} may run it first. While
     * another thread runs a task, nothing is to be done here. An interrupt ends the wait early; the flag is kept.
     *
     * <p>Context: any thread; may block up to the given time.
     *
     * @param longest how long to wait at most, not negative
     * @return true if a task was due that the caller may run
     * @throws IllegalArgumentException if the time is negative
     */
    public boolean idle(Duration longest) {
        long deadline = nanoTime() + Nanos.of(longest, "longest");
        try {
            while (!isTaskDue()) {
                if (deadline - nanoTime() <= 0 || Thread.currentThread().isInterrupted()) {
                    return false;
                }
                parkUntilWork(deadline);
            }
            return true;
        } finally {
            handOver();
        }
    }

    private boolean isTaskDue() {
        lock.lock();
        try {
            TaskQueue.Entry first = queue.first();
            return mayRun() && first != null && first.due() - nanoTime() <= 0;
        } finally {
            lock.unlock();
        }
    }

    /**
     * Runs due tasks until a completion is done or time is up. While another thread runs a task, this one parks.
     *
     * <p>Context: any thread, also from tasks; may block up to the timeout. The interrupt flag is kept.
     */
    @Override
    public boolean await(Completion completion, long timeoutNanos) {
        if (completion.isDone() || timeoutNanos <= 0) {
            return completion.isDone();
        }
        long deadline = nanoTime() + Nanos.clamp(timeoutNanos);
        completion.addWaiter(Thread.currentThread());
        try {
            while (!completion.isDone() && !Thread.currentThread().isInterrupted()) {
                long now = nanoTime();
                boolean timeUp = now - deadline >= 0;
                if (!runOne(timeUp ? deadline : now)) {
                    if (timeUp) {
                        break;
                    }
                    parkUntilWork(deadline);
                }
            }
        } finally {
            handOver();
        }
        return completion.isDone();
    }

    /** Waits without running tasks: for threads that have not been lent. */
    boolean awaitParked(Completion completion, long timeoutNanos) {
        if (completion.isDone() || timeoutNanos <= 0) {
            return completion.isDone();
        }
        long deadline = nanoTime() + Nanos.clamp(timeoutNanos);
        completion.addWaiter(Thread.currentThread());
        while (!completion.isDone() && !Thread.currentThread().isInterrupted()) {
            long left = deadline - nanoTime();
            if (left <= 0) {
                break;
            }
            LockSupport.parkNanos(completion, left);
        }
        return completion.isDone();
    }

    @Override
    public void wake(Completion completion) {
        completion.unparkWaiters();
    }

    /** Runs the first task that is due by a time, unless another thread is running one. */
    private boolean runOne(long limit) {
        TaskQueue.Entry entry;
        lock.lock();
        try {
            if (!mayRun()) {
                return false;
            }
            entry = queue.takeDue(limit);
            if (entry == null) {
                return false;
            }
            runner = Thread.currentThread();
            depth++;
        } finally {
            lock.unlock();
        }
        try {
            entry.task().run();
        } catch (Exception e) { // checked ones too, other languages throw them anywhere
            LOG.error("{} threw", entry.name(), e);
        } finally {
            endTask();
        }
        return true;
    }

    /** Whether no other thread is running a task. Under the lock. */
    private boolean mayRun() {
        return runner == null || runner == Thread.currentThread();
    }

    private void endTask() {
        lock.lock();
        try {
            if (--depth == 0) {
                runner = null;
            }
        } finally {
            lock.unlock();
        }
    }

    /** Parks until there may be something to do for this thread: a task, a completion it waits for, or the deadline. */
    private void parkUntilWork(long deadline) {
        Thread self = Thread.currentThread();
        long until = deadline;
        lock.lock();
        try {
            TaskQueue.Entry first = queue.first();
            if (mayRun() && first != null && first.due() - until < 0) {
                until = first.due();
            }
            idlers.addLast(self);
        } finally {
            lock.unlock();
        }
        try {
            long delay = until - nanoTime();
            if (delay > 0) {
                LockSupport.parkNanos(this, delay);
            }
        } finally {
            lock.lock();
            try {
                idlers.remove(self);
            } finally {
                lock.unlock();
            }
        }
    }

    /** Whoever stops lending its thread has another one look after what is left. */
    private void handOver() {
        Thread helper;
        lock.lock();
        try {
            helper = queue.first() == null ? null : helper();
        } finally {
            lock.unlock();
        }
        LockSupport.unpark(helper);
    }

    /** A parked thread that may run tasks now, or null. Under the lock. */
    private @Nullable Thread helper() {
        if (runner == null) {
            return idlers.peekFirst();
        }
        return idlers.contains(runner) ? runner : null;
    }

    /**
     * Describes the scheduler, for logs.
     *
     * @return how many tasks are pending
     */
    @Override
    public String toString() {
        lock.lock();
        try {
            return "CallerRunsScheduler[pending=" + queue.size() + "]";
        } finally {
            lock.unlock();
        }
    }

    private final class QueuedTimer implements Timer {
        private final TaskQueue.Entry entry;

        QueuedTimer(TaskQueue.Entry entry) {
            this.entry = entry;
        }

        @Override
        public void arm(long delayNanos) {
            Thread helper;
            lock.lock();
            try {
                boolean sooner = queue.arm(entry, nanoTime() + Nanos.clamp(delayNanos));
                helper = sooner ? helper() : null;
            } finally {
                lock.unlock();
            }
            LockSupport.unpark(helper);
        }

        @Override
        public void cancel() {
            lock.lock();
            try {
                queue.remove(entry);
            } finally {
                lock.unlock();
            }
        }

        @Override
        public String toString() {
            return entry.name();
        }
    }
}
