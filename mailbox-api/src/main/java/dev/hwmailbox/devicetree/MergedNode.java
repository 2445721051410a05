// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.devicetree;

import dev.hwmailbox.devicetree.DeviceTreeException.Code;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/** A node of the base while overlays are merged into it. Made only for nodes on which an overlay has an effect. */
final class MergedNode {
    private final NodeBuilder builder;
    private final @Nullable MergedNode parent;
    private final Map<String, MergedNode> children = new HashMap<>();

    /** The first child of each name without unit address; made when first asked for, as not every node is. */
    private @Nullable Map<String, NodeBuilder> byBaseName;

    private MergedNode(NodeBuilder builder, @Nullable MergedNode parent) {
        this.builder = builder;
        this.parent = parent;
    }

    static MergedNode root(NodeBuilder builder) {
        return new MergedNode(builder, null);
    }

    /** The child of exactly this name, or else, if it has no unit address, the first that has it before its own. */
    @Nullable
    MergedNode child(String name) {
        NodeBuilder child = builder.children().get(name);
        if (child == null && name.indexOf('@') < 0) {
            child = byBaseName().get(name);
        }
        return child == null ? null : known(child);
    }

    private Map<String, NodeBuilder> byBaseName() {
        Map<String, NodeBuilder> known = byBaseName;
        if (known == null) {
            known = new HashMap<>();
            for (NodeBuilder child : builder.children().values()) {
                known.putIfAbsent(NodePaths.withoutUnitAddress(child.name()), child);
            }
            byBaseName = known;
        }
        return known;
    }

    /** The child of exactly this name, made if it is not there. */
    MergedNode childOrNew(String name) {
        NodeBuilder child = builder.children().get(name);
        return child == null ? add(name) : known(child);
    }

    private MergedNode add(String name) {
        if (!Names.isNodeName(name)) {
            throw DeviceTreeException.inTree(Code.BAD_NAME, path(), null, Names.badNode(name, path()));
        }
        NodeBuilder child = NodeBuilder.named(name);
        builder.children().put(name, child);
        if (byBaseName != null) {
            byBaseName.putIfAbsent(NodePaths.withoutUnitAddress(name), child);
        }
        return known(child);
    }

    private MergedNode known(NodeBuilder child) {
        return children.computeIfAbsent(child.name(), name -> new MergedNode(child, this));
    }

    @Nullable
    Property property(String name) {
        return builder.properties().get(name);
    }

    void set(Property property) {
        builder.properties().put(property.name(), property);
    }

    OptionalInt phandle() {
        return OverlayValues.phandle(property("phandle"), property("linux,phandle"));
    }

    /** How many characters the path has. Known before the path is made, since names can be of any length. */
    long pathLength() {
        long length = 0;
        for (MergedNode node = this; node.parent != null; node = node.parent) {
            length += 1 + node.builder.name().length();
        }
        return Math.max(1, length);
    }

    String path() {
        Deque<String> names = new ArrayDeque<>();
        for (MergedNode node = this; node.parent != null; node = node.parent) {
            names.addFirst(node.builder.name());
        }
        return "/" + String.join("/", names);
    }

    String pathOf(String child) {
        return parent == null ? "/" + child : path() + "/" + child;
    }
}
