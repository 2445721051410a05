// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.pieces;

import dev.hwmailbox.Errno;
import dev.hwmailbox.MailboxChannel;
import dev.hwmailbox.gunyah.msgq.MsgqMessage;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Sends packets in pieces of the queue's size, one packet after the other, so that pieces of two never mix; only the
 * last piece pushes. Ours, after the downstream socket transports.
 *
 * <p>Context: the scheduler of the VM. Whoever has the channel calls {@link #pump} when it is writable and when a
 * message is done.
 *
 * @since 0.1
 */
public final class PieceSender {
    /** Bytes that may wait; a packet that would make them more is refused. */
    public static final int MAX_WAITING = 8 << 20;

    /** Bytes of urgent packets that may wait beyond that: nobody sends those again. */
    public static final int URGENT_RESERVE = 1 << 20;

    /** A piece, and at the last one of a packet who hears its outcome. */
    private static final class Piece {
        private final MsgqMessage message;
        private final @Nullable IntConsumer outcome;

        Piece(MsgqMessage message, @Nullable IntConsumer outcome) {
            this.message = message;
            this.outcome = outcome;
        }
    }

    private final int messageSize;
    private final Deque<Piece> pieces = new ArrayDeque<>();
    private @Nullable MailboxChannel channel;
    private int waiting;
    private boolean pumping;

    /**
     * Makes a sender that has no channel.
     *
     * @param messageSize largest message of the queue, in bytes
     */
    public PieceSender(int messageSize) {
        this.messageSize = messageSize;
    }

    /**
     * Begins anew; nothing of before is sent, and whoever waits for its outcome hears {@code -EPIPE}.
     *
     * @param over the channel, or null if there is none
     */
    public void restart(@Nullable MailboxChannel over) {
        channel = over;
        List<Piece> dropped = new ArrayList<>(pieces);
        pieces.clear();
        waiting = 0;
        dropped.forEach(piece -> tell(piece, -Errno.EPIPE));
    }

    /**
     * How much is still to be sent.
     *
     * @return bytes
     */
    public int waiting() {
        return waiting;
    }

    /**
     * Sends a packet behind those before.
     *
     * @param packet its bytes, which stay as they are
     * @param urgent may use {@link #URGENT_RESERVE}
     * @param outcome hears 0 when the channel has taken the last piece, or {@code -EPIPE}; null if nobody needs to know
     * @return 0; {@code -ENOBUFS} if there is no room, {@code -EPIPE} without a channel
     */
    public int send(byte[] packet, boolean urgent, @Nullable IntConsumer outcome) {
        if (channel == null) {
            return -Errno.EPIPE;
        }
        if (waiting + packet.length > MAX_WAITING + (urgent ? URGENT_RESERVE : 0)) {
            return -Errno.ENOBUFS;
        }
        for (int at = 0; at < packet.length; at += messageSize) {
            int length = Math.min(messageSize, packet.length - at);
            boolean last = at + length == packet.length;
            pieces.add(new Piece(MsgqMessage.of(packet, at, length, last), last ? outcome : null));
        }
        waiting += packet.length;
        pump();
        return 0;
    }

    /** Goes on, as far as the channel takes pieces. */
    public void pump() {
        if (pumping) {
            return; // a piece may be done before sendMessage returns
        }
        pumping = true;
        try {
            while (channel != null && !pieces.isEmpty()) {
                Piece piece = pieces.element();
                if (channel.sendMessage(piece.message) < 0) {
                    return;
                }
                if (pieces.peek() == piece) { // or the channel was closed meanwhile, and perhaps another opened
                    waiting -= pieces.remove().message.length();
                    tell(piece, 0);
                }
            }
        } finally {
            pumping = false;
        }
    }

    private static void tell(Piece piece, int status) {
        if (piece.outcome != null) {
            piece.outcome.accept(status);
        }
    }
}
