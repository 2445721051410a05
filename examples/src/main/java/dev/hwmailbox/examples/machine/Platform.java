// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.machine;

import dev.hwmailbox.Completion;
import dev.hwmailbox.MailboxScheduler;
import dev.hwmailbox.gunyah.rm.server.ResourceManagerServer;
import java.time.Duration;
import java.util.concurrent.Executor;

/**
 * What an embedder owns and the library only uses: time, threads and the delivery of interrupts.
 *
 * @since 0.1
 */
public interface Platform extends AutoCloseable {
    /** Longest wait for anything, in the time of the platform. */
    Duration PATIENCE = Duration.ofSeconds(30);

    /**
     * The scheduler of a VM.
     *
     * @param vmid the VM
     * @return the same one each time
     */
    MailboxScheduler scheduler(int vmid);

    /**
     * Where the interrupt handlers of a VM run.
     *
     * @param vmid the VM
     * @return runs a handler
     */
    Executor interruptDelivery(int vmid);

    /** Ends all threads. */
    @Override
    void close();

    /**
     * Waits, as the owner VM, until a VM has done everything that was scheduled before.
     *
     * @param vmid the VM
     * @return false if that took longer than {@link #PATIENCE}
     */
    default boolean settle(int vmid) {
        MailboxScheduler owner = scheduler(ResourceManagerServer.HOST_VMID);
        Completion reached = new Completion();
        scheduler(vmid).execute(() -> {
            reached.complete(0);
            owner.wake(reached);
        });
        return owner.await(reached, PATIENCE.toNanos());
    }
}
