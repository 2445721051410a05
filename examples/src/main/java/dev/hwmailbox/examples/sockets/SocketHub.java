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
import java.util.List;
import java.util.Map;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;

/**
 * The sockets of one VM whose other ends are in another, over one pair of message queues.
 *
 * <p>Ours: frames from or for any other VM than these two are refused; data for a connection that is not there is
 * answered with CLOSE; a port that was given out is the last to be given out again, so that late frames meet nobody.
 */
final class SocketHub extends ProtocolEnd {
    /** Bytes in a message of the queues. */
    static final int MESSAGE_SIZE = 240;

    /** First of the ports that are given out automatically. */
    static final int FIRST_AUTOMATIC = 0xC000;

    /** Last of them. */
    static final int LAST_AUTOMATIC = 0xFFFF;

    /** Connections at a time; further ones are refused. */
    static final int MAX_CONNECTIONS = 256;

    /** How long the other side may take to answer CONNECT or CLOSE: as long as the qmsgq transport waits. */
    static final Duration ANSWER_TIMEOUT = Duration.ofSeconds(8);

    private record Key(int localPort, int remotePort) {}

    private final MailboxScheduler scheduler;
    private final int ownCid;
    private final int otherCid;
    private final SocketCounters counters = new SocketCounters();
    private final PieceSender sender = new PieceSender(MESSAGE_SIZE);
    private final PieceReceiver receiver;
    private final Map<Integer, DatagramSocket> datagrams = new HashMap<>();
    private final Map<Integer, ListenerSocket> listeners = new HashMap<>();
    private final Map<Key, StreamSocket> streams = new HashMap<>();
    private final Map<StreamSocket, MailboxScheduler.Timer> waits = new HashMap<>();
    private int lastAutomatic = FIRST_AUTOMATIC - 1;

    SocketHub(MailboxScheduler scheduler, int ownCid, int otherCid) {
        this.scheduler = scheduler;
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
        return streams.size();
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
     *     {@link #MAX_CONNECTIONS}
     */
    StreamSocket connect(int port, SocketListener listener) {
        if (streams.size() == MAX_CONNECTIONS) {
            throw new MailboxException(Errno.EBUSY, "there are " + MAX_CONNECTIONS + " connections");
        }
        Endpoint local = new Endpoint(ownCid, automaticPort(port));
        Endpoint remote = new Endpoint(otherCid, port);
        StreamSocket socket = new StreamSocket(this, local, remote, listener, StreamSocket.State.CONNECTING);
        streams.put(key(socket), socket);
        await(socket);
        int result = answer(FrameType.CONNECT, local, remote, Status.OK);
        if (result < 0) {
            streams.remove(key(socket));
            forget(waits.remove(socket));
            throw new MailboxException(-result, "no connection to " + remote);
        }
        return socket;
    }

    private int automaticPort(int remotePort) {
        do {
            lastAutomatic = lastAutomatic == LAST_AUTOMATIC ? FIRST_AUTOMATIC : lastAutomatic + 1;
        } while (streams.containsKey(new Key(lastAutomatic, remotePort)));
        return lastAutomatic;
    }

    private static Key key(StreamSocket socket) {
        return new Key(socket.local().port(), socket.remote().port());
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
            end(socket, Status.OK);
        } else {
            await(socket);
        }
    }

    private void await(StreamSocket socket) {
        MailboxScheduler.Timer timer = scheduler.timer("socket " + socket.local(), () -> end(socket, Status.TIMED_OUT));
        forget(waits.put(socket, timer));
        timer.arm(ANSWER_TIMEOUT.toNanos());
    }

    private static void forget(MailboxScheduler.@Nullable Timer timer) {
        if (timer != null) {
            timer.cancel();
        }
    }

    private int answer(FrameType type, Endpoint from, Endpoint to, Status status) {
        return send(Frame.status(type, from, to, status.value()), outcome -> {});
    }

    private void end(StreamSocket socket, Status status) {
        streams.remove(key(socket), socket);
        forget(waits.remove(socket));
        socket.end(status);
    }

    // ---- the channel ----

    @Override
    protected void opened(MailboxChannel opened) {
        receiver.restart();
        sender.restart(opened);
    }

    @Override
    protected void ended(int status) {
        List<StreamSocket> all = List.copyOf(streams.values());
        receiver.restart();
        sender.restart(null);
        all.forEach(socket -> end(socket, Status.RESET));
        sender.restart(channel()); // the other side was reset, and will come again; or there is none
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
            List.copyOf(streams.values()).forEach(StreamSocket::wakeWriter);
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
        StreamSocket stream = streams.get(new Key(port, frame.source().port()));
        switch (frame.type()) {
            case DATAGRAM -> takeDatagram(frame, datagrams.get(port));
            case CONNECT -> takeConnect(frame, listeners.get(port), stream);
            case CONNECT_REPLY -> takeReply(frame, stream);
            case DATA, SHUTDOWN -> {
                if (stream == null) {
                    refuse(frame);
                } else if (frame.type() == FrameType.SHUTDOWN) {
                    stream.otherShutsDown(frame.status());
                } else if (!stream.take(frame.payload())) {
                    answer(FrameType.CLOSE, stream.local(), stream.remote(), Status.OVERFLOW);
                    end(stream, Status.OVERFLOW);
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

    private void takeConnect(Frame frame, @Nullable ListenerSocket listener, @Nullable StreamSocket former) {
        if (former != null) {
            end(former, Status.RESET); // the other side has begun anew
        }
        StreamSocket socket = new StreamSocket(
                this, frame.destination(), frame.source(), SocketListener.NONE, StreamSocket.State.CONNECTED);
        if (listener == null || !listener.hasRoom() || streams.size() == MAX_CONNECTIONS) {
            answer(FrameType.CONNECT_REPLY, socket.local(), socket.remote(), Status.REFUSED);
            return;
        }
        streams.put(key(socket), socket);
        answer(FrameType.CONNECT_REPLY, socket.local(), socket.remote(), Status.OK);
        listener.take(socket);
    }

    private void takeReply(Frame frame, @Nullable StreamSocket socket) {
        Status status = Status.fromValue(frame.status());
        if (socket == null) {
            if (status == Status.OK) {
                refuse(frame); // too late
            }
        } else if (status != Status.OK) {
            end(socket, status);
        } else if (socket.state() == StreamSocket.State.CONNECTING) {
            forget(waits.remove(socket));
            socket.connected();
        }
    }

    private void takeClose(Frame frame, @Nullable StreamSocket socket) {
        if (socket != null) {
            boolean answered = socket.state() == StreamSocket.State.CLOSING;
            end(socket, Status.fromValue(frame.status()));
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
