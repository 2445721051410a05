// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.devicetree;

import dev.hwmailbox.devicetree.DeviceTreeException.Code;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Refuses trees that have no source: blobs may hold more than the language can say. */
final class PrintableTree {
    private final Map<Integer, Node> byPhandle = new HashMap<>();

    private PrintableTree() {}

    static void check(DeviceTree tree) {
        var check = new PrintableTree();
        for (Node node : tree.nodes()) {
            check.names(node);
            check.phandles(node);
        }
    }

    private void names(Node node) {
        if (node.parent() != null && !SourceNames.isNodeName(node.name())) {
            throw DeviceTreeException.inTree(
                    Code.BAD_NAME,
                    node.path(),
                    null,
                    "source has no words for "
                            + Names.badNode(node.name(), node.parent().path()));
        }
        for (Property property : node.properties()) {
            if (!SourceNames.isPropertyName(property.name())) {
                throw DeviceTreeException.inTree(
                        Code.BAD_NAME,
                        node.path(),
                        property.name(),
                        "source has no words for " + Names.badProperty(property.name(), node.path()));
            }
        }
    }

    private void phandles(Node node) {
        int phandle = 0;
        for (String name : List.of("phandle", "linux,phandle")) {
            Property property = node.property(name).orElse(null);
            if (property == null) {
                continue;
            }
            int value = property.length() == Integer.BYTES ? property.u32() : 0;
            Node other = byPhandle.putIfAbsent(value, node);
            if (value == 0 || value == -1 || (phandle != 0 && phandle != value) || (other != null && other != node)) {
                throw DeviceTreeException.inTree(
                        Code.BAD_PHANDLE,
                        node.path(),
                        name,
                        node.path() + ": " + name + " is no phandle of this node alone, which source has to have");
            }
            phandle = value;
        }
    }
}
