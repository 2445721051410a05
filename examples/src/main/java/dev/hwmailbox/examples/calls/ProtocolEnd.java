// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.calls;

import dev.hwmailbox.ChannelEvent;
import dev.hwmailbox.Errno;
import dev.hwmailbox.MailboxChannel;
import dev.hwmailbox.MailboxClient;
import dev.hwmailbox.gunyah.rm.ChannelSubscriber;
import dev.hwmailbox.gunyah.rm.VmChannel;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * One end of a protocol, through all the channels it has one after the other: hands over what belongs to the current
 * one, and says once when that, or the other side, is gone.
 *
 * <p>A message that comes before anybody has said that there is a channel begins it. One of a channel that is no more,
 * or of the other side's former life, is stale.
 *
 * <p>Context: the VM's scheduler, on which all of it runs; calls from outside are not allowed. Nothing is locked.
 *
 * @since 0.1
 */
public abstract class ProtocolEnd implements MailboxClient, ChannelSubscriber {
    private @Nullable MailboxChannel channel;

    /** For subclasses. */
    protected ProtocolEnd() {}

    /**
     * The current channel.
     *
     * @return null if there is none
     */
    protected final @Nullable MailboxChannel channel() {
        return channel;
    }

    /**
     * Begins to use a channel; nothing happens if it is the current one.
     *
     * @param opened a channel whose client this is
     */
    public final void open(MailboxChannel opened) {
        if (!opened.equals(channel)) {
            channel = opened;
            opened(opened);
        }
    }

    /**
     * There is a channel.
     *
     * @param opened the channel
     */
    protected void opened(MailboxChannel opened) {}

    /**
     * A message has come.
     *
     * @param from the current channel
     * @param message the bytes, valid during the call only
     */
    protected abstract void received(MailboxChannel from, ByteBuffer message);

    /** A stale message has come. */
    protected abstract void receivedStale();

    /**
     * The other side is gone, with all it knew.
     *
     * @param status {@code -ESHUTDOWN}: and so is the channel; {@code -ECONNRESET}: it was reset, the channel stays
     */
    protected abstract void ended(int status);

    @Override
    public void bound(MailboxChannel made, VmChannel queues) {
        open(made);
    }

    @Override
    public final void closed(VmChannel queues) {
        MailboxChannel current = channel;
        if (current != null && current.isClosed()) { // or the next one has begun already
            end();
        }
    }

    @Override
    public final void event(MailboxChannel of, ChannelEvent event) {
        if (of.equals(channel) && event == ChannelEvent.CLOSED) {
            end();
        } else if (of.equals(channel) && event == ChannelEvent.PEER_RESET) {
            ended(-Errno.ECONNRESET);
        }
    }

    private void end() {
        channel = null;
        ended(-Errno.ESHUTDOWN);
    }

    @Override
    public final void rxCallback(MailboxChannel from, @Nullable Object message) {
        if (channel == null && !from.isClosed()) {
            open(from);
        }
        if (from.equals(channel) && message instanceof ByteBuffer bytes) {
            received(from, bytes);
        } else {
            receivedStale();
        }
    }
}
