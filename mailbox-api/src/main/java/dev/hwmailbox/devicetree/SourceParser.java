// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.devicetree;

import dev.hwmailbox.devicetree.DeviceTreeException.Code;
import dev.hwmailbox.devicetree.SourceLexer.Label;
import dev.hwmailbox.devicetree.SourceTree.SourceNode;
import dev.hwmailbox.devicetree.SourceTree.SourceProperty;
import java.util.ArrayList;
import java.util.List;

/** The grammar. Every block is put into the tree as it is read, over what earlier blocks have written there. */
final class SourceParser {
    private static final byte[] PLACEHOLDER = {-1, -1, -1, -1};

    private final ExpandedSource source;
    private final SourceLexer lexer;
    private final ValueParser values;
    private final SourceTree tree = new SourceTree();
    private int blocks;
    private int fragments;

    private SourceParser(ExpandedSource source) {
        this.source = source;
        lexer = new SourceLexer(source);
        values = new ValueParser(lexer);
    }

    static SourceTree parse(ExpandedSource source) {
        var parser = new SourceParser(source);
        parser.version();
        List<Label> labels = parser.memoryReservations();
        do {
            parser.top(labels);
            labels = parser.labels();
        } while (!parser.lexer.isAtEnd());
        return parser.tree;
    }

    private void version() {
        if (!lexer.takeDirective("dts-v1")) {
            throw lexer.expected("/dts-v1/;");
        }
        do {
            lexer.expect(';');
            if (lexer.takeDirective("plugin")) {
                tree.isPlugin = true;
                lexer.expect(';');
            }
        } while (lexer.takeDirective("dts-v1"));
    }

    /** Returns the labels that belong to what follows. */
    private List<Label> memoryReservations() {
        List<Label> labels = labels();
        while (lexer.takeDirective("memreserve")) {
            long address = values.number64();
            int sizePosition = lexer.offset();
            long size = values.number64();
            if (size == 0) {
                throw lexer.error(Code.BAD_VALUE, sizePosition, "a memory reservation has at least one byte");
            }
            tree.memoryReservations.add(new MemoryReservation(address, size));
            lexer.expect(';');
            labels = labels();
        }
        return labels;
    }

    private List<Label> labels() {
        Label label = lexer.takeLabel();
        if (label == null) {
            return List.of();
        }
        List<Label> labels = new ArrayList<>(1);
        for (; label != null; label = lexer.takeLabel()) {
            labels.add(label);
        }
        return labels;
    }

    private void top(List<Label> labels) {
        int position = lexer.offset();
        if (lexer.peek() == '&') {
            extend(lexer.reference(), position, labels);
        } else if (!labels.isEmpty()) {
            throw lexer.expected("a reference behind the label");
        } else if (lexer.takeDirective("delete-node")) {
            delete();
        } else if (lexer.takeDirective("omit-if-no-ref")) {
            target().isOmittedIfNotReferred = true;
        } else if ("memreserve".equals(lexer.peekDirective())) {
            throw lexer.error(
                    position, "expected a node, found a memory reservation: these stand in front of the first node");
        } else if (lexer.peekDirective() == null && lexer.take('/')) {
            body(tree.root);
        } else {
            throw lexer.expected("'/', a reference, /delete-node/ or /omit-if-no-ref/");
        }
        lexer.expect(';');
    }

    private void delete() {
        int position = lexer.offset();
        SourceNode node = target();
        if (node == tree.root) {
            throw lexer.error(
                    position, "expected a reference to a node below the root, which itself cannot be deleted");
        }
        tree.remove(node);
    }

    /** The node of the reference that is next. */
    private SourceNode target() {
        int position = lexer.offset();
        String target = lexer.reference();
        SourceNode node = tree.find(target);
        if (node == null) {
            throw noSuchTarget(target, position);
        }
        return node;
    }

    private DeviceTreeException noSuchTarget(String target, int position) {
        return lexer.error(
                Code.NO_SUCH_TARGET,
                position,
                (target.startsWith("/") ? "no node has the path " : "no node has the label ") + Names.quote(target));
    }

    private void extend(String target, int position, List<Label> labels) {
        SourceNode node = tree.isPlugin ? fragment(target, position) : tree.find(target);
        if (node == null) {
            throw noSuchTarget(target, position);
        }
        labels.forEach(label -> label(node, label));
        body(node);
    }

    /** In a plugin, what is laid over a node is a fragment, whether this source has the node or not. */
    private SourceNode fragment(String target, int position) {
        String name = "fragment@" + fragments++;
        if (tree.root.children.containsKey(name)) {
            throw lexer.error(
                    Code.DUPLICATE, position, "the root has a node " + name + " already: the name for this fragment");
        }
        var fragment = new SourceNode(tree.root, name, position);
        tree.root.children.put(name, fragment);
        if (target.startsWith("/")) {
            fragment.set("target-path", ValueParser.terminated(target));
        } else {
            var reference = new SourceTree.Reference(target, position, 0, true);
            fragment.properties.put(
                    "target",
                    new SourceProperty("target", position, 0, PLACEHOLDER.clone(), List.of(reference), List.of()));
        }
        var overlay = new SourceNode(fragment, "__overlay__", position);
        fragment.children.put(overlay.name, overlay);
        return overlay;
    }

