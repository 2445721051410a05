// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm;

import dev.hwmailbox.MailboxScheduler;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Runs tasks on a scheduler in the order they come, each after the one before has ended, even if that waits. */
final class SerialTasks {
    private static final Logger LOG = LoggerFactory.getLogger(SerialTasks.class);

    private final MailboxScheduler scheduler;
    private final Queue<Runnable> tasks = new ConcurrentLinkedQueue<>();
    private final AtomicInteger count = new AtomicInteger();

    SerialTasks(MailboxScheduler scheduler) {
        this.scheduler = scheduler;
    }

    void add(Runnable task) {
        tasks.add(task);
        if (count.getAndIncrement() == 0) {
            scheduler.execute(this::runNext);
        }
    }

    /** Throws somebody else's Error on, when what it came out of is in order. */
    void addThrowing(Error error) {
        add(() -> {
            throw error;
        });
    }

    private void runNext() {
        try {
            tasks.remove().run();
        } catch (RuntimeException e) {
            LOG.error("task failed", e);
        } finally {
            if (count.decrementAndGet() != 0) {
                scheduler.execute(this::runNext);
            }
        }
    }
}
