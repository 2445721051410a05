// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.hypervisor;

import dev.hwmailbox.Completion;
import dev.hwmailbox.MailboxScheduler;
import java.util.ArrayDeque;
import java.util.Queue;

/** A scheduler for one thread: tasks wait until the test runs them. No time, no waiting. */
final class TaskQueue implements MailboxScheduler {
    private final Queue<Runnable> tasks = new ArrayDeque<>();

    @Override
    public void execute(Runnable task) {
        tasks.add(task);
    }

    int size() {
        return tasks.size();
    }

    void clear() {
        tasks.clear();
    }

    /** Runs the oldest task. */
    void runOne() {
        tasks.remove().run();
    }

    /** Runs tasks, new ones included, until there are none; fails if there is no end. */
    int runAll() {
        int count = 0;
        while (!tasks.isEmpty()) {
            runOne();
            if (++count == 100_000) {
                throw new AssertionError("tasks without end");
            }
        }
        return count;
    }

    @Override
    public long nanoTime() {
        throw new UnsupportedOperationException();
    }

    @Override
    public Timer timer(String name, Runnable task) {
        throw new UnsupportedOperationException();
    }

    @Override
    public boolean await(Completion completion, long timeoutNanos) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void wake(Completion completion) {
        throw new UnsupportedOperationException();
    }
}
