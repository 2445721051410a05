// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.hypervisor;

import dev.hwmailbox.Completion;
import dev.hwmailbox.MailboxScheduler;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Queue;
import org.jspecify.annotations.Nullable;

/** The time and the deferred work of one recorded machine: nothing happens before the replay wants it to. */
final class StackScheduler implements MailboxScheduler {
    /** How a thread waits. */
    interface Wait {
        /** True once the completion is done, false if that will not be before the deadline. */
        boolean await(Completion completion, long deadline);
    }

    private final Wait wait;
    private final Queue<Runnable> tasks = new ArrayDeque<>();
    private final List<HeldTimer> armed = new ArrayList<>();
    private long now;

    /**
     * Makes a scheduler.
     *
     * @param wait how a thread waits
     */
    StackScheduler(Wait wait) {
        this.wait = wait;
    }

    /** Runs the tasks that are there now. */
    boolean runTasks() {
        int count = tasks.size();
        for (int i = 0; i < count; i++) {
            tasks.remove().run();
        }
        return count > 0;
    }

    /** Moves the clock to the next timer and has it expire; false, and the limit reached, if none is due before. */
    boolean expireNext(long limit) {
        HeldTimer next =
                armed.stream().min(Comparator.comparingLong(timer -> timer.due)).orElse(null);
        if (next == null || next.due > limit) {
            now = limit == Long.MAX_VALUE ? now : limit;
            return false;
        }
        armed.remove(next);
        now = Math.max(now, next.due);
        next.task.run();
        return true;
    }

    @Override
    public long nanoTime() {
        return now;
    }

    @Override
    public void execute(Runnable task) {
        tasks.add(task);
    }

    @Override
    public Timer timer(String name, Runnable task) {
        return new HeldTimer(task);
    }

    @Override
    public boolean await(Completion completion, long timeoutNanos) {
        return wait.await(completion, now + timeoutNanos);
    }

    @Override
    public void wake(@Nullable Completion completion) {}

    private final class HeldTimer implements Timer {
        private final Runnable task;
        private long due;

        HeldTimer(Runnable task) {
            this.task = task;
        }

        @Override
        public void arm(long delayNanos) {
            cancel();
            due = now + delayNanos;
            armed.add(this);
        }

        @Override
        public void cancel() {
            armed.remove(this);
        }
    }
}
