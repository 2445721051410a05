// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.testing;

import dev.hwmailbox.Completion;
import dev.hwmailbox.MailboxScheduler;
import dev.hwmailbox.internal.Nanos;
import dev.hwmailbox.internal.TaskQueue;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Semaphore;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A scheduler in virtual time: a test, or a deterministic simulation, moves the clock, and every run is the same.
 *
 * <p>Tasks run only inside {@link #advance}, {@link #runDue}, {@link #runUntilIdle} and {@link #await}, in order of due time,
 * those due at the same time in order of their coming. Nothing takes time but waiting: {@link #await} moves the clock from one
 * due task to the next until its completion is done, so a send that blocks for an hour takes none. It may be called from
 * inside a task; others then run nested in it.
 *
 * <p>{@link #spawn} makes simulated threads, for code that blocks in several places at once. One runs at a time, and they
 * switch only where they wait. One whose completion is done goes on after the task that woke it, in order of waking; one whose
 * time is up goes on after all tasks due at that time.
 *
 * <pre>{@code
 * VirtualScheduler scheduler = new VirtualScheduler();
 * scheduler.spawn(() -> results.add(channel.sendMessage("waits")));
 * scheduler.advance(Duration.ofMillis(10));
 * }</pre>
 *
 * <p>A task's exception is logged and ends only that run; an {@link Error}, such as a failed assertion, is thrown to whoever
 * moves the clock, and so is whatever ends a simulated thread.
 *
 * <p>Context: the thread of the test, tasks, and simulated threads; not safe for other threads. Only simulated threads block.
 *
 * @since 0.1
 */
public final class VirtualScheduler implements MailboxScheduler, AutoCloseable {
    /** Where the clock starts unless told otherwise: five seconds before the nanoseconds overflow. */
    public static final long DEFAULT_START_NANOS = Long.MAX_VALUE - 5_000_000_000L;

    /** How many tasks one call may run, so that tasks without end cannot hang a test: ten million. */
    public static final int TASK_LIMIT = 10_000_000;

    private static final Logger LOG = LoggerFactory.getLogger(VirtualScheduler.class);

    private final long startNanos;
    private long now;
    private final TaskQueue queue = new TaskQueue();

    private final List<SimulatedThread> waiting = new ArrayList<>(); // the longest first
    private final Deque<SimulatedThread> woken = new ArrayDeque<>();
    private @Nullable SimulatedThread running;
    private @Nullable Throwable threadFailure;

    /** Makes a scheduler whose clock starts at {@link #DEFAULT_START_NANOS}. */
    public VirtualScheduler() {
        this(DEFAULT_START_NANOS);
    }

    /**
     * Makes a scheduler.
     *
     * @param startNanos what {@link #nanoTime} says at first; any value, overflow included, must make no difference
     */
    public VirtualScheduler(long startNanos) {
        this.startNanos = startNanos;
        now = startNanos;
    }

    @Override
    public long nanoTime() {
        return now;
    }

    /**
     * How far the clock has moved.
     *
     * @return time since the start
     */
    public Duration elapsed() {
        return Duration.ofNanos(now - startNanos);
    }

    @Override
    public void execute(Runnable task) {
        Objects.requireNonNull(task, "task");
        queue.put(new TaskQueue.Entry("task", task, false), now);
    }

    @Override
    public Timer timer(String name, Runnable task) {
        Objects.requireNonNull(name, "name");
        Objects.requireNonNull(task, "task");
        return new QueuedTimer(new TaskQueue.Entry(name, task, false));
    }

    /**
     * Moves the clock, and runs what becomes due on the way.
     *
     * @param duration how far, not negative
     * @return how many tasks ran
     * @throws IllegalStateException if a simulated thread calls, or at {@link #TASK_LIMIT}
     */
    public int advance(Duration duration) {
        long limit = now + Nanos.of(duration, "duration");
        int ran = runUntil(limit, () -> false);
        moveTo(limit);
        return ran;
    }

    /**
     * Runs what is due now, including what becomes due meanwhile; the clock does not move.
     *
     * @return how many tasks ran
     * @throws IllegalStateException if a simulated thread calls, or at {@link #TASK_LIMIT}
     */
    public int runDue() {
        return runUntil(now, () -> false);
    }

    /**
     * Moves the clock until nothing is pending. A periodic task never lets this end: it stops at {@link #TASK_LIMIT}.
     *
     * @return how many tasks ran
     * @throws IllegalStateException if a simulated thread calls, or at the limit
     */
    public int runUntilIdle() {
        return runUntil(now + Nanos.FOREVER, () -> false);
    }

    /**
     * Lets simulated threads go on that something outside any task has woken, without running tasks. Every other way of moving
     * the clock does this first.
     */
    public void runWoken() {
        requireDriver();
        resumeWoken();
    }

    /**
     * What waits for its time, in order.
     *
     * @return a copy
     */
    public List<Pending> pending() {
        return queue.inOrder().stream()
                .map(entry -> new Pending(entry.name(), Duration.ofNanos(entry.due() - now)))
                .toList();
    }

    /**
     * Starts a simulated thread, which runs at once until it waits or ends.
     *
     * @param body what it does
     * @return done when the thread has ended
     */
    public Completion spawn(Runnable body) {
        var thread = new SimulatedThread(Objects.requireNonNull(body, "body"));
        thread.start();
        resume(thread);
        throwThreadFailure();
        return thread.ended;
    }

    /**
     * Waits in virtual time. On a simulated thread the others go on meanwhile; elsewhere this moves the clock, up to the
     * deadline, until the completion is done.
     *
     * @throws IllegalStateException if the wait has no end: nothing is pending and the timeout is beyond all bounds
     */
    @Override
    public boolean await(Completion completion, long timeoutNanos) {
        if (completion.isDone() || timeoutNanos <= 0 || Thread.currentThread().isInterrupted()) {
            return completion.isDone();
        }
        long deadline = now + Nanos.clamp(timeoutNanos);
        boolean forever = timeoutNanos >= Nanos.FOREVER;
        SimulatedThread self = running;
        if (self != null && self.isCurrent()) {
            self.waitFor(completion, deadline, forever);
            return completion.isDone();
        }
        Thread main = Thread.currentThread();
        runUntil(deadline, () -> completion.isDone() || main.isInterrupted());
        if (!completion.isDone() && !main.isInterrupted()) {
            if (forever) {
                throw new IllegalStateException("nothing is pending that could end this wait: " + this);
            }
            moveTo(deadline);
        }
        return completion.isDone();
    }

    @Override
    public void wake(Completion completion) {
        for (var threads = waiting.iterator(); threads.hasNext(); ) {
            SimulatedThread thread = threads.next();
            if (thread.waitsFor == completion) {
                threads.remove();
                queue.remove(thread.timeout);
                woken.add(thread);
            }
        }
    }

    /**
     * Ends all simulated threads that still wait: their waits return as if interrupted. Without such threads there is nothing
     * to close.
     */
    @Override
    public void close() {
        requireDriver();
        while (!waiting.isEmpty() || !woken.isEmpty()) {
            waiting.forEach(thread -> queue.remove(thread.timeout));
            woken.addAll(waiting);
            waiting.clear();
            for (SimulatedThread thread = woken.poll(); thread != null; thread = woken.poll()) {
                thread.interrupt();
                resume(thread);
            }
        }
        if (threadFailure != null) {
            LOG.debug("simulated thread ended by closing", threadFailure);
            threadFailure = null;
        }
    }

    private int runUntil(long limit, BooleanSupplier end) {
        requireDriver();
        resumeWoken();
        int ran = 0;
        while (!end.getAsBoolean()) {
            TaskQueue.Entry entry = queue.takeDue(limit);
            if (entry == null) {
                break;
            }
            if (ran == TASK_LIMIT) {
                throw new IllegalStateException("still busy after " + TASK_LIMIT + " tasks: " + entry.name());
            }
            moveTo(entry.due());
            try {
                entry.task().run();
            } catch (RuntimeException e) {
                LOG.error("{} threw", entry.name(), e);
            }
            throwThreadFailure();
            resumeWoken();
            ran++;
        }
        return ran;
    }

    private void moveTo(long time) {
        // A wait nested in a task may have moved the clock further.
        now = time - now > 0 ? time : now;
    }

    private void requireDriver() {
        if (running != null && running.isCurrent()) {
            throw new IllegalStateException("a simulated thread cannot move the clock; it can only wait");
        }
    }

    private void resumeWoken() {
        for (SimulatedThread thread = woken.poll(); thread != null; thread = woken.poll()) {
            resume(thread);
            throwThreadFailure();
        }
    }

    /** Lets a thread run until it waits or ends. */
    private void resume(SimulatedThread thread) {
        SimulatedThread resumer = running;
        running = thread;
        thread.go.release();
        thread.gone.acquireUninterruptibly();
        running = resumer;
    }

    private void throwThreadFailure() {
        Throwable failure = threadFailure;
        if (failure != null && running == null) {
            threadFailure = null;
            if (failure instanceof Error error) {
                throw error;
            }
            throw (RuntimeException) failure;
        }
    }

    /**
     * Describes the state, for a failed test.
     *
     * @return elapsed time and what is pending
     */
    @Override
    public String toString() {
        return "VirtualScheduler[elapsed=" + elapsed() + ", pending=" + pending() + ", waiting threads="
                + waiting.size() + "]";
    }

    /**
     * A task that waits for its time.
     *
     * @param name a timer's name, or what kind of task it is
     * @param dueIn from now; not positive if it is due
     * @since 0.1
     */
    public record Pending(String name, Duration dueIn) {}

    private final class QueuedTimer implements Timer {
        private final TaskQueue.Entry entry;

        QueuedTimer(TaskQueue.Entry entry) {
            this.entry = entry;
        }

        @Override
        public void arm(long delayNanos) {
            queue.arm(entry, now + Nanos.clamp(delayNanos));
        }

        @Override
        public void cancel() {
            queue.remove(entry);
        }

        @Override
        public String toString() {
            return entry.name();
        }
    }

    /** A thread that runs only between {@link #go} and {@link #gone}. */
    private final class SimulatedThread {
        private final Semaphore go = new Semaphore(0);
        private final Semaphore gone = new Semaphore(0);
        private final Completion ended = new Completion();
        private final TaskQueue.Entry timeout = new TaskQueue.Entry("timeout of a thread", this::timeUp, true);
        private final Thread thread;
        private @Nullable Completion waitsFor;

        SimulatedThread(Runnable body) {
            thread = new Thread(() -> run(body), "simulated");
            thread.setDaemon(true);
        }

        void start() {
            thread.start();
        }

        void interrupt() {
            thread.interrupt();
        }

        boolean isCurrent() {
            return Thread.currentThread() == thread;
        }

        private void run(Runnable body) {
            go.acquireUninterruptibly();
            try {
                body.run();
            } catch (RuntimeException | Error e) {
                threadFailure = threadFailure == null ? e : threadFailure;
            }
            ended.complete(0);
            wake(ended);
            gone.release();
        }

        void waitFor(Completion completion, long deadline, boolean forever) {
            waitsFor = completion;
            waiting.add(this);
            if (!forever) {
                queue.put(timeout, deadline);
            }
            gone.release();
            go.acquireUninterruptibly();
            waitsFor = null;
        }

        private void timeUp() {
            waiting.remove(this);
            resume(this);
        }
    }
}
