// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.devicetree;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The tree while its source is being read: it changes, nodes have labels, and values have references in them. */
final class SourceTree {
    final SourceNode root = new SourceNode(null, "", 0);
    final List<MemoryReservation> memoryReservations = new ArrayList<>();
    final Map<String, SourceNode> labels = new HashMap<>();

    /** Labels of properties and inside values: nothing can refer to them, but no other label may be the same. */
    final Map<String, SourceProperty> otherLabels = new HashMap<>();

    boolean isPlugin;

    /** Where in a value the phandle (in a cell) or the path of a node belongs; a target with a slash is a path. */
    record Reference(String target, int position, int offset, boolean isCell) {}

    static final class SourceProperty {
        final String name;
        final int position;
        final List<String> labels;
        final List<Reference> references;
        byte[] value;

        /** The block in which it was written. */
        final int block;

        SourceProperty(
                String name, int position, int block, byte[] value, List<Reference> references, List<String> labels) {
            this.name = name;
            this.position = position;
            this.block = block;
            this.value = value;
            this.references = references;
            this.labels = labels;
        }
    }

    static final class SourceNode {
        final @Nullable SourceNode parent;
        final String name;
        final int position;
        final int level;
        final Map<String, SourceProperty> properties = new LinkedHashMap<>();
        final Map<String, SourceNode> children = new LinkedHashMap<>();
        final List<String> labels = new ArrayList<>(0);

        /** The last block in which it was written as a child. */
        int block;

        boolean isOmittedIfNotReferred;
        boolean isReferred;
        boolean isGone;

        /** 0 as long as it has none. */
        int phandle;

        SourceNode(@Nullable SourceNode parent, String name, int position) {
            this.parent = parent;
            this.name = name;
            this.position = position;
            this.level = parent == null ? 1 : parent.level + 1;
        }

        String path() {
            var path = new StringBuilder();
            appendPath(path);
            return path.isEmpty() ? "/" : path.toString();
        }

        private void appendPath(StringBuilder path) {
            if (parent != null) {
                parent.appendPath(path);
                path.append('/').append(name);
            }
        }

        void set(String propertyName, byte[] value) {
            properties.put(propertyName, new SourceProperty(propertyName, position, 0, value, List.of(), List.of()));
        }

        SourceNode childOrNew(String childName) {
            return children.computeIfAbsent(childName, absent -> new SourceNode(this, absent, position));
        }

        void forEach(Consumer<SourceNode> action) {
            action.accept(this);
            children.values().forEach(child -> child.forEach(action));
        }
    }

    /** The node of a label, or of a path from the root, with all names written out; null if there is none. */
    @Nullable
    SourceNode find(String target) {
        if (!target.startsWith("/")) {
            return labels.get(target);
        }
        SourceNode node = root;
        int start = 1;
        while (node != null && start < target.length()) {
            int slash = target.indexOf('/', start);
            int end = slash < 0 ? target.length() : slash;
            node = node.children.get(target.substring(start, end));
            start = end + 1;
        }
        return node;
    }

    /** Takes a node out of the tree, with all below and their labels. */
    void remove(SourceNode node) {
        if (node.parent != null) {
            node.parent.children.remove(node.name);
        }
        node.forEach(gone -> {
            gone.isGone = true;
            gone.labels.forEach(labels::remove);
            gone.properties.values().forEach(this::forgetLabels);
        });
    }

    void forgetLabels(SourceProperty property) {
        property.labels.forEach(otherLabels::remove);
    }

    DeviceTree build() {
        NodeBuilder builder = NodeBuilder.root();
        fill(builder, root);
        return DeviceTree.of(builder.build(), memoryReservations, 0);
    }

    private static void fill(NodeBuilder builder, SourceNode node) {
        node.properties.values().forEach(property -> builder.bytes(property.name, property.value));
        node.children.values().forEach(child -> builder.child(child.name, below -> fill(below, child)));
    }
}
