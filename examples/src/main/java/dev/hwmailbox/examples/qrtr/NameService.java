// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.qrtr;

import dev.hwmailbox.Errno;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Knows who offers what where, and tells who looks for it: net/qrtr/ns.c (Linux 6.12).
 *
 * <p>Ours: it remembers to which links its HELLO went out. By the public source each HELLO is answered with a HELLO, so
 * that two such name services would greet each other for ever. Ours also: a greeted link is told of the servers behind
 * other links, for which this node speaks.
 */
final class NameService {
    /** Lookups of this node; a further one is refused. */
    static final int MAX_LOOKUPS = 64;

    private record Lookup(Port port, int service, int instance) {}

    private final Node node;
    private final boolean remembersHello;
    private final ServerTable servers = new ServerTable();
    private final List<Lookup> lookups = new ArrayList<>();
    private final Set<Link> greeted = new HashSet<>();

    NameService(Node node, boolean remembersHello) {
        this.node = node;
        this.remembersHello = remembersHello;
    }

    List<Server> servers() {
        return servers.all();
    }

    int publish(Server server) {
        Server old = servers.at(server.address());
        if (!servers.put(server)) {
            return -Errno.ENOSPC;
        }
        if (old != null && !old.equals(server)) {
            tellLookups(PacketType.DEL_SERVER, old);
        }
        node.broadcast(ControlPacket.server(PacketType.NEW_SERVER, server));
        tellLookups(PacketType.NEW_SERVER, server);
        return 0;
    }

    void unpublish(Address address) {
        Server server = servers.remove(address);
        if (server != null) {
            node.broadcast(ControlPacket.server(PacketType.DEL_SERVER, server));
            tellLookups(PacketType.DEL_SERVER, server);
        }
    }

    int lookup(Port port, int service, int instance) {
        if (lookups.size() == MAX_LOOKUPS) {
            return -Errno.ENOSPC;
        }
        lookups.add(new Lookup(port, service, instance));
        for (Server server : servers.all()) {
            if (server.matches(service, instance)) {
                port.tell(ControlPacket.server(PacketType.NEW_SERVER, server));
            }
        }
        port.tell(ControlPacket.plain(PacketType.NEW_SERVER));
        return 0;
    }

    void endLookup(Port port, int service, int instance) {
        lookups.remove(new Lookup(port, service, instance));
    }

    /** A port of this node is closed. */
    void portClosed(Port port) {
        lookups.removeIf(lookup -> lookup.port == port);
        unpublish(port.address());
        ControlPacket news = clientGone(port.address());
        node.broadcast(news);
        tellServers(news);
    }

    void linkUp(Link link) {
        greet(link);
    }

    void linkDown(Link link) {
        greeted.remove(link);
    }

    /** The other side of a link ends, or speaks for one that does: its next HELLO may be a new life's. */
    void bye(Link from) {
        greeted.remove(from);
    }

    /** A node is gone. */
    void nodeGone(int gone) {
        servers.removeNode(gone).forEach(server -> tellLookups(PacketType.DEL_SERVER, server));
        tellServers(ControlPacket.client(PacketType.BYE, gone, 0));
    }

    void hello(Link from, List<Integer> behind) {
        if (!remembersHello || !greeted.contains(from)) {
            greet(from);
        }
        for (Server server : servers.all()) {
            if (!behind.contains(server.address().node())) {
                node.sendControl(from, Address.EVERYWHERE, ControlPacket.server(PacketType.NEW_SERVER, server));
            }
        }
    }

    /** A server of another node; false if that has too many. */
    boolean remoteServer(Server server) {
        Server old = servers.at(server.address());
        if (!servers.put(server)) {
            return false;
        }
        if (!server.equals(old)) {
            if (old != null) {
                tellLookups(PacketType.DEL_SERVER, old);
            }
            tellLookups(PacketType.NEW_SERVER, server);
        }
        return true;
    }

    void remoteServerGone(Address address) {
        Server server = servers.remove(address);
        if (server != null) {
            tellLookups(PacketType.DEL_SERVER, server);
        }
    }

    void remoteClientGone(Address client) {
        remoteServerGone(client);
        tellServers(clientGone(client));
    }

    private void greet(Link link) {
        greeted.add(link);
        node.sendControl(link, Address.EVERYWHERE, ControlPacket.plain(PacketType.HELLO));
    }

    private void tellLookups(PacketType type, Server server) {
        for (Lookup lookup : List.copyOf(lookups)) {
            if (server.matches(lookup.service, lookup.instance)) {
                lookup.port.tell(ControlPacket.server(type, server));
            }
        }
    }

    private void tellServers(ControlPacket news) {
        servers.of(node.id()).forEach(server -> node.tell(server.address().port(), news));
    }

    private static ControlPacket clientGone(Address client) {
        return ControlPacket.client(PacketType.DEL_CLIENT, client.node(), client.port());
    }
}
