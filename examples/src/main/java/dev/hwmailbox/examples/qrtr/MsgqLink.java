// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.qrtr;

import dev.hwmailbox.Errno;
import dev.hwmailbox.MailboxChannel;
import dev.hwmailbox.MailboxScheduler;
import dev.hwmailbox.examples.calls.ProtocolEnd;
import dev.hwmailbox.examples.pieces.PieceReceiver;
import dev.hwmailbox.examples.pieces.PieceSender;
import dev.hwmailbox.gunyah.rm.VmChannel;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * A link over a pair of message queues. It exists only while there are queues: once the VM is launched and the Resource
 * Manager says which. Ours: the mapping to message queues.
 *
 * <p>Context: its VM's scheduler.
 */
final class MsgqLink extends ProtocolEnd implements Link {
    /** Bytes in a message of the queues. */
    static final int MESSAGE_SIZE = 240;

    private final Node node;
    private final int headerVersion;
    private final LinkObserver observer;
    private final PieceSender sender = new PieceSender(MESSAGE_SIZE);
    private final PieceReceiver receiver;
    private boolean isUp;

    MsgqLink(Node node, MailboxScheduler scheduler, int headerVersion, LinkObserver observer) {
        this.node = node;
        this.headerVersion = headerVersion;
        this.observer = observer;
        receiver = new PieceReceiver(scheduler, MESSAGE_SIZE, new QrtrHead(node.counters()), this::received);
    }

    @Override
    public void bound(MailboxChannel made, VmChannel queues) {
        observer.up(queues.toString());
        super.bound(made, queues);
    }

    /** The queues are there, perhaps with packets in them already. */
    @Override
    protected void opened(MailboxChannel made) {
        down();
        up(made);
    }

    @Override
    protected void ended(int status) {
        down();
        MailboxChannel kept = channel();
        if (kept != null) {
            up(kept); // a new life at the other end: greets again
        }
    }

    private void up(MailboxChannel made) {
        isUp = true;
        sender.restart(made);
        node.linkUp(this);
    }

    private void down() {
        if (isUp) {
            isUp = false;
            int unsent = sender.waiting();
            int half = receiver.filled();
            sender.restart(null);
            receiver.restart();
            node.linkDown(this);
            observer.down(unsent, half);
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
    protected void received(MailboxChannel from, ByteBuffer message) {
        receiver.received(from, message);
    }

    @Override
    protected void receivedStale() {
        node.counters().refuse(Refusal.STALE);
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
