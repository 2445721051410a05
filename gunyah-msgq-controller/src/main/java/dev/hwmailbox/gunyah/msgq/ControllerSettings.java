// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.msgq;

import dev.hwmailbox.MailboxScheduler;
import dev.hwmailbox.gunyah.GunyahHypercalls;
import dev.hwmailbox.gunyah.InterruptController;
import org.jspecify.annotations.Nullable;

/** What the bindings of one controller have in common. */
record ControllerSettings(
        GunyahHypercalls hypercalls,
        InterruptController interrupts,
        MailboxScheduler scheduler,
        long retryDelayNanos,
        long fullBudgetNanos,
        int drainLimit,
        Suspension suspension,
        @Nullable TaskletObserver observer) {
    /** In place of a budget: as long as it takes. */
    static final long UNLIMITED = Long.MAX_VALUE;
}