    private void label(SourceNode node, Label label) {
        if (tree.labels.get(label.name()) != node) {
            refuseSecond(label);
            tree.labels.put(label.name(), node);
            node.labels.add(label.name());
        }
    }

    private void refuseSecond(Label label) {
        SourceNode node = tree.labels.get(label.name());
        SourceProperty property = tree.otherLabels.get(label.name());
        if (node != null) {
            throw second(label, "node " + SourceNames.cut(node.path()));
        }
        if (property != null) {
            throw second(label, "property " + property.name);
        }
    }

    private DeviceTreeException second(Label label, String first) {
        return lexer.error(
                Code.DUPLICATE, label.position(), "label " + Names.quote(label.name()) + " belongs to " + first);
    }

    private void body(SourceNode node) {
        lexer.expect('{');
        int block = ++blocks;
        boolean hasChildren = false;
        while (!lexer.take('}')) {
            if (lexer.takeDirective("delete-property")) {
                refuseBehindChildren(hasChildren, lexer.offset(), node);
                SourceProperty deleted = node.properties.remove(propertyName(node));
                if (deleted != null) {
                    tree.forgetLabels(deleted);
                }
                lexer.expect(';');
            } else if (lexer.takeDirective("delete-node")) {
                hasChildren = true;
                SourceNode deleted = node.children.get(nodeName(node));
                if (deleted != null) {
                    tree.remove(deleted);
                }
                lexer.expect(';');
            } else {
                hasChildren |= element(node, block, hasChildren);
            }
        }
    }

    /** A property or a child; true for a child. */
    private boolean element(SourceNode node, int block, boolean hasChildren) {
        List<Label> labels = new ArrayList<>(labels());
        boolean isOmittedIfNotReferred = false;
        while (lexer.takeDirective("omit-if-no-ref")) {
            isOmittedIfNotReferred = true;
            labels.addAll(labels());
        }
        int position = lexer.offset();
        String name = lexer.name("a property, a node or '}'");
        if (lexer.peek() == '{') {
            child(node, name, position, block, labels).isOmittedIfNotReferred |= isOmittedIfNotReferred;
            lexer.expect(';');
            return true;
        }
        if (isOmittedIfNotReferred) {
            throw lexer.expected("'{' of the node that may be omitted");
        }
        if (lexer.peek() != '=' && lexer.peek() != ';') {
            throw lexer.expected("'=', ';' or '{' behind " + Names.quote(name));
        }
        property(node, name, position, block, labels, hasChildren);
        return false;
    }

    private void refuseBehindChildren(boolean hasChildren, int position, SourceNode node) {
        if (hasChildren) {
            throw source.error(
                    Code.SYNTAX,
                    position,
                    node.path(),
                    null,
                    "expected a node or '}', found a property: properties stand in front of the nodes");
        }
    }

    private SourceNode child(SourceNode node, String name, int position, int block, List<Label> labels) {
        refuseName(SourceNames.isNodeName(name), Names.badNode(name, "this node"), position, node);
        SourceNode child = node.children.get(name);
        if (child == null) {
            child = new SourceNode(node, name, position);
            node.children.put(name, child);
        } else if (child.block == block) {
            throw source.error(
                    Code.DUPLICATE,
                    position,
                    node.path(),
                    null,
                    "two nodes named " + Names.quote(name) + " in one block");
        }
        child.block = block;
        if (child.level > DeviceTree.MAX_DEPTH) {
            throw lexer.error(Code.TOO_DEEP, position, "more than " + DeviceTree.MAX_DEPTH + " levels of nodes");
        }
        for (Label label : labels) {
            label(child, label);
        }
        body(child);
        return child;
    }

    private void property(
            SourceNode node, String name, int position, int block, List<Label> labels, boolean hasChildren) {
        refuseName(SourceNames.isPropertyName(name), Names.badProperty(name, "this node"), position, node);
        ValueParser.Value value = lexer.take('=') ? values.list() : ValueParser.EMPTY;
        lexer.expect(';');
        refuseBehindChildren(hasChildren, position, node);
        SourceProperty earlier = node.properties.get(name);
        if (earlier != null && earlier.block == block) {
            throw source.error(
                    Code.DUPLICATE,
                    position,
                    node.path(),
                    name,
                    "two properties named " + Names.quote(name) + " in one block");
        }
        if (earlier != null) {
            tree.forgetLabels(earlier);
        }
        List<Label> all = new ArrayList<>(labels);
        all.addAll(value.labels());
        List<String> names = all.stream().map(Label::name).toList();
        var property = new SourceProperty(name, position, block, value.bytes(), value.references(), names);
        node.properties.put(name, property);
        for (Label label : all) {
            refuseSecond(label);
            tree.otherLabels.put(label.name(), property);
        }
    }

    private void refuseName(boolean isGood, String reason, int position, SourceNode node) {
        if (!isGood) {
            throw source.error(Code.BAD_NAME, position, node.path(), null, reason);
        }
    }

    private String propertyName(SourceNode node) {
        int position = lexer.offset();
        String name = lexer.name("the name of a property");
        refuseName(SourceNames.isPropertyName(name), Names.badProperty(name, "this node"), position, node);
        return name;
    }

    private String nodeName(SourceNode node) {
        int position = lexer.offset();
        String name = lexer.name("the name of a node");
        refuseName(SourceNames.isNodeName(name), Names.badNode(name, "this node"), position, node);
        return name;
    }
}
