// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.sockets;

import dev.hwmailbox.Errno;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/** A socket for datagrams, which arrive whole, in order, or not at all. */
final class DatagramSocket implements AutoCloseable {
    /** Datagrams kept for the reader; a further one is dropped and counted. */
    static final int MAX_UNREAD = 16;

    /** A datagram that has come. */
    record Datagram(Endpoint source, ByteBuffer bytes) {}

    private final SocketHub hub;
    private final Endpoint local;
    private final Runnable readable;
    private final Deque<Datagram> unread = new ArrayDeque<>();

    DatagramSocket(SocketHub hub, Endpoint local, Runnable readable) {
        this.hub = hub;
        this.local = local;
        this.readable = readable;
    }

    Endpoint local() {
        return local;
    }

    /**
     * Sends a datagram.
     *
     * @return 0; {@code -EMSGSIZE} if it is larger than {@link Frame#MAX_PAYLOAD}, {@code -ENOBUFS} without room,
     *     {@code -EPIPE} if there is no other side, {@code -ESHUTDOWN} after close
     */
    int send(ByteBuffer bytes, int port) {
        if (!hub.isOpen(this)) {
            return -Errno.ESHUTDOWN;
        }
        if (bytes.remaining() > Frame.MAX_PAYLOAD) {
            return -Errno.EMSGSIZE;
        }
        byte[] payload = new byte[bytes.remaining()];
        bytes.get(bytes.position(), payload);
        return hub.send(
                Frame.data(FrameType.DATAGRAM, local, new Endpoint(hub.otherCid(), port), payload), outcome -> {});
    }

    /** The oldest datagram, or null if there is none. */
    @Nullable
    Datagram receive() {
        return unread.poll();
    }

    boolean take(Frame frame) {
        if (unread.size() == MAX_UNREAD) {
            return false;
        }
        unread.add(new Datagram(frame.source(), ByteBuffer.wrap(frame.payload()).asReadOnlyBuffer()));
        readable.run();
        return true;
    }

    @Override
    public void close() {
        hub.closed(this);
    }
}
