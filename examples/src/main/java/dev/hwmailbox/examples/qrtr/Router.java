// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.qrtr;

import java.util.List;
import java.util.Optional;

/**
 * What to do with a packet that came over a link: for this node, for one behind another link, or for all.
 *
 * <p>Ours: news about servers, ports and nodes goes on to all other links as it came, so that the nodes behind them
 * know. A node with one link, such as a guest's, never does that.
 */
final class Router {
    private final Node node;
    private final Routes routes;
    private final NameService names;
    private final Flows flows;
    private final Counters counters;

    Router(Node node, Routes routes, NameService names, Flows flows, Counters counters) {
        this.node = node;
        this.routes = routes;
        this.names = names;
        this.flows = flows;
        this.counters = counters;
    }

    void received(Link from, Packet packet) {
        Optional<Refusal> refusal = routes.learn(packet.source().node(), from);
        if (refusal.isPresent()) {
            counters.refuse(refusal.get());
            return;
        }
        int to = packet.destination().node();
        if (to == node.id() || to == Address.BROADCAST) {
            local(from, packet);
        } else {
            forward(from, packet);
        }
    }

    private void forward(Link from, Packet packet) {
        Link link = routes.to(packet.destination().node());
        if (link == null || link == from) {
            counters.refuse(Refusal.NO_ROUTE);
        } else {
            node.send(link, packet);
        }
    }

    private void local(Link from, Packet packet) {
        ControlPacket content = packet.toControl();
        switch (packet.type()) {
            case HELLO -> names.hello(from, routes.behind(from));
            case NEW_SERVER -> newServer(from, packet, content.toServer());
            case DEL_SERVER -> delServer(from, packet, content.toServer().address());
            case DEL_CLIENT -> delClient(from, packet, content.toClient());
            case BYE -> {
                names.bye(from);
                gone(packet.source().node());
                node.flood(from, packet);
            }
            case RESUME_TX -> resume(packet, content.toClient());
            case DATA -> node.deliver(packet);
            case NEW_LOOKUP, DEL_LOOKUP -> counters.refuse(Refusal.FOREIGN_LOOKUP);
            default -> {} // EXIT and PING say nothing
        }
    }

    private void newServer(Link from, Packet packet, Server server) {
        Optional<Refusal> refusal = routes.learn(server.address().node(), from);
        if (refusal.isPresent()) {
            counters.refuse(refusal.get());
        } else if (names.remoteServer(server)) {
            node.flood(from, packet);
        } else {
            counters.refuse(Refusal.SERVERS_FULL);
        }
    }

    private void delServer(Link from, Packet packet, Address address) {
        if (routes.to(address.node()) != from) {
            counters.refuse(Refusal.SPOOFED_NODE);
            return;
        }
        names.remoteServerGone(address);
        node.flood(from, packet);
    }

    private void delClient(Link from, Packet packet, Address client) {
        if (client.node() != packet.source().node()) {
            counters.refuse(Refusal.SPOOFED_NODE);
            return;
        }
        names.remoteClientGone(client);
        flows.end(client);
        node.flood(from, packet);
    }

    private void resume(Packet packet, Address client) {
        if (client.node() != packet.source().node()) {
            counters.refuse(Refusal.SPOOFED_NODE);
        } else {
            flows.resume(client);
        }
    }

    /** A link is lost: all others are told of each node behind it, in that node's name. */
    void lost(List<Integer> nodes) {
        for (int each : nodes) {
            gone(each);
            node.flood(null, Packet.control(each, Address.EVERYWHERE, ControlPacket.client(PacketType.BYE, each, 0)));
        }
    }

    private void gone(int gone) {
        routes.forget(gone);
        node.dropUnread(gone);
        names.nodeGone(gone);
        flows.endNodes(each -> each == gone);
    }
}
