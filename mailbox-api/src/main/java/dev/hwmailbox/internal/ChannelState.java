// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.internal;

import dev.hwmailbox.MailboxClient;
import dev.hwmailbox.controller.TxDoneMethod;
import org.jspecify.annotations.Nullable;

/**
 * What a channel is doing at one moment, for diagnosis.
 *
 * @param owner its client, or null
 * @param inFlight whether a message is in flight
 * @param message the message in flight; null without one, and for the null message
 * @param queued how many messages wait, one that is being handed over included
 * @param method whose reports count
 */
public record ChannelState(
        @Nullable MailboxClient owner,
        boolean inFlight,
        @Nullable Object message,
        int queued,
        TxDoneMethod method) {}
