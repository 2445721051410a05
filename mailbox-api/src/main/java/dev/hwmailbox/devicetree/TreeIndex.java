// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.devicetree;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The nodes below a root, in document order and by phandle. */
final class TreeIndex {
    private final List<Node> nodes;
    private final Map<Integer, Node> byPhandle;

    TreeIndex(Node root) {
        var inOrder = new ArrayList<Node>();
        collect(root, inOrder);
        inOrder.trimToSize();
        nodes = Collections.unmodifiableList(inOrder);
        Map<Integer, Node> first = new HashMap<>();
        nodes.forEach(node -> node.phandle().ifPresent(phandle -> first.putIfAbsent(phandle, node)));
        byPhandle = Map.copyOf(first);
    }

    private static void collect(Node node, List<Node> nodes) {
        nodes.add(node);
        node.children().forEach(child -> collect(child, nodes));
    }

    List<Node> nodes() {
        return nodes;
    }

    /** The first node in document order that has the number. */
    @Nullable
    Node byPhandle(int phandle) {
        return byPhandle.get(phandle);
    }
}
