// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.internal;

import dev.hwmailbox.Completion;
import dev.hwmailbox.MailboxScheduler;
import org.jspecify.annotations.Nullable;

/** A thread that waits in a send: its own completion, so that no other message can wake it. */
final class BlockedSender extends Sender {
    final Completion completion = new Completion();

    BlockedSender(@Nullable Object message) {
        super(message);
    }

    @Override
    void finish(MailboxScheduler scheduler) {
        if (completion.complete(status())) {
            scheduler.wake(completion);
        }
    }
}
