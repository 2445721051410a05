// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.qrtr;

import dev.hwmailbox.ChannelEvent;
import dev.hwmailbox.Errno;
import dev.hwmailbox.MailboxChannel;
import dev.hwmailbox.MailboxClient;
import dev.hwmailbox.MailboxScheduler;
import dev.hwmailbox.examples.pieces.PieceReceiver;
import dev.hwmailbox.examples.pieces.PieceSender;
import dev.hwmailbox.gunyah.rm.ChannelSubscriber;
import dev.hwmailbox.gunyah.rm.VmChannel;
import java.nio.ByteBuffer;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A link over a pair of message queues. It exists only while there are queues: once the VM is launched and the Resource
 * Manager says which. Ours: the mapping to message queues.
 *
 * <p>Context: its VM's scheduler.
 */
final class MsgqLink implements Link, MailboxClient, ChannelSubscriber {
    /** Bytes in a message of the queues. */
    static final int MESSAGE_SIZE = 240;

    private final Node node;
    private final int headerVersion;
    private final LinkObserver observer;
    private final PieceSender sender = new PieceSender(MESSAGE_SIZE);
    private final PieceReceiver receiver;
    private @Nullable MailboxChannel channel;

    MsgqLink(Node node, MailboxScheduler scheduler, int headerVersion, LinkObserver observer) {
        this.node = node;
        this.headerVersion = headerVersion;
        this.observer = observer;
        receiver = new PieceReceiver(scheduler, MESSAGE_SIZE, new QrtrHead(node.counters()), this::received);
    }

    @Override
    public void bound(MailboxChannel made, VmChannel queues) {
        observer.up(queues.toString());
        open(made);
    }

    @Override
    public void closed(VmChannel queues) {
        close();
    }

    /** The queues are there, perhaps with packets in them already. */
    void open(MailboxChannel made) {
        if (channel != made && !made.isClosed()) { // or it is of a former life
            close();
            channel = made;
            sender.restart(made);
            node.linkUp(this);
        }
    }

    /** The queues are gone. */
    void close() {
        if (channel != null) {
            channel = null;
            int unsent = sender.waiting();
            int half = receiver.filled();
            sender.restart(null);
            receiver.restart();
            node.linkDown(this);
            observer.down(unsent, half);
        }
    }

    @Override
    public void event(MailboxChannel of, ChannelEvent event) {
        if (event == ChannelEvent.PEER_RESET && channel == of) {
            close();
            open(of); // a new life: greets again
        }
    }

    @Override
    public int send(Packet packet) {
        byte[] bytes = PacketCodec.encode(packet, headerVersion);
        if (bytes == null) {
            return -Errno.EMSGSIZE;
        }
        int result = sender.send(bytes, packet.type() != PacketType.DATA, null);
        if (result == 0) {
            observer.packet(true, packet, bytes);
        }
        return result;
    }

    @Override
    public void writable(MailboxChannel to) {
        sender.pump();
        node.linkWritable();
    }

    @Override
    public void txDone(MailboxChannel to, @Nullable Object message, int status) {
        sender.pump();
    }

    @Override
    public void rxCallback(MailboxChannel from, @Nullable Object message) {
        open(from); // the first message may come before we are told of the queues
        if (from.equals(channel)) {
            receiver.received(from, (ByteBuffer) Objects.requireNonNull(message, "message"));
        }
    }

    private void received(byte[] bytes) {
        PacketCodec.Decoded decoded = PacketCodec.decode(bytes);
        if (decoded.packet() != null) {
            observer.packet(false, decoded.packet(), bytes);
            node.received(this, decoded.packet());
        } else if (decoded.refusal() != null) {
            node.counters().refuse(decoded.refusal());
        }
    }
}
