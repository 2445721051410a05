// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.pieces;

import dev.hwmailbox.MailboxChannel;
import dev.hwmailbox.MailboxScheduler;
import java.nio.ByteBuffer;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Makes packets of the messages of a channel, and finds back into step after a bad piece: the channel is asked, from a
 * task, for what it has, until it has nothing.
 *
 * <p>Context: the scheduler of the VM.
 *
 * @since 0.1
 */
public final class PieceReceiver {
    private final PieceAssembler assembler;
    private final Consumer<byte[]> packets;
    private final MailboxScheduler.Timer emptyCheck;
    private @Nullable MailboxChannel discarded;

    /**
     * Makes a receiver.
     *
     * @param scheduler that of the VM
     * @param messageSize size of every piece but the last, in bytes
     * @param head knows the packets
     * @param packets gets them whole
     */
    public PieceReceiver(MailboxScheduler scheduler, int messageSize, PacketHead head, Consumer<byte[]> packets) {
        this.packets = packets;
        assembler = new PieceAssembler(messageSize, head);
        emptyCheck = scheduler.timer("discard", this::discardUntilEmpty);
    }

    /** Begins anew: what is half there is of a former life. */
    public void restart() {
        emptyCheck.cancel();
        discarded = null;
        assembler.restart();
    }

    /**
     * How much there is of a packet that is not complete.
     *
     * @return bytes
     */
    public int filled() {
        return assembler.filled();
    }

    /**
     * Takes a message.
     *
     * @param from the channel that delivers it
     * @param message valid during the call
     */
    public void received(MailboxChannel from, ByteBuffer message) {
        byte[] piece = new byte[message.remaining()];
        message.get(message.position(), piece);
        boolean before = assembler.isDiscarding();
        byte[] packet = assembler.add(piece);
        if (!before && assembler.isDiscarding()) {
            discarded = from;
            emptyCheck.arm(0);
        }
        if (packet != null) {
            packets.accept(packet);
        }
    }

    private void discardUntilEmpty() {
        MailboxChannel from = discarded;
        if (from != null && from.peekData()) {
            emptyCheck.arm(0); // what it delivered was discarded
        } else {
            assembler.queueRanEmpty();
        }
    }
}
