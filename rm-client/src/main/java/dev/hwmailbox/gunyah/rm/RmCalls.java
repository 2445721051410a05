// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm;

import dev.hwmailbox.MailboxException;
import dev.hwmailbox.gunyah.rm.protocol.RmMessage;
import java.util.function.Consumer;

/** Calls whose outcome comes later, once, on any thread. */
@FunctionalInterface
interface RmCalls {
    void call(int messageId, byte[] payload, Consumer<RmMessage> replied, Consumer<MailboxException> failed);
}
