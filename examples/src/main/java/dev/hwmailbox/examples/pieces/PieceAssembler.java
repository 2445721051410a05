// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.pieces;

import org.jspecify.annotations.Nullable;

/**
 * Puts pieces together: the first has the header and so the total; each but the last fills its message.
 *
 * <p>Ours: after a bad first piece, or one of the wrong length, everything is discarded until the queue runs empty.
 *
 * <p>Context: the scheduler of the VM.
 *
 * @since 0.1
 */
public final class PieceAssembler {
    private final int messageSize;
    private final PacketHead head;
    private byte[] packet = {};
    private int filled;
    private boolean discarding;

    /**
     * Makes an assembler that has nothing.
     *
     * @param messageSize size of every piece but the last, in bytes
     * @param head knows the packets
     */
    public PieceAssembler(int messageSize, PacketHead head) {
        this.messageSize = messageSize;
        this.head = head;
    }

    /** Forgets what is half there. */
    public void restart() {
        packet = new byte[0];
        filled = 0;
        discarding = false;
    }

    /**
     * How much there is of a packet that is not complete.
     *
     * @return bytes
     */
    public int filled() {
        return filled;
    }

    /**
     * Whether pieces are discarded.
     *
     * @return true until {@link #queueRanEmpty}
     */
    public boolean isDiscarding() {
        return discarding;
    }

    /** The next piece is a first one. */
    public void queueRanEmpty() {
        discarding = false;
    }

    /**
     * Takes a piece.
     *
     * @param piece the bytes of a message; they belong to the assembler
     * @return the packet if that was its last piece
     */
    public byte @Nullable [] add(byte[] piece) {
        if (discarding) {
            head.discarded();
            return null;
        }
        if (packet.length == 0) {
            int total = head.announced(piece);
            if (total <= 0) {
                return discard();
            }
            packet = new byte[total];
        }
        if (piece.length != Math.min(messageSize, packet.length - filled)) {
            head.misfit();
            return discard();
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

    private byte @Nullable [] discard() {
        restart();
        discarding = true;
        return null;
    }
}
