// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.internal;

import dev.hwmailbox.ChannelEvent;
import dev.hwmailbox.MailboxChannel;
import dev.hwmailbox.MailboxClient;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Calls a client so that nothing it throws upsets a channel: exceptions are logged, an error is handed back to be
 * thrown on when the channel is in order. Each call passes on the error kept so far, or null, and returns the one to
 * keep.
 */
final class Callbacks {
    private static final Logger LOG = LoggerFactory.getLogger(Callbacks.class);

    private Callbacks() {}

    static @Nullable Error txPrepare(
            MailboxClient client, MailboxChannel channel, @Nullable Object message, @Nullable Error kept) {
        try {
            client.txPrepare(channel, message);
            return kept;
        } catch (Throwable e) {
            return Failures.note(LOG, channel, "txPrepare callback", e, kept);
        }
    }

    static @Nullable Error txDone(
            MailboxClient client, MailboxChannel channel, @Nullable Object message, int status, @Nullable Error kept) {
        try {
            client.txDone(channel, message, status);
            return kept;
        } catch (Throwable e) {
            return Failures.note(LOG, channel, "txDone callback", e, kept);
        }
    }

    static @Nullable Error refused(
            MailboxClient client, MailboxChannel channel, @Nullable Object message, int errno, @Nullable Error kept) {
        try {
            client.refused(channel, message, errno);
            return kept;
        } catch (Throwable e) {
            return Failures.note(LOG, channel, "refused callback", e, kept);
        }
    }

    static @Nullable Error writable(MailboxClient client, MailboxChannel channel, @Nullable Error kept) {
        try {
            client.writable(channel);
            return kept;
        } catch (Throwable e) {
            return Failures.note(LOG, channel, "writable callback", e, kept);
        }
    }

    static @Nullable Error event(
            MailboxClient client, MailboxChannel channel, ChannelEvent event, @Nullable Error kept) {
        try {
            client.event(channel, event);
            return kept;
        } catch (Throwable e) {
            return Failures.note(LOG, channel, "event callback", e, kept);
        }
    }

    static void rxCallback(MailboxClient client, MailboxChannel channel, @Nullable Object message) {
        try {
            client.rxCallback(channel, message);
        } catch (Throwable e) {
            Failures.rethrow(Failures.note(LOG, channel, "rxCallback", e, null));
        }
    }
}
