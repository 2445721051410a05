// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.testing;

import dev.hwmailbox.Completion;
import dev.hwmailbox.MailboxScheduler;
import dev.hwmailbox.internal.Nanos;
import dev.hwmailbox.internal.TaskQueue;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A scheduler in virtual time: a test, or a deterministic simulation, moves the clock, and every run is the same.
 *
 * <p>Tasks run only inside {@link #advance}, {@link #runDue}, {@link #runUntilIdle} and {@link #await}, in order of due
 * time, those due at the same time in order of their coming. Nothing takes time but waiting: {@link #await} moves the
 * clock from one due task to the next until its completion is done, so a send that blocks for an hour takes none. It
 * may be called from inside a task; others then run nested in it.
 *
 * <p>{@link #spawn(Runnable)} makes simulated threads, for code that blocks in several places at once. One runs at a
 * time, and they switch only where they wait. One whose completion is done goes on after the task that woke it, in
 * order of waking; one whose time is up goes on after all tasks due at that time.
 *
 * <pre>{@code
 * VirtualScheduler scheduler = new VirtualScheduler();
 * scheduler.spawn(() -> results.add(channel.sendMessage("waits")));
 * scheduler.advance(Duration.ofMillis(10));
 * }</pre>
 *
 * <p>A task's exception is logged, kept in {@link #failures}, and ends only that run; an {@link Error}, such as a
 * failed assertion, is thrown to whoever moves the clock, and so is whatever ends a simulated thread.
 *
 * <p><b>With a seed</b> ({@link #exploring(long)}) the order is chosen by chance, the same for the same seed, wherever
 * real threads could run either way: among tasks due together; between them and simulated threads that can go on;
 * between an event and the end of a wait for it, so an event due exactly at the deadline may come too late; and between
 * all these and the caller of {@link #await} once its wait is over. A simulated thread then starts at once or later,
 * and also switches where it spawns, where it wakes somebody, and at each {@link #switchPoint}. What else is promised
 * stays: tasks that one thread has handed to {@link #execute} run in that order, and time passes only when nothing is
 * left to do. {@link Exploration} runs a test under many seeds.
 *
 * <p>Context: the thread of the test, tasks, and simulated threads; not safe for other threads. Only simulated threads
 * block.
 *
 * @since 0.1
 */
public final class VirtualScheduler implements MailboxScheduler, AutoCloseable {
    /** Where the clock starts unless told otherwise: five seconds before the nanoseconds overflow. */
    public static final long DEFAULT_START_NANOS = Long.MAX_VALUE - 5_000_000_000L;

    /** How many tasks one call may run, so that tasks without end cannot hang a test: ten million. */
    public static final int TASK_LIMIT = 10_000_000;

    private static final Logger LOG = LoggerFactory.getLogger(VirtualScheduler.class);

    /** How many exceptions of tasks are kept. */
    private static final int FAILURES_KEPT = 20;

    private final long startNanos;
    private final @Nullable Choices choices;
    private long now;
    private final TaskQueue queue = new TaskQueue();
    private final List<Throwable> failures = new ArrayList<>();

    private final SimulatedThreads threads;
    private final TaskQueue.Entry driver = new TaskQueue.Entry("the test", () -> {}, false);
    private int stepLimit = TASK_LIMIT;

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
        this(startNanos, null);
    }

    private VirtualScheduler(long startNanos, @Nullable Choices choices) {
        this.startNanos = startNanos;
        this.choices = choices;
        now = startNanos;
        threads = new SimulatedThreads(queue, this::nanoTime, choices != null, SimulatedThreads.RealThread::new);
    }

    /** For the tests of this class, which have less time than others. */
    void shorten(int steps, long patienceMillis) {
        stepLimit = steps;
        threads.patience(patienceMillis);
    }

    /**
     * Makes a scheduler that chooses by chance among what can happen next, and whose clock starts at
     * {@link #DEFAULT_START_NANOS}.
     *
     * @param seed the same seed gives the same choices
     * @return a scheduler with a seed
     */
    public static VirtualScheduler exploring(long seed) {
        return exploring(seed, DEFAULT_START_NANOS);
    }

    /**
     * Makes a scheduler that chooses by chance among what can happen next.
     *
     * @param seed the same seed gives the same choices
     * @param startNanos what {@link #nanoTime} says at first
     * @return a scheduler with a seed
     */
    public static VirtualScheduler exploring(long seed, long startNanos) {
        return new VirtualScheduler(startNanos, new Choices(seed));
    }

    /**
     * The seed of {@link #exploring(long)}.
     *
     * @return the seed; empty if the order is the default one
     */
    public OptionalLong seed() {
        return choices == null ? OptionalLong.empty() : OptionalLong.of(choices.seed());
    }

    long startNanos() {
        return startNanos;
    }

    /** Equal for two runs in the same order; 0 if nothing had to be decided. */
    long fingerprint() {
        return choices == null ? 0 : choices.fingerprint();
    }

    /**
     * What the seed has decided, for a failed test: what went first, and before what else.
     *
     * @return the latest decisions, at most {@value Choices#REMEMBERED}; none without a seed
     */
    public List<String> decisions() {
        return choices == null ? List.of() : choices.decisions();
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
        Runnable queued = choices == null ? task : new Executed(Thread.currentThread(), task);
        queue.put(new TaskQueue.Entry("task", queued, false), now);
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
     * Lets simulated threads go on that something outside any task has woken, without running tasks. Whatever moves the
     * clock does this first.
     *
     * @throws IllegalStateException if a simulated thread calls
     */
    public void runWoken() {
        requireDriver();
        if (choices == null) {
            threads.resumeWoken();
        } else {
            run(this::takeThread);
        }
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
     * What tasks have thrown so far. The scheduler has logged it and gone on.
     *
     * @return the first {@value #FAILURES_KEPT} exceptions
     */
    public List<Throwable> failures() {
        return List.copyOf(failures);
    }

    /**
     * Which simulated threads wait for a completion, for example in a blocking send.
     *
     * @return their names, the longest waiting first
     */
    public List<String> waitingThreads() {
        return threads.waiting();
    }

    /**
     * Starts a simulated thread, which runs at once until it waits or ends; with a seed, at once or later, and until it
     * switches. What ends it at once is thrown here, unless a simulated thread calls.
     *
     * @param body what it does
     * @return done when the thread has ended
     */
    public Completion spawn(Runnable body) {
        return spawn(threads.nextName(), body);
    }

    /**
     * Starts a simulated thread, as {@link #spawn(Runnable)} does.
     *
     * @param name its name, for diagnostics
     * @param body what it does
     * @return done when the thread has ended
     */
    public Completion spawn(String name, Runnable body) {
        Objects.requireNonNull(name, "name");
        SimulatedThreads.Simulated thread = threads.create(name, Objects.requireNonNull(body, "body"));
        if (choices == null) {
            threads.resume(thread);
        } else {
            threads.ready(thread);
            if (!threads.isCurrent() && take(List.of(thread.turn(), driver), choices) == thread.turn()) {
                threads.resume(thread);
            }
            switchPoint();
        }
        threads.throwFailure();
        return thread.ended();
    }

    /**
     * A place where something else may happen first. On a simulated thread of a scheduler with a seed, other such
     * threads and due tasks may go on before this returns; anywhere else this does nothing. The fakes of this package
     * call it in every operation and callback. The caller must hold no lock that others need, and must not count on
     * anything to happen: to wait there is {@link #await}.
     */
    public void switchPoint() {
        if (choices != null && threads.isCurrent()) {
            threads.requireEnd();
            threads.pause();
        }
    }

    /**
     * Waits in virtual time. On a simulated thread the others go on meanwhile; elsewhere this moves the clock, up to
     * the deadline, until the completion is done. Only with a seed may an event due exactly at the deadline come too
     * late.
     *
     * @throws IllegalStateException if the wait has no end: nothing is pending and the timeout is beyond all bounds
     */
    @Override
    public boolean await(Completion completion, long timeoutNanos) {
        threads.requireEnd();
        if (completion.isDone() || timeoutNanos <= 0 || Thread.currentThread().isInterrupted()) {
            return completion.isDone();
        }
        long deadline = now + Nanos.clamp(timeoutNanos);
        boolean forever = timeoutNanos >= Nanos.FOREVER;
        if (threads.isCurrent()) {
            threads.await(completion, deadline, forever);
            return completion.isDone();
        }
        Thread main = Thread.currentThread();
        drive(() -> completion.isDone() || main.isInterrupted(), deadline, forever);
        if (!completion.isDone() && !main.isInterrupted()) {
            if (forever) {
                throw new IllegalStateException("nothing is pending that could end this wait: " + this);
            }
            moveTo(deadline);
        }
        return completion.isDone();
    }

    /** With a seed, the end of the wait competes with what is due at the same time. */
    private void drive(BooleanSupplier end, long deadline, boolean forever) {
        if (choices == null || forever) {
            runUntil(deadline, end);
            return;
        }
        var timeUp = new AtomicBoolean();
        var timeout = new TaskQueue.Entry("timeout of the test", () -> timeUp.set(true), true);
        queue.put(timeout, deadline);
        try {
            runUntil(deadline, () -> timeUp.get() || end.getAsBoolean());
        } finally {
            queue.remove(timeout);
        }
    }

    @Override
    public void wake(Completion completion) {
        threads.wake(completion);
        switchPoint();
    }

    /**
     * Ends all simulated threads that still wait: their waits return as if interrupted. One that a seed has not let
     * begin does not begin; one that goes on waiting without end has an error thrown at it. Without such threads there
     * is nothing to close.
     *
     * @throws IllegalStateException if a simulated thread calls
     */
    @Override
    public void close() {
        requireDriver();
        threads.end();
    }

    private int runUntil(long limit, BooleanSupplier end) {
        requireDriver();
        threads.resumeWoken();
        return run(() -> takeNext(limit, end));
    }

    private int run(Supplier<TaskQueue.@Nullable Entry> source) {
        int ran = 0;
        int steps = 0;
        for (TaskQueue.Entry entry = source.get(); entry != null; entry = source.get()) {
            if (steps++ == stepLimit) {
                queue.put(entry, entry.due()); // a simulated thread whose turn were lost would stay behind
                throw new IllegalStateException("still busy after " + stepLimit + " tasks: " + entry.name());
            }
            moveTo(entry.due());
            try {
                entry.task().run();
            } catch (Exception e) { // checked ones too, other languages throw them anywhere
                LOG.error("{} threw", entry.name(), e);
                if (failures.size() < FAILURES_KEPT) {
                    failures.add(e);
                }
            }
            threads.throwFailure();
            threads.resumeWoken();
            ran += SimulatedThreads.isTurn(entry) ? 0 : 1;
        }
        return ran;
    }

    /** What happens next; null if nothing is left to do before the limit, or if the caller goes on. */
    private TaskQueue.@Nullable Entry takeNext(long limit, BooleanSupplier end) {
        boolean over = end.getAsBoolean();
        if (choices == null) {
            return over ? null : queue.takeDue(limit);
        }
        List<TaskQueue.Entry> candidates = queue.dueTogether(now, over ? now : limit);
        Set<Thread> submitters = new HashSet<>();
        candidates.removeIf(entry -> entry.task() instanceof Executed executed && !submitters.add(executed.submitter));
        if (over) {
            candidates.add(driver);
        }
        TaskQueue.Entry chosen = take(candidates, choices);
        return chosen == driver ? null : chosen;
    }

    /** A thread that can go on, whatever else is due. */
    private TaskQueue.@Nullable Entry takeThread() {
        List<TaskQueue.Entry> candidates = queue.dueTogether(now, now);
        candidates.removeIf(entry -> !SimulatedThreads.isTurn(entry));
        return take(candidates, Objects.requireNonNull(choices));
    }

    private TaskQueue.@Nullable Entry take(List<TaskQueue.Entry> candidates, Choices chance) {
        if (candidates.isEmpty()) {
            return null;
        }
        long due = candidates.get(0).due();
        long time = due - now > 0 ? due : now;
        TaskQueue.Entry chosen = chance.oneOf(candidates, Duration.ofNanos(time - startNanos));
        queue.remove(chosen);
        return chosen;
    }

    private void moveTo(long time) {
        // A wait nested in a task may have moved the clock further.
        now = time - now > 0 ? time : now;
    }

    private void requireDriver() {
        if (threads.isCurrent()) {
            throw new IllegalStateException("a simulated thread cannot move the clock; it can only wait");
        }
    }

    /**
     * Describes the state, for a failed test.
     *
     * @return the seed if there is one, elapsed time and what is pending
     */
    @Override
    public String toString() {
        String seed = choices == null ? "" : "seed=" + choices.seed() + ", ";
        return "VirtualScheduler[" + seed + "elapsed=" + elapsed() + ", pending=" + pending() + ", waiting threads="
                + threads.waiting().size() + "]";
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

    /** A task with the thread that handed it over: tasks of one thread keep their order. */
    private record Executed(Thread submitter, Runnable task) implements Runnable {
        @Override
        public void run() {
            task.run();
        }
    }
}
