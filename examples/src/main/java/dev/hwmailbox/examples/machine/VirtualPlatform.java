// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.machine;

import dev.hwmailbox.MailboxScheduler;
import dev.hwmailbox.testing.VirtualScheduler;
import java.time.Duration;
import java.util.concurrent.Executor;

/**
 * All VMs on one thread in virtual time: every run is the same. An interrupt takes a microsecond to arrive. Whoever
 * waits drives the time.
 *
 * @since 0.1
 */
public final class VirtualPlatform implements Platform {
    private static final Duration INTERRUPT_LATENCY = Duration.ofNanos(1_000);

    private final VirtualScheduler scheduler = new VirtualScheduler();

    /** Makes a platform at time 0. */
    public VirtualPlatform() {}

    /**
     * The time.
     *
     * @return the scheduler of all VMs
     */
    public VirtualScheduler time() {
        return scheduler;
    }

    @Override
    public MailboxScheduler scheduler(int vmid) {
        return scheduler;
    }

    @Override
    public Executor interruptDelivery(int vmid) {
        return handler -> scheduler.timer("interrupt of VM " + vmid, handler).arm(INTERRUPT_LATENCY.toNanos());
    }

    @Override
    public void close() {
        scheduler.close();
    }
}
