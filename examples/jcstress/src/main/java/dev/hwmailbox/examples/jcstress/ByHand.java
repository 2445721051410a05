// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.jcstress;

import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;

/** A scheduler whose tasks and timers run when an actor says so, and on its thread. */
final class ByHand extends Impatience {
    private final Queue<Runnable> tasks = new ConcurrentLinkedQueue<>();
    private final List<ManualTimer> timers = new CopyOnWriteArrayList<>();

    private static final class ManualTimer implements Timer {
        private final Runnable task;
        private final AtomicBoolean armed = new AtomicBoolean();

        ManualTimer(Runnable task) {
            this.task = task;
        }

        @Override
        public void arm(long delayNanos) {
            armed.set(true);
        }

        @Override
        public void cancel() {
            armed.set(false);
        }

        void expire() {
            if (armed.getAndSet(false)) {
                task.run();
            }
        }
    }

    @Override
    public void execute(Runnable task) {
        tasks.add(task);
    }

    @Override
    public Timer timer(String name, Runnable task) {
        var timer = new ManualTimer(task);
        timers.add(timer);
        return timer;
    }

    /** Runs what is due, and what that defers. */
    void runTasks() {
        for (Runnable task = tasks.poll(); task != null; task = tasks.poll()) {
            task.run();
        }
    }

    /** Time is up for every timer that is armed. */
    void expireTimers() {
        timers.forEach(ManualTimer::expire);
    }
}
