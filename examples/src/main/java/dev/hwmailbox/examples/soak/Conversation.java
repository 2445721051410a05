// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.soak;

import dev.hwmailbox.MailboxChannel;
import dev.hwmailbox.MailboxClient;
import dev.hwmailbox.gunyah.msgq.MsgqMessage;
import dev.hwmailbox.gunyah.rm.ChannelSubscriber;
import dev.hwmailbox.gunyah.rm.VmChannel;
import java.nio.ByteBuffer;
import java.util.Objects;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The host's end of the channel to the guest, through all its lives. Every message carries the number of the life, so
 * that one of another life is seen.
 */
final class Conversation implements MailboxClient, ChannelSubscriber {
    private static final int PATIENCE_SECONDS = 60;

    private final BlockingQueue<MailboxChannel> bound = new LinkedBlockingQueue<>();
    private final BlockingQueue<VmChannel> closed = new LinkedBlockingQueue<>();
    private final BlockingQueue<Long> received = new LinkedBlockingQueue<>();

    MailboxChannel awaitBound() {
        return await(bound, "no channel appeared");
    }

    void awaitClosed() {
        await(closed, "the channel was not closed");
    }

    /** Sends a message after the other, and waits for each to come back. */
    void exchange(MailboxChannel channel, int life, int messages) {
        for (int i = 0; i < messages; i++) {
            long tag = (long) life << Integer.SIZE | i;
            int result = channel.sendMessage(
                    MsgqMessage.of(ByteBuffer.allocate(Long.BYTES).putLong(tag).array()));
            if (result < 0) {
                throw new SoakFailure("message %x was refused: %d".formatted(tag, result));
            }
            long back = await(received, "message %x did not come back".formatted(tag));
            if (back != tag) {
                throw new SoakFailure("message %x came back as %x".formatted(tag, back));
            }
        }
    }

    private static <T> T await(BlockingQueue<T> queue, String otherwise) {
        try {
            T got = queue.poll(PATIENCE_SECONDS, TimeUnit.SECONDS);
            if (got == null) {
                throw new SoakFailure(otherwise);
            }
            return got;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new SoakFailure("interrupted");
        }
    }

    @Override
    public void bound(MailboxChannel channel, VmChannel queues) {
        bound.add(channel);
    }

    @Override
    public void closed(VmChannel queues) {
        closed.add(queues);
    }

    @Override
    public void rxCallback(MailboxChannel channel, @Nullable Object message) {
        ByteBuffer bytes = (ByteBuffer) Objects.requireNonNull(message, "message");
        received.add(bytes.getLong(bytes.position()));
    }
}
