// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.sockets;

import dev.hwmailbox.Errno;
import dev.hwmailbox.MailboxChannel;
import dev.hwmailbox.MailboxException;
import dev.hwmailbox.MailboxScheduler;
import dev.hwmailbox.examples.calls.ProtocolEnd;
import dev.hwmailbox.examples.pieces.PieceReceiver;
import dev.hwmailbox.examples.pieces.PieceSender;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;

/**
 * The sockets of one VM whose other ends are in another, over one pair of message queues.
 *
 * <p>Ours: frames from or for any other VM than these two are refused; data for a connection that is not there is
 * answered with CLOSE.
 */
final class SocketHub extends ProtocolEnd {
    /** Bytes in a message of the queues. */
    static final int MESSAGE_SIZE = 240;

    /** How long the other side may take to answer CONNECT or CLOSE: as long as the qmsgq transport waits. */
    static final Duration ANSWER_TIMEOUT = Duration.ofSeconds(8);

    private final int ownCid;
    private final int otherCid;
    private final SocketCounters counters = new SocketCounters();
    private final PieceSender sender = new PieceSender(MESSAGE_SIZE);
    private final PieceReceiver receiver;
    private final Map<Integer, DatagramSocket> datagrams = new HashMap<>();
    private final Map<Integer, ListenerSocket> listeners = new HashMap<>();
    private final Connections connections;

    SocketHub(MailboxScheduler scheduler, int ownCid, int otherCid) {
        connections = new Connections(scheduler);
        this.ownCid = ownCid;
        this.otherCid = otherCid;
        receiver = new PieceReceiver(scheduler, MESSAGE_SIZE, counters, this::received);
    }

    int otherCid() {
        return otherCid;
    }

    SocketCounters counters() {
        return counters;
    }

    /** Connections that are there, or half there. */
    int connections() {
        return connections.size();
    }

    /** Opens a socket for datagrams; EBUSY if its port is in use. */
    DatagramSocket datagram(int port, Runnable readable) {
        if (datagrams.containsKey(port)) {
            throw new MailboxException(Errno.EBUSY, "datagram port " + port + " is in use");
        }
        DatagramSocket socket = new DatagramSocket(this, new Endpoint(ownCid, port), readable);
        datagrams.put(port, socket);
        return socket;
    }

    /** Listens for connections; EBUSY if the port is in use. */
    ListenerSocket listen(int port, Runnable acceptable) {
        if (listeners.containsKey(port)) {
            throw new MailboxException(Errno.EBUSY, "port " + port + " is in use");
        }
        ListenerSocket socket = new ListenerSocket(this, new Endpoint(ownCid, port), acceptable);
        listeners.put(port, socket);
        return socket;
    }

    /**
     * Begins to connect; the listener hears how that ends.
     *
     * @throws MailboxException EPIPE: there is no other side; ENOBUFS: there is no room in the queue; EBUSY: there are
     *     {@link Connections#MAX}
     */
    StreamSocket connect(int port, SocketListener listener) {
        if (connections.size() == Connections.MAX) {
            throw new MailboxException(Errno.EBUSY, "there are " + Connections.MAX + " connections");
        }
        Endpoint local = new Endpoint(ownCid, connections.automaticPort(port));
        Endpoint remote = new Endpoint(otherCid, port);
        StreamSocket socket = new StreamSocket(this, local, remote, listener, StreamSocket.State.CONNECTING);
        connections.add(socket);
        await(socket);
        int result = answer(FrameType.CONNECT, local, remote, Status.OK);
        if (result < 0) {
            connections.remove(socket);
            throw new MailboxException(-result, "no connection to " + remote);
        }
        return socket;
    }

    // ---- what sockets say ----

    int send(Frame frame, IntConsumer outcome) {
        boolean urgent = frame.type().hasStatus();
        return sender.send(frame.encode(), urgent, outcome);
    }

    boolean isOpen(DatagramSocket socket) {
        return datagrams.get(socket.local().port()) == socket;
    }

    void closed(DatagramSocket socket) {
        datagrams.remove(socket.local().port(), socket);
    }

    void closed(ListenerSocket socket) {
        listeners.remove(socket.local().port(), socket);
    }

    void closing(StreamSocket socket) {
        if (answer(FrameType.CLOSE, socket.local(), socket.remote(), Status.OK) < 0) {
            connections.end(socket, Status.OK);
        } else {
            await(socket);
        }
    }

    private void await(StreamSocket socket) {
        connections.await(socket, ANSWER_TIMEOUT, () -> late(socket));
    }

    private void late(StreamSocket socket) {
        if (socket.state() == StreamSocket.State.CONNECTING) {
            answer(FrameType.CLOSE, socket.local(), socket.remote(), Status.TIMED_OUT); // its answer may be lost
        }
        connections.end(socket, Status.TIMED_OUT);
    }

