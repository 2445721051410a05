// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm;

import dev.hwmailbox.MailboxException;
import dev.hwmailbox.MailboxScheduler;
import dev.hwmailbox.gunyah.rm.protocol.RmMessage;
import java.util.function.Consumer;

/** Calls that wait in tasks of their own. */
final class DeferredCalls implements RmCalls {
    private final ResourceManager resourceManager;
    private final MailboxScheduler scheduler;

    DeferredCalls(ResourceManager resourceManager, MailboxScheduler scheduler) {
        this.resourceManager = resourceManager;
        this.scheduler = scheduler;
    }

    @Override
    public void call(int messageId, byte[] payload, Consumer<RmMessage> replied, Consumer<MailboxException> failed) {
        scheduler.execute(() -> {
            RmMessage reply;
            try {
                reply = resourceManager.call(messageId, payload);
            } catch (MailboxException e) {
                failed.accept(e);
                return;
            }
            replied.accept(reply);
        });
    }
}
