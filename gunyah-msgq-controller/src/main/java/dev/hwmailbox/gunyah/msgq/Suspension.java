// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.msgq;

import dev.hwmailbox.MailboxChannel;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Whether a controller is suspended, how, and which channel has woken it. */
final class Suspension {
    private static final Logger LOG = LoggerFactory.getLogger(Suspension.class);

    /** From one suspend to its resume. */
    private record Sleep(
            SuspendPolicy policy, Consumer<MailboxChannel> alarm, AtomicReference<@Nullable MailboxChannel> wokenBy) {}

    private final AtomicReference<@Nullable Sleep> sleep = new AtomicReference<>();

    /** False if it is suspended already. */
    boolean begin(SuspendPolicy policy, Consumer<MailboxChannel> alarm) {
        return sleep.compareAndSet(null, new Sleep(policy, alarm, new AtomicReference<>()));
    }

    /** Ends it; returns the channel that has woken it, if one has. */
    @Nullable
    MailboxChannel end() {
        Sleep ended = sleep.getAndSet(null);
        return ended == null ? null : ended.wokenBy.get();
    }

    boolean isActive() {
        return sleep.get() != null;
    }

    boolean parks() {
        Sleep now = sleep.get();
        return now != null && now.policy == SuspendPolicy.PARK;
    }

    /** Something to read has come while it was suspended; the first such channel that may wake wakes. */
    void interrupted(MsgqBinding binding) {
        Sleep now = sleep.get();
        MailboxChannel face = binding.face();
        if (now == null || face == null || !binding.endpoint.wakesUp() || !now.wokenBy.compareAndSet(null, face)) {
            return;
        }
        try {
            now.alarm.accept(face);
        } catch (RuntimeException e) {
            LOG.error("alarm failed ({})", face, e);
        }
    }
}
