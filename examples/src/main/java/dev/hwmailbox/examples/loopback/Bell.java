// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.loopback;

import dev.hwmailbox.Completion;
import dev.hwmailbox.MailboxScheduler;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReference;

/**
 * Something that happens again and again, and that any number of threads may wait for. Whoever waits asks for
 * {@link #next} first and looks whether there is need to wait second; then nothing can happen unheard in between.
 *
 * <p>Context: any thread; never blocks.
 */
final class Bell {
    private final MailboxScheduler scheduler;
    private final AtomicReference<Completion> next = new AtomicReference<>(new Completion());

    Bell(MailboxScheduler scheduler) {
        this.scheduler = scheduler;
    }

    /** What will be done when it rings next. */
    Completion next() {
        return Objects.requireNonNull(next.get());
    }

    void ring() {
        Completion now = next.getAndSet(new Completion());
        now.complete(0);
        scheduler.wake(now);
    }
}
