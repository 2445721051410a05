// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.devicetree;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The base as merged so far, with the lookups that fragments need; what they add is found by later ones. */
final class MergedTree {
    /**
     * Longest path of an alias that is followed, and of a label that is written. Names have no limit, and one long
     * path could be asked for by every few bytes of an overlay.
     */
    static final int MAX_PATH = 4096;

    private final DeviceTree base;
    private final NodeBuilder builder;
    private final MergedNode root;
    private final Map<Integer, Deque<MergedNode>> addedPhandles = new HashMap<>();

    /** Where aliases have led: nothing that is added later changes that. */
    private final IdentityHashMap<Property, MergedNode> aliased = new IdentityHashMap<>();

    MergedTree(DeviceTree base) {
        this.base = base;
        this.builder = NodeBuilder.from(base.root());
        this.root = MergedNode.root(builder);
    }

    MergedNode root() {
        return root;
    }

    /** The node of a path that begins with a slash or an alias, or null. */
    @Nullable
    MergedNode find(String path) {
        if (path.startsWith("/")) {
            return descend(root, path);
        }
        int slash = path.indexOf('/');
        String alias = slash < 0 ? path : path.substring(0, slash);
        MergedNode start = aliased(alias);
        return start == null || slash < 0 ? start : descend(start, path.substring(slash));
    }

    private @Nullable MergedNode aliased(String alias) {
        MergedNode aliases = root.child("aliases");
        Property path = aliases == null ? null : aliases.property(alias);
        if (path == null || path.length() == 0 || path.length() > MAX_PATH || !path.isStringList()) {
            return null;
        }
        MergedNode known = aliased.get(path);
        if (known != null) {
            return known;
        }
        String target = path.string();
        MergedNode found = target.startsWith("/") ? descend(root, target) : null;
        if (found != null) {
            aliased.put(path, found);
        }
        return found;
    }

    private static @Nullable MergedNode descend(MergedNode start, String path) {
        MergedNode node = start;
        for (String name : NodePaths.names(path)) {
            MergedNode child = node.child(name);
            if (child == null) {
                return null;
            }
            node = child;
        }
        return node;
    }

    /** Like {@link #find} for an absolute path, but makes what is not there. */
    MergedNode findOrMake(String path) {
        MergedNode node = root;
        for (String name : NodePaths.names(path)) {
            MergedNode child = node.child(name);
            node = child == null ? node.childOrNew(name) : child;
        }
        return node;
    }

    /** A node of the base that has the number, or else the first to which a fragment gave it, or null. */
    @Nullable
    MergedNode findByPhandle(int phandle) {
        Node original = base.findByPhandle(phandle).orElse(null);
        if (original != null && has(of(original), phandle)) {
            return of(original);
        }
        Deque<MergedNode> added = addedPhandles.get(phandle);
        while (added != null && !added.isEmpty()) {
            if (has(added.getFirst(), phandle)) {
                return added.getFirst();
            }
            added.removeFirst();
        }
        return null;
    }

    private static boolean has(MergedNode node, int phandle) {
        return node.phandle().orElse(0) == phandle;
    }

    private MergedNode of(Node original) {
        Node parent = original.parent();
        return parent == null ? root : of(parent).childOrNew(original.name());
    }

    /** Lays a node of the overlay over one of the base. */
    void merge(Node from, OverlayValues values, MergedNode to) {
        for (Property property : from.properties()) {
            to.set(values.current(property));
        }
        values.phandle(from)
                .ifPresent(phandle -> addedPhandles
                        .computeIfAbsent(phandle, number -> new ArrayDeque<>())
                        .add(to));
        for (Node child : from.children()) {
            MergedNode existing = to.child(child.name());
            merge(child, values, existing == null ? to.childOrNew(child.name()) : existing);
        }
    }

    DeviceTree build() {
        return base.withRoot(builder.build());
    }
}
