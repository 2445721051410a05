// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.qrtr;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A port of this node: sends, receives, offers and looks for services. Never blocks. */
final class Port implements AutoCloseable {
    /** Unread packets of one node; further ones are more than flow control allows, and refused. */
    static final int MAX_UNREAD = 16;

    private final Node node;
    private final Address address;
    private final PortListener listener;
    private final Deque<Packet> unread = new ArrayDeque<>();
    private final Map<Integer, Integer> unreadOf = new HashMap<>();
    private boolean closed;

    Port(Node node, int number, PortListener listener) {
        this.node = node;
        this.listener = listener;
        address = new Address(node.id(), number);
    }

    Address address() {
        return address;
    }

    /**
     * Sends a packet.
     *
     * @return 0; {@code -EAGAIN} if the destination must read first and {@code -ENOBUFS} if the link is full, both told
     *     {@linkplain PortListener#writable when that is over}; {@code -ENODEV} if nobody knows the node,
     *     {@code -EMSGSIZE} if it is empty or too large, {@code -ESHUTDOWN} if the port is closed
     */
    int send(Address destination, byte[] bytes) {
        return node.send(this, destination, bytes);
    }

    /** Takes the oldest packet; its sender is told to go on if it asked. */
    @Nullable
    Packet receive() {
        Packet packet = unread.poll();
        if (packet != null) {
            unreadOf.merge(packet.source().node(), -1, (a, b) -> a + b == 0 ? null : a + b);
            node.consumed(this, packet);
        }
        return packet;
    }

    /** Offers a service here, in place of one offered before; 0 or {@code -ENOSPC}. */
    int publish(int service, int instance) {
        return node.names().publish(new Server(service, instance, address));
    }

    void unpublish() {
        node.names().unpublish(address);
    }

    /** Looks for services, 0 for any; 0 or {@code -ENOSPC}. */
    int lookup(int service, int instance) {
        return node.names().lookup(this, service, instance);
    }

    void endLookup(int service, int instance) {
        node.names().endLookup(this, service, instance);
    }

    boolean isClosed() {
        return closed;
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            node.closed(this);
        }
    }

    void dropUnread(int node) {
        unread.removeIf(packet -> packet.source().node() == node);
        unreadOf.remove(node);
    }

    boolean deliver(Packet packet) {
        int others = unreadOf.getOrDefault(packet.source().node(), 0);
        if (others == MAX_UNREAD) {
            return false;
        }
        unreadOf.put(packet.source().node(), others + 1);
        unread.add(packet);
        listener.readable(this);
        return true;
    }

    void tell(ControlPacket news) {
        if (!closed) {
            listener.told(this, news);
        }
    }

    void tellWritable(Address destination) {
        if (!closed) {
            listener.writable(this, destination);
        }
    }

    void tellBroken(Address destination) {
        if (!closed) {
            listener.brokenPipe(this, destination);
        }
    }
}
