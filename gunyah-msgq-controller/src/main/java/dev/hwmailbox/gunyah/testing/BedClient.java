// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.testing;

import dev.hwmailbox.ChannelEvent;
import dev.hwmailbox.ClientOptions;
import dev.hwmailbox.MailboxChannel;
import dev.hwmailbox.MailboxClient;
import dev.hwmailbox.devicetree.Node;
import org.jspecify.annotations.Nullable;

/** A client that passes everything on, and knows meanwhile whether the controller has a message of its channel. */
final class BedClient implements MailboxClient {
    private final MailboxClient real;
    private volatile boolean inFlight;

    BedClient(MailboxClient real) {
        this.real = real;
    }

    boolean isInFlight() {
        return inFlight;
    }

    @Override
    public ClientOptions options() {
        return real.options();
    }

    @Override
    public @Nullable Node node() {
        return real.node();
    }

    @Override
    public void rxCallback(MailboxChannel channel, @Nullable Object message) {
        real.rxCallback(channel, message);
    }

    @Override
    public void txPrepare(MailboxChannel channel, @Nullable Object message) {
        inFlight = true;
        real.txPrepare(channel, message);
    }

    @Override
    public void txDone(MailboxChannel channel, @Nullable Object message, int status) {
        inFlight = false;
        real.txDone(channel, message, status);
    }

    @Override
    public void writable(MailboxChannel channel) {
        real.writable(channel);
    }

    @Override
    public void refused(MailboxChannel channel, @Nullable Object message, int errno) {
        inFlight = false;
        real.refused(channel, message, errno);
    }

    @Override
    public void event(MailboxChannel channel, ChannelEvent event) {
        real.event(channel, event);
    }
}
