// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.sockets;

import dev.hwmailbox.examples.machine.GuestConnection;
import dev.hwmailbox.gunyah.rm.ChannelSubscription;
import dev.hwmailbox.gunyah.rm.server.ResourceManagerServer;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;

/** What runs in the guest: sends back every datagram, and every byte of every connection, and then its end. */
final class EchoServer implements AutoCloseable, SocketListener {
    /** Where it listens, for datagrams and for connections. */
    static final int PORT = 7;

    private final SocketHub hub;
    private final DatagramSocket datagrams;
    private final ListenerSocket listener;
    private final ChannelSubscription subscription;
    private final Map<StreamSocket, ByteBuffer> unwritten = new HashMap<>();

    EchoServer(GuestConnection connection) {
        hub = new SocketHub(connection.scheduler(), connection.vmid(), ResourceManagerServer.HOST_VMID);
        datagrams = hub.datagram(PORT, this::datagram);
        listener = hub.listen(PORT, this::accept);
        subscription = connection.channels().subscribe(hub, GuestConnection.TO_OWNER, hub);
    }

    private void datagram() {
        DatagramSocket.Datagram datagram = Objects.requireNonNull(datagrams).receive();
        if (datagram != null) {
            datagrams.send(datagram.bytes(), datagram.source().port());
        }
    }

    private void accept() {
        Objects.requireNonNull(listener).accept(this);
    }

    /** Reads only what it can write: the other side's bytes stay in the socket meanwhile. */
    @Override
    public void readable(StreamSocket socket) {
        ByteBuffer rest = unwritten.computeIfAbsent(
                socket, any -> ByteBuffer.allocate(4096).limit(0));
        int count = 0;
        while (!rest.hasRemaining() && count >= 0) {
            count = socket.read(rest.clear());
            rest.flip();
            if (count == 0) {
                return;
            }
            socket.write(rest);
        }
        if (count == StreamSocket.END) {
            socket.close();
            unwritten.remove(socket);
        }
    }

    @Override
    public void writable(StreamSocket socket) {
        ByteBuffer rest = unwritten.get(socket);
        if (rest != null) {
            socket.write(rest);
            readable(socket);
        }
    }

    @Override
    public void closed(StreamSocket socket, Status status) {
        unwritten.remove(socket);
    }

    @Override
    public void close() {
        subscription.close();
        datagrams.close();
        listener.close();
    }
}
