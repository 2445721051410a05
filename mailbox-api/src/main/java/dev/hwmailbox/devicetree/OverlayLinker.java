// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.devicetree;

import dev.hwmailbox.devicetree.DeviceTreeException.Code;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import org.jspecify.annotations.Nullable;

/** Gives the nodes of a new overlay their phandles, and writes down who refers to whom. */
final class OverlayLinker {
    private final DeviceTree overlay;
    private final Map<String, String> pathsByLabel;
    private final Map<String, List<String>> labelsByPath;
    private final Map<String, Map<String, SortedMap<Integer, String>>> references;

    private final Map<String, Integer> phandlesByPath = new HashMap<>();
    private final Map<Integer, String> pathsByPhandle = new HashMap<>();
    private int lastPhandle;

    private final NodeBuilder symbols = NodeBuilder.named("__symbols__");
    private final Map<String, List<String>> fixups = new LinkedHashMap<>();
    private final NodeBuilder localFixups = NodeBuilder.named("__local_fixups__");

    OverlayLinker(
            DeviceTree overlay,
            Map<String, String> pathsByLabel,
            Map<String, List<String>> labelsByPath,
            Map<String, Map<String, SortedMap<Integer, String>>> references) {
        this.overlay = overlay;
        this.pathsByLabel = pathsByLabel;
        this.labelsByPath = labelsByPath;
        this.references = references;
    }

    DeviceTree link() {
        overlay.nodes().forEach(this::takeChosenPhandle);
        overlay.nodes().forEach(this::numberReferredNodes);
        overlay.nodes().stream()
                .map(Node::path)
                .filter(labelsByPath::containsKey)
                .forEach(this::phandle);
        NodeBuilder root = NodeBuilder.from(overlay.root());
        finish(root, "");
        addPart(root, symbols.build());
        addPart(root, fixups());
        addPart(root, localFixups.build());
        return overlay.withRoot(root.build());
    }

    private void takeChosenPhandle(Node node) {
        for (Property property : node.properties()) {
            if (OverlayValues.isPhandle(property)) {
                checkPhandle(node.path(), property);
            }
        }
        node.phandle().ifPresent(phandle -> phandlesByPath.put(node.path(), phandle));
    }

    private void checkPhandle(String path, Property property) {
        if (property.length() != Integer.BYTES || property.u32() == 0 || property.u32() == -1) {
            throw badPhandle(path, property, "is no phandle");
        }
        String other = pathsByPhandle.put(property.u32(), path);
        if (other != null && !other.equals(path)) {
            throw badPhandle(path, property, "is the phandle of " + other);
        }
    }

    private static DeviceTreeException badPhandle(String path, Property property, String fact) {
        String reason = "%s: %s %s %s".formatted(path, property.name(), property.valueText(), fact);
        return DeviceTreeException.inTree(Code.BAD_PHANDLE, path, property.name(), reason);
    }

    private void numberReferredNodes(Node node) {
        var fromNode = references.getOrDefault(node.path(), Map.of());
        for (Property property : node.properties()) {
            for (String label : labels(fromNode.get(property.name()))) {
                String own = pathsByLabel.get(label);
                if (own != null) {
                    phandle(own);
                }
            }
        }
    }

    private static Iterable<String> labels(@Nullable SortedMap<Integer, String> places) {
        return places == null ? List.of() : places.values();
    }

    /** The phandle of a node, which gets the next free one if it has none. */
    private int phandle(String path) {
        return phandlesByPath.computeIfAbsent(path, unnumbered -> {
            do {
                lastPhandle++;
            } while (pathsByPhandle.putIfAbsent(lastPhandle, path) != null);
            return lastPhandle;
        });
    }

    private void finish(NodeBuilder node, String path) {
        labelsByPath.getOrDefault(path, List.of()).forEach(label -> symbols.property(label, path));
        var fromNode = references.getOrDefault(path, Map.of());
        for (Property property : List.copyOf(node.properties().values())) {
            var places = fromNode.get(property.name());
            if (places != null) {
                node.bytes(property.name(), linked(path, property, places));
            }
        }
        Integer phandle = phandlesByPath.get(path);
        if (phandle != null && !node.properties().containsKey("phandle")) {
            node.property("phandle", phandle);
        }
        for (NodeBuilder child : node.children().values()) {
            finish(child, path + "/" + child.name());
        }
    }

    /** The value with the phandles or placeholders that its places are to hold. */
    private byte[] linked(String path, Property property, SortedMap<Integer, String> places) {
        ByteBuffer value = ByteBuffer.allocate(property.length()).put(property.bytes());
        List<Integer> ownPlaces = new ArrayList<>();
        places.forEach((offset, label) -> {
            String own = pathsByLabel.get(label);
            if (own != null) {
                value.putInt(offset, phandle(own));
                ownPlaces.add(offset);
            } else {
                value.putInt(offset, OverlayFragments.PLACEHOLDER);
                fixups.computeIfAbsent(label, unused -> new ArrayList<>())
                        .add(path + ":" + property.name() + ":" + offset);
            }
        });
        if (!ownPlaces.isEmpty()) {
            localFixups(path)
                    .property(
                            property.name(),
                            ownPlaces.stream().mapToInt(Integer::intValue).toArray());
        }
        return value.array();
    }

    private NodeBuilder localFixups(String path) {
        NodeBuilder same = localFixups;
        for (String name : NodePaths.names(path)) {
            same = same.children().computeIfAbsent(name, NodeBuilder::named);
        }
        return same;
    }

    private Node fixups() {
        NodeBuilder node = NodeBuilder.named("__fixups__");
        fixups.forEach((label, places) -> node.property(label, places.toArray(String[]::new)));
        return node.build();
    }

    private static void addPart(NodeBuilder root, Node part) {
        if (!part.properties().isEmpty() || !part.children().isEmpty()) {
            root.child(part.name(), empty -> empty.merge(part));
        }
    }
}
