// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.testing;

import dev.hwmailbox.MailboxScheduler;
import java.time.Duration;
import java.util.Objects;

/** Time as the kit shows it, from the start of the test, and the places where a simulated thread may switch. */
final class KitClock {
    private final MailboxScheduler scheduler;
    private final long origin;

    KitClock(MailboxScheduler scheduler) {
        this.scheduler = Objects.requireNonNull(scheduler, "scheduler");
        origin = scheduler instanceof VirtualScheduler virtual ? virtual.startNanos() : scheduler.nanoTime();
    }

    MailboxScheduler scheduler() {
        return scheduler;
    }

    Duration elapsed() {
        return Duration.ofNanos(scheduler.nanoTime() - origin);
    }

    void switchPoint() {
        if (scheduler instanceof VirtualScheduler virtual) {
            virtual.switchPoint();
        }
    }
}
