// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.qrtr;

import dev.hwmailbox.Errno;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * A node: its ports, and its links to other nodes. What goes to neither of its ports is what {@link Router} is for.
 *
 * <p>Context: its VM's scheduler; calls from elsewhere are not allowed.
 */
final class Node {
    /** First of the ports that are given out automatically. */
    static final int FIRST_AUTOMATIC = 0x4000;

    /** Last of them. */
    static final int LAST_AUTOMATIC = 0x7FFF;

    private final int id;
    private final Routes routes;
    private final Flows flows = new Flows();
    private final Counters counters = new Counters();
    private final NameService names;
    private final Router router;
    private final Set<Link> links = new LinkedHashSet<>();
    private final TreeMap<Integer, Port> ports = new TreeMap<>();

    Node(int id) {
        this(id, true);
    }

    Node(int id, boolean remembersHello) {
        this.id = id;
        routes = new Routes(id);
        names = new NameService(this, remembersHello);
        router = new Router(this, routes, names, flows, counters);
    }

    int id() {
        return id;
    }

    NameService names() {
        return names;
    }

    Counters counters() {
        return counters;
    }

    Flows flows() {
        return flows;
    }

    List<Integer> neighbours() {
        return routes.nodes();
    }

    /** Opens an automatic port; null if all are in use. */
    @Nullable
    Port open(PortListener listener) {
        for (int number = FIRST_AUTOMATIC; number <= LAST_AUTOMATIC; number++) {
            if (!ports.containsKey(number)) {
                return openAt(number, listener);
            }
        }
        return null;
    }

    /** Opens a port; null if it is in use or the control port. */
    @Nullable
    Port openAt(int number, PortListener listener) {
        if (number == Address.CONTROL_PORT || ports.containsKey(number)) {
            return null;
        }
        var port = new Port(this, number, listener);
        ports.put(number, port);
        return port;
    }

    void linkUp(Link link) {
        if (links.add(link)) {
            names.linkUp(link);
        }
    }

    /** The link is lost, and with it all nodes behind. */
    void linkDown(Link link) {
        if (links.remove(link)) {
            names.linkDown(link);
            router.lost(routes.behind(link));
        }
    }

    void received(Link from, Packet packet) {
        if (links.contains(from)) {
            router.received(from, packet);
        }
    }

    /** Packets of a former life are not read as the next one's. */
    void dropUnread(int gone) {
        ports.values().forEach(port -> port.dropUnread(gone));
    }

    void linkWritable() {
        flows.linkWritable();
    }

    int send(Port port, Address destination, byte[] bytes) {
        if (port.isClosed()) {
            return -Errno.ESHUTDOWN;
        }
        if (bytes.length == 0) {
            return -Errno.EMSGSIZE;
        }
        if (destination.node() == id) {
            return toOwnPort(port, data(port, destination, false, bytes));
        }
        Link link = routes.to(destination.node());
        if (link == null) {
            return -Errno.ENODEV;
        }
        FlowControl flow = flows.to(destination);
        if (flow.mustWait()) {
            flows.waitFor(destination, port);
            return -Errno.EAGAIN;
        }
        boolean confirm = flow.confirmsNext();
        int result = link.send(data(port, destination, confirm, bytes));
        flow.sent(confirm, result == 0);
        if (result == -Errno.ENOBUFS) {
            flows.waitFor(destination, port);
        }
        return result;
    }

    private int toOwnPort(Port from, Packet packet) {
        Port to = ports.get(packet.destination().port());
        if (to == null) {
            return -Errno.ENODEV;
        }
        if (!to.deliver(packet)) {
            flows.waitFor(packet.destination(), from);
            return -Errno.ENOBUFS;
        }
        return 0;
    }

    private static Packet data(Port port, Address destination, boolean confirm, byte[] bytes) {
        return new Packet(PacketType.DATA, port.address(), destination, confirm, bytes.clone());
    }

    void consumed(Port port, Packet packet) {
        if (packet.source().node() == id) {
            flows.resume(port.address());
        }
        Link link = routes.to(packet.source().node());
        if (packet.confirmRx() && link != null) {
            ControlPacket resume = ControlPacket.client(
                    PacketType.RESUME_TX, id, port.address().port());
            send(link, new Packet(PacketType.RESUME_TX, port.address(), packet.source(), false, resume.encode()));
        }
    }

    void closed(Port port) {
        ports.remove(port.address().port());
        flows.closed(port);
        names.portClosed(port);
    }

    void tell(int number, ControlPacket news) {
        Port port = ports.get(number);
        if (port != null) {
            port.tell(news);
        }
    }

    void deliver(Packet packet) {
        Port port = ports.get(packet.destination().port());
        if (port == null) {
            counters.refuse(Refusal.NO_PORT);
        } else if (!port.deliver(packet)) {
            counters.refuse(Refusal.UNREAD);
        }
    }

    void broadcast(ControlPacket news) {
        flood(null, Packet.control(id, Address.EVERYWHERE, news));
    }

    void sendControl(Link link, Address destination, ControlPacket content) {
        send(link, Packet.control(id, destination, content));
    }

    void flood(@Nullable Link except, Packet packet) {
        for (Link link : new ArrayList<>(links)) {
            if (link != except) {
                send(link, packet);
            }
        }
    }

    void send(Link link, Packet packet) {
        if (link.send(packet) < 0) {
            counters.refuse(Refusal.LINK_FULL);
        }
    }
}
