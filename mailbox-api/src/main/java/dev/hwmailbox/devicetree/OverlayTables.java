// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.devicetree;

import dev.hwmailbox.devicetree.DeviceTreeException.Code;
import dev.hwmailbox.devicetree.References.Place;
import dev.hwmailbox.devicetree.SourceTree.SourceNode;
import dev.hwmailbox.devicetree.SourceTree.SourceProperty;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Writes {@code __symbols__}, {@code __fixups__} and {@code __local_fixups__}: what connects overlays and bases. */
final class OverlayTables {
    private final ExpandedSource source;
    private final SourceTree tree;
    private final References references;

    OverlayTables(ExpandedSource source, SourceTree tree, References references) {
        this.source = source;
        this.tree = tree;
        this.references = references;
    }

    /** Every label with its path; a node with a label gets a phandle. A symbol that the source writes itself stays. */
    void addSymbols() {
        Map<String, SourceNode> symbols = new LinkedHashMap<>();
        tree.root.forEach(node -> node.labels.forEach(label -> symbols.put(label, node)));
        if (symbols.isEmpty()) {
            return;
        }
        SourceNode table = tree.root.childOrNew("__symbols__");
        symbols.forEach((label, node) -> {
            references.phandleOf(node);
            refuseLongName(label, node.position);
            if (!table.properties.containsKey(label)) {
                table.set(label, references.pathOf(node, node.position));
            }
        });
    }

    void addFixups(List<Place> places) {
        Map<String, ByteArrayOutputStream> outside = new LinkedHashMap<>();
        Map<SourceProperty, ByteArrayOutputStream> own = new LinkedHashMap<>();
        Map<SourceProperty, Place> owners = new LinkedHashMap<>();
        for (Place place : places) {
            if (place.node().isGone) {
                continue;
            }
            if (place.isOutside()) {
                String entry = place.node().path() + ":" + place.property().name + ":" + place.offset();
                outside.computeIfAbsent(place.reference().target(), label -> new ByteArrayOutputStream())
                        .writeBytes(references.counted(
                                ValueParser.terminated(entry), place.reference().position()));
            } else {
                owners.put(place.property(), place);
                own.computeIfAbsent(place.property(), property -> new ByteArrayOutputStream())
                        .writeBytes(ByteBuffer.allocate(Integer.BYTES)
                                .putInt(place.offset())
                                .array());
            }
        }
        outside.forEach((label, entries) -> {
            refuseLongName(label, tree.root.position);
            append(tree.root.childOrNew("__fixups__"), label, entries);
        });
        own.forEach((property, offsets) -> {
            Place owner = owners.get(property);
            if (owner != null) {
                append(mirrorOf(owner.node(), owner.reference().position()), property.name, offsets);
            }
        });
    }

    /** The node's place below {@code __local_fixups__}, which is one level deeper than the node. */
    private SourceNode mirrorOf(SourceNode node, int position) {
        if (node.level >= DeviceTree.MAX_DEPTH) {
            throw source.error(
                    Code.TOO_DEEP,
                    position,
                    node.path(),
                    null,
                    "more than " + DeviceTree.MAX_DEPTH + " levels of nodes in __local_fixups__");
        }
        return node.parent == null
                ? tree.root.childOrNew("__local_fixups__")
                : mirrorOf(node.parent, position).childOrNew(node.name);
    }

    private static void append(SourceNode table, String name, ByteArrayOutputStream more) {
        var value = new ByteArrayOutputStream();
        SourceProperty written = table.properties.get(name);
        if (written != null) {
            value.writeBytes(written.value);
        }
        value.writeBytes(more.toByteArray());
        table.set(name, value.toByteArray());
    }

    /** A label becomes the name of a property. */
    private void refuseLongName(String label, int position) {
        if (!SourceNames.isPropertyName(label)) {
            throw source.error(Code.BAD_NAME, position, null, null, Names.badProperty(label, "the table of labels"));
        }
    }
}
