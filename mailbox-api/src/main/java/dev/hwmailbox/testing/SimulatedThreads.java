// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.testing;

import dev.hwmailbox.Completion;
import dev.hwmailbox.internal.TaskQueue;
import java.lang.reflect.UndeclaredThrowableException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.BiFunction;
import java.util.function.LongSupplier;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The threads of a {@link VirtualScheduler}: real ones, of which one runs at a time. The others wait for their turn, so
 * what is here needs no lock.
 */
final class SimulatedThreads {
    private static final Logger LOG = LoggerFactory.getLogger(SimulatedThreads.class);

    /** How often a thread may wait after it has been ended. */
    private static final int WAITS_AFTER_END = 100_000;

    private final TaskQueue queue;
    private final LongSupplier now;
    private final boolean turnsAreQueued;
    private final BiFunction<Runnable, String, RealThread> factory;

    private final List<Simulated> waiting = new ArrayList<>(); // the longest first
    private final Deque<Simulated> woken = new ArrayDeque<>();
    private @Nullable Simulated running;
    private @Nullable Throwable failure;
    private int spawned;

    // How long a thread may be away, in real time, before it is looked after.
    private long patienceMillis = 10_000;

    /**
     * For one scheduler.
     *
     * @param queue its queue, for timeouts and, if so, for turns
     * @param now its clock
     * @param turnsAreQueued whether a thread that can go on is put into the queue, to be chosen there, or goes on by
     *     itself after the current task
     * @param factory makes a thread with a name
     */
    SimulatedThreads(
            TaskQueue queue,
            LongSupplier now,
            boolean turnsAreQueued,
            BiFunction<Runnable, String, RealThread> factory) {
        this.queue = queue;
        this.now = now;
        this.turnsAreQueued = turnsAreQueued;
        this.factory = factory;
    }

    void patience(long millis) {
        patienceMillis = millis;
    }

    String nextName() {
        return "thread " + (spawned + 1);
    }

    /** Makes a thread that has not begun; its turn is not queued. */
    Simulated create(String name, Runnable body) {
        spawned++;
        return new Simulated(name, body);
    }

    /** Whether the caller is one of these threads. */
    boolean isCurrent() {
        return running != null && running.isCurrent();
    }

    /** Whether a queued entry is the turn of a thread. */
    static boolean isTurn(TaskQueue.Entry entry) {
        return entry.task() instanceof Simulated;
    }

    List<String> waiting() {
        return waiting.stream().map(Simulated::toString).toList();
    }

    /** Called by one of these threads. */
    void await(Completion completion, long deadline, boolean forever) {
        current().waitFor(completion, deadline, forever);
    }

    /** A thread that goes on waiting after it has been ended, whatever its waits return, must not hang the test. */
    void requireEnd() {
        if (isCurrent()) {
            current().requireEnd();
        }
    }

    /** Called by one of these threads. Lets others go first. */
    void pause() {
        current().pause();
    }

    @SuppressWarnings("NullAway") // called by one of these threads
    private Simulated current() {
        return running;
    }

    void wake(Completion completion) {
        readyIf(thread -> thread.waitsFor == completion);
    }

    /** An interrupt ends a wait; nobody tells of it. */
    private void wakeInterrupted() {
        readyIf(Simulated::isInterrupted);
    }

    private void readyIf(Predicate<Simulated> condition) {
        for (var threads = waiting.iterator(); threads.hasNext(); ) {
            Simulated thread = threads.next();
            if (condition.test(thread)) {
                threads.remove();
                queue.remove(thread.timeout);
                ready(thread);
            }
        }
    }

    void ready(Simulated thread) {
        if (turnsAreQueued) {
            queue.put(thread.turn, now.getAsLong());
        } else {
            woken.add(thread);
        }
    }

    void resumeWoken() {
        wakeInterrupted();
        for (Simulated thread = woken.poll(); thread != null; thread = woken.poll()) {
            resume(thread);
            throwFailure();
            wakeInterrupted();
        }
    }

    /** Lets a thread run until it waits, switches or ends. */
    void resume(Simulated thread) {
        Simulated resumer = running;
        running = thread;
        away(resumer, true);
        try {
            thread.takeTurn();
        } finally {
            away(resumer, false);
            running = resumer;
        }
    }

    /** A thread that waits for another one's turn is not blocked outside the scheduler. */
    private static void away(@Nullable Simulated resumer, boolean away) {
        if (resumer != null) {
            resumer.busy = !away;
        }
    }

