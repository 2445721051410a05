// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.devicetree;

import dev.hwmailbox.devicetree.DeviceTreeException.Code;
import dev.hwmailbox.devicetree.SourceTree.Reference;
import dev.hwmailbox.devicetree.SourceTree.SourceNode;
import dev.hwmailbox.devicetree.SourceTree.SourceProperty;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Puts phandles and paths in the places of the references. Explicit phandles are kept; all others are given from 1
 * upwards in the order of use, leaving out those that are taken.
 */
final class References {
    /** Most bytes of paths that are written into one tree: a long path may be referred to many times. */
    static final int MAX_PATH_BYTES = 1 << 24;

    private static final int CELL = Integer.BYTES;

    private static final List<String> PHANDLES = List.of("phandle", "linux,phandle");

    private final ExpandedSource source;
    private final SourceTree tree;
    private final Map<Integer, SourceNode> byPhandle = new HashMap<>();
    private final List<Place> places = new ArrayList<>();
    private int lastPhandle;
    private int pathBytes;

    /** Where a phandle was put into a plugin: of a node of its own, or, as a placeholder, of a label outside. */
    record Place(SourceNode node, SourceProperty property, int offset, Reference reference, boolean isOutside) {}

    private References(ExpandedSource source, SourceTree tree) {
        this.source = source;
        this.tree = tree;
    }

    /** All that follows the parsing: references, omissions, and the tables of labels. */
    static void resolve(ExpandedSource source, SourceTree tree, boolean withSymbols) {
        var references = new References(source, tree);
        tree.root.forEach(references::keepPhandle);
        tree.root.forEach(references::resolve);
        references.omit();
        var tables = new OverlayTables(source, tree, references);
        if (withSymbols) {
            tables.addSymbols();
        }
        if (tree.isPlugin) {
            tables.addFixups(references.places);
        }
        tree.root.forEach(references::addPhandle);
    }

    private void keepPhandle(SourceNode node) {
        for (String name : PHANDLES) {
            SourceProperty property = node.properties.get(name);
            if (property != null && !asksForPhandle(node, property)) {
                keepPhandle(node, property);
            }
        }
    }

    /** {@code phandle = <&self>}: the number is given when the reference is met. */
    private boolean asksForPhandle(SourceNode node, SourceProperty property) {
        return property.value.length == CELL
                && property.references.size() == 1
                && property.references.get(0).isCell()
                && tree.find(property.references.get(0).target()) == node;
    }

    private void keepPhandle(SourceNode node, SourceProperty property) {
        if (property.value.length != CELL || !property.references.isEmpty()) {
            throw bad(node, property, "a phandle is one cell with a number or a reference to the node itself");
        }
        int phandle = ByteBuffer.wrap(property.value).getInt();
        if (phandle == 0 || phandle == -1) {
            throw bad(node, property, "0x" + Integer.toHexString(phandle) + " is no phandle");
        }
        if (node.phandle != 0 && node.phandle != phandle) {
            throw bad(node, property, "phandle and linux,phandle are not the same");
        }
        SourceNode other = byPhandle.putIfAbsent(phandle, node);
        if (other != null && other != node) {
            throw bad(
                    node,
                    property,
                    "0x" + Integer.toHexString(phandle) + " is the phandle of " + SourceNames.cut(other.path()));
        }
        node.phandle = phandle;
    }

    private DeviceTreeException bad(SourceNode node, SourceProperty property, String reason) {
        return source.error(Code.BAD_PHANDLE, property.position, node.path(), property.name, reason);
    }

    private void resolve(SourceNode node) {
        node.properties.values().forEach(property -> resolve(node, property));
    }

    private void resolve(SourceNode node, SourceProperty property) {
        if (property.references.isEmpty()) {
            return;
        }
        var value = new ByteArrayOutputStream(property.value.length);
        int copied = 0;
        for (Reference reference : property.references) {
            value.write(property.value, copied, reference.offset() - copied);
            copied = reference.offset() + (reference.isCell() ? CELL : 0);
            SourceNode target = tree.find(reference.target());
            if (target != null) {
                target.isReferred = true;
            } else if (!tree.isPlugin
                    || !reference.isCell()
                    || reference.target().startsWith("/")) {
                throw noSuchTarget(node, property, reference);
            }
            if (!reference.isCell() && target != null) {
                value.writeBytes(pathOf(target, reference.position()));
            } else {
                if (!PHANDLES.contains(property.name)) {
                    // Whoever applies an overlay renumbers phandles by their name: no second time by a table.
                    places.add(new Place(node, property, value.size(), reference, target == null));
                }
                int phandle = target == null ? -1 : phandleOf(target);
                value.writeBytes(ByteBuffer.allocate(CELL).putInt(phandle).array());
            }
        }
        value.write(property.value, copied, property.value.length - copied);
        property.value = value.toByteArray();
    }

    private DeviceTreeException noSuchTarget(SourceNode node, SourceProperty property, Reference reference) {
        String what = reference.target().startsWith("/") ? "path " : "label ";
        String hint = tree.isPlugin ? ", and this is no place for a label from outside the plugin" : "";
        return source.error(
                Code.NO_SUCH_TARGET,
                reference.position(),
                node.path(),
                property.name,
                "no node has the " + what + Names.quote(reference.target()) + hint);
    }

    /** The path as the value of a property. */
    byte[] pathOf(SourceNode node, int position) {
        return counted(ValueParser.terminated(node.path()), position);
    }

    /** The same bytes, once it is known that there are not too many of them. */
    byte[] counted(byte[] value, int position) {
        pathBytes += value.length;
        if (pathBytes > MAX_PATH_BYTES) {
            throw source.error(
                    Code.TOO_LARGE,
                    position,
                    null,
                    null,
                    "references and labels fill more than " + MAX_PATH_BYTES + " bytes with paths");
        }
        return value;
    }

    int phandleOf(SourceNode node) {
        if (node.phandle == 0) {
            do {
                lastPhandle++;
            } while (byPhandle.containsKey(lastPhandle));
            node.phandle = lastPhandle;
        }
        return node.phandle;
    }

    private void addPhandle(SourceNode node) {
        if (node.phandle != 0
                && !node.properties.containsKey("phandle")
                && !node.properties.containsKey("linux,phandle")) {
            node.set("phandle", ByteBuffer.allocate(CELL).putInt(node.phandle).array());
        }
    }

    /** In one pass: a node that only an omitted node refers to stays. */
    private void omit() {
        List<SourceNode> omitted = new ArrayList<>();
        tree.root.forEach(node -> {
            if (node.isOmittedIfNotReferred && !node.isReferred) {
                omitted.add(node);
            }
        });
        omitted.stream().filter(node -> !node.isGone).forEach(tree::remove);
    }
}
