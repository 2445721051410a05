// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.qrtr;

import org.jspecify.annotations.Nullable;

/**
 * Puts pieces together: the first has the header and so the total; each but the last fills its message.
 *
 * <p>Ours: after a bad first piece, or one of the wrong length, everything is discarded until the queue runs empty.
 */
final class PieceAssembler {
    private final int messageSize;
    private final Counters counters;
    private byte[] packet = {};
    private int filled;
    private boolean discarding;

    PieceAssembler(int messageSize, Counters counters) {
        this.messageSize = messageSize;
        this.counters = counters;
    }

    /** Forgets what is half there. */
    void restart() {
        packet = new byte[0];
        filled = 0;
        discarding = false;
    }

    /** Bytes of a packet that is not complete. */
    int filled() {
        return filled;
    }

    boolean isDiscarding() {
        return discarding;
    }

    void queueRanEmpty() {
        discarding = false;
    }

    /** Takes a piece; returns the packet if that was its last. */
    byte @Nullable [] add(byte[] piece) {
        if (discarding) {
            counters.refuse(Refusal.DISCARDED_PIECE);
            return null;
        }
        if (packet.length == 0) {
            PacketCodec.Announced announced = PacketCodec.announced(piece);
            if (announced.refusal() != null) {
                return discard(announced.refusal());
            }
            packet = new byte[announced.total()];
        }
        if (piece.length != Math.min(messageSize, packet.length - filled)) {
            return discard(Refusal.BAD_LENGTH);
        }
        System.arraycopy(piece, 0, packet, filled, piece.length);
        filled += piece.length;
        if (filled < packet.length) {
            return null;
        }
        byte[] whole = packet;
        restart();
        return whole;
    }

    private byte @Nullable [] discard(Refusal refusal) {
        counters.refuse(refusal);
        restart();
        discarding = true;
        return null;
    }
}
