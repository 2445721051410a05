// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.devicetree;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Finds nodes of one tree by path, many times: a name without unit address takes {@link Node#child} a walk over all
 * children, which an overlay could ask for as often as it has fragments.
 */
final class NodePaths {
    /** Most children that are looked at one by one. */
    private static final int FEW = 8;

    private final Node root;
    private final Map<Node, Map<String, Node>> wide = new HashMap<>();

    NodePaths(Node root) {
        this.root = root;
    }

    /** The node of an absolute path, or null. */
    @Nullable
    Node find(String path) {
        if (!path.startsWith("/")) {
            return null;
        }
        Node node = root;
        for (String name : names(path)) {
            Node child = child(node, name);
            if (child == null) {
                return null;
            }
            node = child;
        }
        return node;
    }

    /** What {@link Node#child} finds. */
    @Nullable
    Node child(Node parent, String name) {
        if (parent.children().size() <= FEW || name.indexOf('@') >= 0) {
            return parent.child(name).orElse(null);
        }
        return wide.computeIfAbsent(parent, NodePaths::byName).get(name);
    }

    private static Map<String, Node> byName(Node parent) {
        Map<String, Node> byName = new HashMap<>();
        parent.children().forEach(child -> byName.put(child.name(), child));
        parent.children().forEach(child -> byName.putIfAbsent(withoutUnitAddress(child.name()), child));
        return byName;
    }

    static String withoutUnitAddress(String name) {
        int at = name.indexOf('@');
        return at < 0 ? name : name.substring(0, at);
    }

    /** The names between the slashes; as in libfdt, slashes may be repeated and end the path. */
    static List<String> names(String path) {
        List<String> names = new ArrayList<>();
        int begin = 0;
        while (begin < path.length()) {
            int slash = path.indexOf('/', begin);
            int end = slash < 0 ? path.length() : slash;
            if (end > begin) {
                names.add(path.substring(begin, end));
            }
            begin = end + 1;
        }
        return names;
    }
}