    private int answer(FrameType type, Endpoint from, Endpoint to, Status status) {
        return send(Frame.status(type, from, to, status.value()), outcome -> {});
    }

    // ---- the channel ----

    /** Connections of a channel before end here, if nobody has said yet that it is gone. */
    @Override
    protected void opened(MailboxChannel opened) {
        begin();
    }

    @Override
    protected void ended(int status) {
        begin();
    }

    /** Nothing of before is sent or taken. Whoever hears of its end may connect again, if there is a channel. */
    private void begin() {
        receiver.restart();
        connections.endAll(Status.RESET, () -> sender.restart(channel()));
    }

    @Override
    public void writable(MailboxChannel to) {
        goOn();
    }

    @Override
    public void txDone(MailboxChannel of, @Nullable Object message, int status) {
        goOn();
    }

    private void goOn() {
        sender.pump();
        if (sender.waiting() < PieceSender.MAX_WAITING / 2) {
            connections.all().forEach(StreamSocket::wakeWriter);
        }
    }

    @Override
    protected void received(MailboxChannel from, ByteBuffer message) {
        receiver.received(from, message);
    }

    @Override
    protected void receivedStale() {
        counters.foundStale();
    }

    // ---- frames ----

    private void received(byte[] bytes) {
        Frame.Decoded decoded = Frame.decode(bytes);
        Frame frame = decoded.frame();
        if (decoded.flaw() != null) {
            counters.refuse(decoded.flaw());
        } else if (frame != null) {
            if (frame.source().cid() != otherCid || frame.destination().cid() != ownCid) {
                counters.refuse(Flaw.CID);
            } else {
                take(frame);
            }
        }
    }

    private void take(Frame frame) {
        int port = frame.destination().port();
        StreamSocket stream = connections.find(port, frame.source().port());
        switch (frame.type()) {
            case DATAGRAM -> takeDatagram(frame, datagrams.get(port));
            case CONNECT -> takeConnect(frame, stream);
            case CONNECT_REPLY -> takeReply(frame, stream);
            case DATA, SHUTDOWN -> {
                if (stream == null) {
                    refuse(frame);
                } else if (frame.type() == FrameType.SHUTDOWN) {
                    stream.otherShutsDown(frame.status());
                } else if (stream.hasEnd()) {
                    counters.refuse(Flaw.ENDED);
                } else if (!stream.take(frame.payload())) {
                    answer(FrameType.CLOSE, stream.local(), stream.remote(), Status.OVERFLOW);
                    connections.end(stream, Status.OVERFLOW);
                }
            }
            case CLOSE -> takeClose(frame, stream);
            case UNKNOWN -> counters.refuse(Flaw.TYPE);
        }
    }

    private void takeDatagram(Frame frame, @Nullable DatagramSocket socket) {
        if (socket == null) {
            counters.refuse(Flaw.PORT);
        } else if (!socket.take(frame)) {
            counters.refuse(Flaw.FULL);
        }
    }

    private void takeConnect(Frame frame, @Nullable StreamSocket former) {
        if (former != null) {
            connections.end(former, Status.RESET); // the other side has begun anew
        }
        ListenerSocket listener = listeners.get(frame.destination().port());
        StreamSocket socket = new StreamSocket(
                this, frame.destination(), frame.source(), SocketListener.NONE, StreamSocket.State.CONNECTED);
        if (listener == null || !listener.hasRoom() || connections.size() == Connections.MAX) {
            answer(FrameType.CONNECT_REPLY, socket.local(), socket.remote(), Status.REFUSED);
            return;
        }
        if (answer(FrameType.CONNECT_REPLY, socket.local(), socket.remote(), Status.OK) == 0) {
            connections.add(socket);
            listener.take(socket);
        } // else the other side's time will run out
    }

    private void takeReply(Frame frame, @Nullable StreamSocket socket) {
        Status status = Status.fromValue(frame.status());
        if (socket == null) {
            if (status == Status.OK) {
                refuse(frame); // too late
            }
        } else if (status != Status.OK) {
            connections.end(socket, status);
        } else if (socket.state() == StreamSocket.State.CONNECTING) {
            connections.answered(socket);
            socket.connected();
        }
    }

    private void takeClose(Frame frame, @Nullable StreamSocket socket) {
        if (socket != null) {
            boolean answered = socket.state() == StreamSocket.State.CLOSING;
            connections.end(socket, Status.fromValue(frame.status()));
            if (!answered) {
                answer(FrameType.CLOSE, frame.destination(), frame.source(), Status.OK);
            }
        }
    }

    private void refuse(Frame frame) {
        counters.refuse(Flaw.PORT);
        answer(FrameType.CLOSE, frame.destination(), frame.source(), Status.RESET);
    }
}
