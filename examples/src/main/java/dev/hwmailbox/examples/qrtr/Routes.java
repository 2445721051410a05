// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.qrtr;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Which link leads to which node. Ours: a node belongs to the link that named it first, until that link is lost. */
final class Routes {
    /** Nodes that are remembered; packets of further ones are refused. */
    static final int MAX_NODES = 512;

    private final int self;
    private final Map<Integer, Link> links = new LinkedHashMap<>();

    Routes(int self) {
        this.self = self;
    }

    @Nullable
    Link to(int node) {
        return links.get(node);
    }

    /** Learns, or says why not. */
    Optional<Refusal> learn(int node, Link link) {
        Link known = links.get(node);
        if (node == self || node == Address.BROADCAST || (known != null && known != link)) {
            return Optional.of(Refusal.SPOOFED_NODE);
        }
        if (known == null && links.size() == MAX_NODES) {
            return Optional.of(Refusal.NODES_FULL);
        }
        links.put(node, link);
        return Optional.empty();
    }

    void forget(int node) {
        links.remove(node);
    }

    List<Integer> behind(Link link) {
        List<Integer> nodes = new ArrayList<>();
        links.forEach((node, way) -> {
            if (way == link) {
                nodes.add(node);
            }
        });
        return nodes;
    }

    List<Integer> nodes() {
        return links.keySet().stream().sorted().toList();
    }
}
