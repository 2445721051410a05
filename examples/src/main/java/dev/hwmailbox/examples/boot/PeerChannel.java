// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.boot;

import dev.hwmailbox.Completion;
import dev.hwmailbox.MailboxChannel;
import dev.hwmailbox.MailboxClient;
import dev.hwmailbox.MailboxException;
import dev.hwmailbox.MailboxScheduler;
import dev.hwmailbox.examples.machine.Platform;
import dev.hwmailbox.examples.timeline.Timeline;
import dev.hwmailbox.gunyah.rm.ChannelSubscriber;
import dev.hwmailbox.gunyah.rm.VmChannel;
import org.jspecify.annotations.Nullable;

/**
 * The owner's end of the channel to the peer, through all the peer's lives: each life has queues and an exchange of its
 * own.
 *
 * <p>All of it runs on the owner's scheduler, so nothing here is locked.
 */
final class PeerChannel implements MailboxClient, ChannelSubscriber {
    private final MailboxScheduler scheduler;
    private final Timeline timeline;
    private Exchange exchange;
    private Completion bound = new Completion();
    private Completion closed = new Completion();
    private @Nullable MailboxChannel channel;

    PeerChannel(MailboxScheduler scheduler, Timeline timeline) {
        this.scheduler = scheduler;
        this.timeline = timeline;
        exchange = newExchange();
    }

    private Exchange newExchange() {
        return new Exchange(scheduler, Boot.MESSAGES, Boot.OWNER_SEED, Boot.PEER_SEED);
    }

    /** A life of the peer begins: its queues will be others. */
    void beginLife() {
        exchange = newExchange();
        bound = new Completion();
        closed = new Completion();
    }

    /** Waits until there is a channel. */
    void awaitBound() {
        await(bound, "no channel to the peer appeared");
    }

    /** Waits until the channel is closed, because its queues are gone. */
    void awaitClosed() {
        await(closed, "the channel to the peer was not closed");
    }

    /** Exchanges messages until both sides have verified all of them. */
    Exchange run() {
        if (channel == null) {
            throw new BootFailure("there is no channel to the peer");
        }
        exchange.begin(channel);
        await(exchange.finished(), "the exchange did not end");
        if (exchange.failure() != null) {
            throw new BootFailure("the exchange failed: " + exchange.failure());
        }
        return exchange;
    }

    private void await(Completion completion, String otherwise) {
        if (!scheduler.await(completion, Platform.PATIENCE.toNanos())) {
            throw new BootFailure(otherwise);
        }
    }

    @Override
    public void bound(MailboxChannel made, VmChannel queues) {
        timeline.add("owner", "channel %s appeared: VM %d, %s", made, queues.partner(), queues.endpoint());
        channel = made;
        finish(bound);
    }

    @Override
    public void closed(VmChannel queues) {
        timeline.add("owner", "channel %s closed: its queues are gone", String.valueOf(channel));
        channel = null;
        finish(closed);
    }

    @Override
    public void refused(VmChannel queues, MailboxException cause) {
        timeline.add("owner", "no channel: %s", cause);
    }

    private void finish(Completion completion) {
        if (completion.complete(0)) {
            scheduler.wake(completion);
        }
    }

    @Override
    public void rxCallback(MailboxChannel from, @Nullable Object message) {
        exchange.rxCallback(from, message);
    }

    @Override
    public void txDone(MailboxChannel from, @Nullable Object message, int status) {
        exchange.txDone(from, message, status);
    }
}
