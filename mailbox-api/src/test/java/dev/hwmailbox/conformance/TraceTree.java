// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.conformance;

import com.fasterxml.jackson.databind.JsonNode;
import dev.hwmailbox.devicetree.DeviceTree;
import dev.hwmailbox.devicetree.Node;
import dev.hwmailbox.devicetree.NodeBuilder;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The devicetree of a trace: every node of its header, below the root. */
final class TraceTree {
    /** More nodes than any header has, so a phandle that nobody has. */
    private static final int NOBODY = 0x7fff_ffff;

    private final DeviceTree tree;

    TraceTree(JsonNode nodes) {
        List<String> names = new ArrayList<>();
        nodes.fieldNames().forEachRemaining(names::add);
        NodeBuilder root = NodeBuilder.root();
        for (String name : names) {
            root.child(name, node -> describe(node.property("phandle", phandle(names, name)), nodes.get(name), names));
        }
        tree = DeviceTree.of(root.build());
    }

    private static void describe(NodeBuilder node, JsonNode properties, List<String> names) {
        if (properties.has("cells")) {
            node.property("#mbox-cells", properties.get("cells").intValue());
        }
        if (properties.has("mboxes")) {
            List<Integer> cells = new ArrayList<>();
            properties
                    .get("mboxes")
                    .forEach(cell -> cells.add(
                            cell.isTextual() ? phandle(names, cell.asText().substring(1)) : (int) cell.longValue()));
            node.property("mboxes", cells.stream().mapToInt(cell -> cell).toArray());
        }
        if (properties.has("names")) {
            List<String> present = new ArrayList<>();
            properties.get("names").forEach(name -> present.add(name.asText()));
            node.property("mbox-names", present.toArray(String[]::new));
        }
    }

    private static int phandle(List<String> names, String name) {
        int position = names.indexOf(name);
        return position < 0 ? NOBODY : position + 1;
    }

    /** The node of a device; null for a device without one. */
    @Nullable
    Node node(@Nullable String name) {
        return name == null || name.isEmpty() ? null : tree.find("/" + name).orElseThrow();
    }
}
