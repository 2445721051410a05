// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.qrtr;

import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** The servers of all nodes, one for a port. */
final class ServerTable {
    /** Servers of one node; a further one is refused. */
    static final int MAX_SERVERS = 256;

    private final Map<Integer, Map<Integer, Server>> nodes = new TreeMap<>();

    /** Puts one in place of the port's old one; false if its node has too many. */
    boolean put(Server server) {
        Address at = server.address();
        Map<Integer, Server> servers = nodes.computeIfAbsent(at.node(), node -> new TreeMap<>());
        if (servers.size() == MAX_SERVERS && !servers.containsKey(at.port())) {
            return false;
        }
        servers.put(at.port(), server);
        return true;
    }

    @Nullable
    Server at(Address address) {
        return nodes.getOrDefault(address.node(), Map.of()).get(address.port());
    }

    @Nullable
    Server remove(Address address) {
        Map<Integer, Server> servers = nodes.get(address.node());
        return servers == null ? null : servers.remove(address.port());
    }

    List<Server> removeNode(int node) {
        Map<Integer, Server> servers = nodes.remove(node);
        return servers == null ? List.of() : List.copyOf(servers.values());
    }

    List<Server> of(int node) {
        return List.copyOf(nodes.getOrDefault(node, Map.of()).values());
    }

    List<Server> all() {
        return nodes.values().stream()
                .map(Map::values)
                .flatMap(Collection::stream)
                .toList();
    }
}
