// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.qrtr;

import dev.hwmailbox.Errno;
import dev.hwmailbox.MailboxChannel;
import dev.hwmailbox.gunyah.msgq.MsgqMessage;
import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/**
 * Sends packets in pieces of the queue's size, one packet after the other, so that pieces of two never mix; only the
 * last piece pushes. Ours, after the downstream socket transports.
 */
final class PieceSender {
    /** Bytes that may wait; a packet of data that would make them more is refused. */
    static final int MAX_WAITING = 8 << 20;

    /** Bytes of other packets that may wait beyond that: nobody sends those again, and flow control rests on them. */
    static final int CONTROL_RESERVE = 1 << 20;

    private final int messageSize;
    private final Deque<MsgqMessage> pieces = new ArrayDeque<>();
    private @Nullable MailboxChannel channel;
    private int waiting;
    private boolean pumping;

    PieceSender(int messageSize) {
        this.messageSize = messageSize;
    }

    /** Begins anew, over this channel or, if null, none; nothing of before is sent. */
    void restart(@Nullable MailboxChannel over) {
        channel = over;
        pieces.clear();
        waiting = 0;
    }

    /** Bytes still to be sent. */
    int waiting() {
        return waiting;
    }

    int send(byte[] packet, boolean data) {
        if (channel == null) {
            return -Errno.EPIPE;
        }
        if (waiting + packet.length > MAX_WAITING + (data ? 0 : CONTROL_RESERVE)) {
            return -Errno.ENOBUFS;
        }
        for (int at = 0; at < packet.length; at += messageSize) {
            int length = Math.min(messageSize, packet.length - at);
            pieces.add(MsgqMessage.of(packet, at, length, at + length == packet.length));
        }
        waiting += packet.length;
        pump();
        return 0;
    }

    /** Goes on, as far as the channel takes pieces. */
    void pump() {
        if (pumping) {
            return; // a piece may be done before sendMessage returns
        }
        pumping = true;
        try {
            while (channel != null && !pieces.isEmpty()) {
                MsgqMessage piece = pieces.element();
                if (channel.sendMessage(piece) < 0) {
                    return;
                }
                if (pieces.peek() == piece) { // or the channel was closed meanwhile, and perhaps another opened
                    waiting -= pieces.remove().length();
                }
            }
        } finally {
            pumping = false;
        }
    }
}
