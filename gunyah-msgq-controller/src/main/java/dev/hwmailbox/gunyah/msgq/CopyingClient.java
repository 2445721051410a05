// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.msgq;

import dev.hwmailbox.ChannelEvent;
import dev.hwmailbox.ClientOptions;
import dev.hwmailbox.MailboxChannel;
import dev.hwmailbox.MailboxClient;
import dev.hwmailbox.devicetree.Node;
import java.nio.ByteBuffer;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A client that may keep what it receives: stands in front of another client and hands it a copy of each message, where
 * a channel of {@link GunyahMsgqController} delivers a buffer that it uses again. Everything else passes through.
 *
 * <p>Context: as the other client's; allocates one array per message received.
 *
 * <p>Kernel counterpart: none; there each client copies by hand (drivers/mailbox/mailbox.c, Linux 6.12).
 *
 * @since 0.1
 */
public final class CopyingClient implements MailboxClient {
    private final MailboxClient client;

    /**
     * Stands in front of a client.
     *
     * @param client told everything
     */
    public CopyingClient(MailboxClient client) {
        this.client = Objects.requireNonNull(client, "client");
    }

    @Override
    public ClientOptions options() {
        return client.options();
    }

    @Override
    public @Nullable Node node() {
        return client.node();
    }

    /**
     * {@inheritDoc}
     *
     * <p>Passes on a read-only {@link ByteBuffer} over bytes of its own, or a {@link StaleMessage} with one; what is
     * neither of the two as it is.
     */
    @Override
    public void rxCallback(MailboxChannel channel, @Nullable Object message) {
        client.rxCallback(channel, copyOf(message));
    }

    private static @Nullable Object copyOf(@Nullable Object message) {
        if (message instanceof ByteBuffer bytes) {
            return copyOf(bytes);
        }
        return message instanceof StaleMessage stale ? new StaleMessage(copyOf(stale.bytes())) : message;
    }

    private static ByteBuffer copyOf(ByteBuffer bytes) {
        byte[] copy = new byte[bytes.remaining()];
        bytes.get(bytes.position(), copy);
        return ByteBuffer.wrap(copy).asReadOnlyBuffer();
    }

    @Override
    public void txPrepare(MailboxChannel channel, @Nullable Object message) {
        client.txPrepare(channel, message);
    }

    @Override
    public void txDone(MailboxChannel channel, @Nullable Object message, int status) {
        client.txDone(channel, message, status);
    }

    @Override
    public void writable(MailboxChannel channel) {
        client.writable(channel);
    }

    @Override
    public void refused(MailboxChannel channel, @Nullable Object message, int errno) {
        client.refused(channel, message, errno);
    }

    @Override
    public void event(MailboxChannel channel, ChannelEvent event) {
        client.event(channel, event);
    }

    @Override
    public String toString() {
        return "CopyingClient[" + client + "]";
    }
}
