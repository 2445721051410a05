// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.hypervisor;

import dev.hwmailbox.MailboxScheduler;
import dev.hwmailbox.gunyah.InterruptSink;
import java.util.concurrent.Executor;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/** What a {@link SoftwareHypervisor} was built with. */
record HypervisorOptions(
        long seed,
        boolean strict,
        IntFunction<MailboxScheduler> schedulers,
        @Nullable IntFunction<Executor> interruptDelivery,
        GuestProgram.@Nullable Factory guestPrograms,
        @Nullable QueueProbe probe,
        @Nullable InterruptSink interruptSink,
        @Nullable HypervisorObserver observer,
        @Nullable VmListener lifeCycle,
        int lastVirq,
        int capabilityLimit,
        long partitionBytes) {}
