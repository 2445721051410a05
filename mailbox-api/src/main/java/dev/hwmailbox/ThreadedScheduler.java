// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox;

import java.util.Objects;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A scheduler in real time with one thread of its own, made when the first task comes.
 *
 * <p>Waiting threads park. A task that waits runs other tasks meanwhile, since nobody else would. What a task throws is
 * logged and ends only that run.
 *
 * <p>Context: any thread, also from tasks.
 *
 * @since 0.1
 */
public final class ThreadedScheduler implements MailboxScheduler, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(ThreadedScheduler.class);

    private final CallerRunsScheduler loop = new CallerRunsScheduler();
    private final ThreadFactory threads;

    private final AtomicReference<@Nullable Thread> worker = new AtomicReference<>();
    private volatile boolean closed;

    /** Makes a scheduler whose thread is a daemon called {@code hwmailbox}. */
    public ThreadedScheduler() {
        this("hwmailbox");
    }

    /**
     * Makes a scheduler whose thread is a daemon.
     *
     * @param threadName its name
     */
    public ThreadedScheduler(String threadName) {
        this(daemons(threadName));
    }

    /**
     * Makes a scheduler whose thread comes from a factory.
     *
     * @param threads asked when the first task comes, with no lock held; by two threads at once if they bring it
     *     together, and again if the thread did not start
     */
    public ThreadedScheduler(ThreadFactory threads) {
        this.threads = Objects.requireNonNull(threads, "threads");
    }

    private static ThreadFactory daemons(String name) {
        Objects.requireNonNull(name, "name");
        return task -> {
            Thread thread = new Thread(task, name);
            thread.setDaemon(true);
            return thread;
        };
    }

    @Override
    public long nanoTime() {
        return loop.nanoTime();
    }

    /**
     * Runs a task soon on the scheduler's thread. After {@link #close} it is dropped.
     *
     * @param task what to run
     */
    @Override
    public void execute(Runnable task) {
        Objects.requireNonNull(task, "task");
        if (needsWorker()) {
            loop.execute(task);
        }
    }

    @Override
    public Timer timer(String name, Runnable task) {
        Timer timer = loop.timer(name, task);
        return new Timer() {
            @Override
            public void arm(long delayNanos) {
                if (needsWorker()) {
                    timer.arm(delayNanos);
                }
            }

            @Override
            public void cancel() {
                timer.cancel();
            }

            @Override
            public String toString() {
                return timer.toString();
            }
        };
    }

    @Override
    public boolean await(Completion completion, long timeoutNanos) {
        return Thread.currentThread() == worker.get()
                ? loop.await(completion, timeoutNanos)
                : loop.awaitParked(completion, timeoutNanos);
    }

    @Override
    public void wake(Completion completion) {
        loop.wake(completion);
    }

    /** Makes the thread if there is none; false if it is too late. */
    private boolean needsWorker() {
        if (worker.get() == null && !closed) {
            Thread made = Objects.requireNonNull(threads.newThread(this::work), "thread");
            if (worker.compareAndSet(null, made)) {
                start(made);
            }
        }
        return !closed;
    }

    /** A thread that does not start, as when there are too many, leaves it to the next task to make one. */
    private void start(Thread made) {
        boolean started = false;
        try {
            made.start();
            started = true;
        } finally {
            if (!started) {
                worker.set(null);
            }
        }
    }

    private void work() {
        while (!closed) {
            try {
                loop.run();
            } catch (Throwable e) { // a task's Error must not take the other tasks' thread with it
                LOG.error("task threw", e);
            }
            // Nobody else owns this thread: an interrupt is a task's leftover.
            Thread.interrupted();
        }
    }

    /**
     * Ends the thread once the running task is over. Pending tasks and expiries are dropped, but for those that the
     * running task lets run while it waits; waits still end with their timeout. Closing again does nothing.
     *
     * <p>Context: any thread, also from tasks; never waits.
     */
    @Override
    public void close() {
        closed = true;
        loop.stop();
    }

    /**
     * Describes the scheduler, for logs.
     *
     * @return whether it has a thread, and which
     */
    @Override
    public String toString() {
        Thread thread = worker.get();
        return "ThreadedScheduler[" + (closed ? "closed" : thread == null ? "no thread yet" : thread.getName()) + "]";
    }
}