    /** Throws what has ended a thread, to whoever drives. */
    void throwFailure() {
        Throwable thrown = failure;
        if (thrown != null && running == null) {
            failure = null;
            if (thrown instanceof Error error) {
                throw error;
            }
            if (thrown instanceof RuntimeException exception) {
                throw exception;
            }
            throw new UndeclaredThrowableException(thrown, "a simulated thread threw " + thrown);
        }
    }

    /** Ends all threads, as if interrupted. */
    void end() {
        for (gather(); !woken.isEmpty(); gather()) {
            for (Simulated thread = woken.poll(); thread != null; thread = woken.poll()) {
                thread.interrupt();
                resume(thread);
            }
        }
        if (failure != null) {
            LOG.debug("simulated thread ended by closing", failure);
            failure = null;
        }
    }

    private void gather() {
        waiting.forEach(thread -> queue.remove(thread.timeout));
        woken.addAll(waiting);
        waiting.clear();
        for (TaskQueue.Entry entry : queue.inOrder()) {
            if (entry.task() instanceof Simulated thread) {
                queue.remove(entry);
                woken.add(thread);
            }
        }
    }

    /** Knows at once that it is interrupted: the flag of one that waits for its turn comes and goes. */
    static final class RealThread extends Thread {
        private volatile boolean interruptedNow;

        RealThread(Runnable body, String name) {
            super(body, name);
        }

        @Override
        public void interrupt() {
            interruptedNow = true;
            super.interrupt();
        }
    }

    /** A thread that runs only between {@link #go} and {@link #gone}. As a task: its turn to go on. */
    final class Simulated implements Runnable {
        private final Semaphore go = new Semaphore(0);
        private final Semaphore gone = new Semaphore(0);
        private final Completion ended = new Completion();
        private final TaskQueue.Entry turn;
        private final TaskQueue.Entry timeout;
        private final RealThread thread;
        private @Nullable Completion waitsFor;
        private boolean isEnded;
        private int waitsAfterEnd;
        private volatile boolean busy; // with what is not the scheduler's

        private Simulated(String name, Runnable body) {
            turn = new TaskQueue.Entry(name, this, false);
            timeout = new TaskQueue.Entry("timeout of " + name, this::timeUp, true);
            thread = factory.apply(() -> live(body), name);
            thread.setDaemon(true);
            thread.start();
        }

        TaskQueue.Entry turn() {
            return turn;
        }

        Completion ended() {
            return ended;
        }

        private void interrupt() {
            isEnded = true;
            thread.interrupt();
        }

        private boolean isInterrupted() {
            return thread.interruptedNow;
        }

        private void requireEnd() {
            if (isEnded && ++waitsAfterEnd > WAITS_AFTER_END) {
                throw new AssertionError("simulated thread '" + this + "' goes on waiting although it has been ended");
            }
        }

        private boolean isCurrent() {
            return Thread.currentThread() == thread;
        }

        @Override
        public void run() {
            resume(this);
        }

        private void live(Runnable body) {
            go.acquireUninterruptibly();
            busy = true;
            try {
                if (!thread.isInterrupted()) { // or it has been ended before it began
                    body.run();
                }
            } catch (Throwable e) { // checked ones too, other languages throw them anywhere
                failure = failure == null ? e : failure;
            }
            ended.complete(0);
            wake(ended);
            busy = false;
            gone.release();
        }

        private void waitFor(Completion completion, long deadline, boolean forever) {
            waitsFor = completion;
            thread.interruptedNow = false;
            waiting.add(this);
            if (!forever) {
                queue.put(timeout, deadline);
            }
            leave();
            waitsFor = null;
        }

        private void pause() {
            ready(this);
            leave();
        }

        private void leave() {
            busy = false;
            gone.release();
            go.acquireUninterruptibly();
            busy = true;
        }

        private void timeUp() {
            waiting.remove(this);
            resume(this);
        }

        private void takeTurn() {
            go.release();
            boolean interrupted = false;
            boolean back = false;
            while (!back) {
                try {
                    back = gone.tryAcquire(patienceMillis, TimeUnit.MILLISECONDS);
                    if (!back && busy && thread.getState() != Thread.State.RUNNABLE) {
                        // Perhaps on a lock of another thread that has switched: it would never come back.
                        throw new AssertionError("simulated thread '" + this + "' is blocked outside the scheduler, at "
                                + List.of(thread.getStackTrace()));
                    }
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }

        @Override
        public String toString() {
            return turn.name();
        }
    }
}
