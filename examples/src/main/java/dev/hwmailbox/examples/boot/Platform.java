// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.boot;

import dev.hwmailbox.Completion;
import dev.hwmailbox.MailboxScheduler;
import java.time.Duration;
import java.util.concurrent.Executor;

/** What an embedder owns and the library only uses: time, threads and the delivery of interrupts. */
interface Platform extends AutoCloseable {
    /** The scheduler of a VM. */
    MailboxScheduler scheduler(int vmid);

    /** Where the interrupt handlers of a VM run. */
    Executor interruptDelivery(int vmid);

    @Override
    void close();

    /** Waits, as the owner, until a VM has done everything that was scheduled before. */
    default void settle(int vmid, Duration timeout) {
        MailboxScheduler owner = scheduler(Boot.OWNER);
        Completion reached = new Completion();
        scheduler(vmid).execute(() -> {
            reached.complete(0);
            owner.wake(reached);
        });
        if (!owner.await(reached, timeout.toNanos())) {
            throw new BootFailure("VM " + vmid + " is stuck");
        }
    }
}
