// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.internal;

import dev.hwmailbox.MailboxException;
import dev.hwmailbox.MailboxScheduler;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** A future that waits for a send. */
final class FutureSender extends Sender {
    final CompletableFuture<Integer> future = new CompletableFuture<>();
    private final Object channel;

    FutureSender(@Nullable Object message, Object channel) {
        super(message);
        this.channel = channel;
    }

    @Override
    void finish(MailboxScheduler scheduler) {
        answer(result());
    }

    /** Completes the future as a send would have returned. */
    void answer(int result) {
        if (result < 0) {
            future.completeExceptionally(new MailboxException(-result, "message not sent (" + channel + ")"));
        } else {
            future.complete(result);
        }
    }
}
