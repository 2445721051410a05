// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.devicetree;

import dev.hwmailbox.devicetree.DeviceTreeException.Code;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Makes nodes by hand, and changed copies of existing ones:
 *
 * <pre>{@code
 * Node hypervisor = NodeBuilder.named("hypervisor")
 *         .property("#address-cells", 2)
 *         .property("#size-cells", 0)
 *         .property("compatible", "gunyah-hypervisor", "simple-bus")
 *         .child("gunyah-resource-mgr@1", rm -> rm.u64s("reg", txCapability, rxCapability))
 *         .build();
 * Node root = NodeBuilder.from(tree.root())
 *         .child("hypervisor", h -> h.merge(hypervisor))
 *         .build();
 * DeviceTree changed = tree.withRoot(root);
 * }</pre>
 *
 * <p>Setting a property that is there replaces its value and keeps its place; a new one goes to the end. The same holds
 * for children. Names that no blob may hold are refused with {@link DeviceTreeException} and
 * {@link DeviceTreeException.Code#BAD_NAME}.
 *
 * <p>Context: one thread at a time.
 *
 * @since 0.1
 */
public final class NodeBuilder {
    private final String name;

    /** What this builder stands for as long as nothing in it is touched: most nodes of a changed tree never are. */
    private @Nullable Node untouched;

    private Map<String, Property> properties = Map.of();
    private Map<String, NodeBuilder> children = Map.of();

    private NodeBuilder(String name, @Nullable Node untouched) {
        this.name = name;
        this.untouched = untouched;
        if (untouched == null) {
            properties = new LinkedHashMap<>();
            children = new LinkedHashMap<>();
        }
    }

    private static NodeBuilder empty(String name) {
        return new NodeBuilder(name, null);
    }

    /**
     * Starts a root.
     *
     * @return a builder without properties and children
     */
    public static NodeBuilder root() {
        return empty("");
    }

    /**
     * Starts the top of a subtree.
     *
     * @param name its name, with unit address if it has one
     * @return a builder without properties and children
     * @throws DeviceTreeException if the name is empty, not printable or has a slash
     */
    public static NodeBuilder named(String name) {
        if (!Names.isNodeName(name)) {
            throw DeviceTreeException.inTree(Code.BAD_NAME, null, null, Names.badNode(name, "a new subtree"));
        }
        return empty(name);
    }

    /**
     * Starts a changed copy of a node.
     *
     * @param node the node
     * @return a builder with the node's name, and copies of its properties and of all nodes below
     */
    public static NodeBuilder from(Node node) {
        return new NodeBuilder(node.name(), node);
    }

    /**
     * Sets a property to cells.
     *
     * @param name the property
     * @param cells its cells, unsigned
     * @return this
     * @throws DeviceTreeException if the name is not possible
     */
    public NodeBuilder property(String name, int... cells) {
        var value = new byte[Math.multiplyExact(cells.length, Integer.BYTES)];
        ByteBuffer.wrap(value).asIntBuffer().put(cells);
        return set(name, value);
    }

    /**
     * Sets a property to a string or a string list.
     *
     * @param name the property
     * @param strings its strings, without NUL; written as UTF-8
     * @return this
     * @throws DeviceTreeException if the name is not possible
     * @throws IllegalArgumentException if a string has a NUL
     */
    public NodeBuilder property(String name, String... strings) {
        var value = new ByteArrayOutputStream();
        for (String string : strings) {
            if (string.indexOf('\0') >= 0) {
                throw new IllegalArgumentException(name + ": a string of a devicetree has no NUL inside");
            }
            value.writeBytes(string.getBytes(StandardCharsets.UTF_8));
            value.write(0);
        }
        return set(name, value.toByteArray());
    }

    /**
     * Sets a property to 64-bit numbers of two cells each.
     *
     * @param name the property
     * @param numbers its numbers, unsigned
     * @return this
     * @throws DeviceTreeException if the name is not possible
     */
    public NodeBuilder u64s(String name, long... numbers) {
        var value = new byte[Math.multiplyExact(numbers.length, Long.BYTES)];
        ByteBuffer.wrap(value).asLongBuffer().put(numbers);
        return set(name, value);
    }

    /**
     * Sets a property to any bytes.
     *
     * @param name the property
     * @param value its bytes; copied
     * @return this
     * @throws DeviceTreeException if the name is not possible
     */
    public NodeBuilder bytes(String name, byte[] value) {
        return set(name, value.clone());
    }

    /**
     * Sets a property without value.
     *
     * @param name the property
     * @return this
     * @throws DeviceTreeException if the name is not possible
     */
    public NodeBuilder flag(String name) {
        return set(name, new byte[0]);
    }

    /**
     * Takes a property away. Nothing happens if it is not there.
     *
     * @param name the property
     * @return this
     */
    public NodeBuilder removeProperty(String name) {
        properties().remove(name);
        return this;
    }

    /**
     * Changes a child, which is made if it is not there.
     *
     * @param name the child's name, with unit address if it has one
     * @param change gets the child's builder, at once
     * @return this
     * @throws DeviceTreeException if the name is not possible
     */
    public NodeBuilder child(String name, Consumer<NodeBuilder> change) {
        if (!Names.isNodeName(name)) {
            throw DeviceTreeException.inTree(Code.BAD_NAME, label(), null, Names.badNode(name, label()));
        }
        change.accept(children().computeIfAbsent(name, NodeBuilder::empty));
        return this;
    }

    /**
     * Takes a child away, with everything below it. Nothing happens if it is not there.
     *
     * @param name the child's name, with unit address if it has one
     * @return this
     */
    public NodeBuilder removeChild(String name) {
        children().remove(name);
        return this;
    }

    /**
     * Lays another node over this one: its properties are set here, its children are merged with those of the same
     * name. Its own name does not matter.
     *
     * @param other the other node
     * @return this
     */
    public NodeBuilder merge(Node other) {
        Objects.requireNonNull(other, "other");
        if (properties().isEmpty() && children().isEmpty()) {
            untouched = other;
            return this;
        }
        other.properties().forEach(this::set);
        for (Node child : other.children()) {
            children().computeIfAbsent(child.name(), NodeBuilder::empty).merge(child);
        }
        return this;
    }

    /**
     * Makes the node and all nodes below.
     *
     * @return the node, without parent; see {@link DeviceTree#of(Node)}
     * @throws DeviceTreeException with {@link DeviceTreeException.Code#TOO_DEEP} if there are more than
     *     {@link DeviceTree#MAX_DEPTH} levels
     */
    public Node build() {
        var top = new Node(null, name);
        fill(top, 1);
        return top;
    }

    private void fill(Node node, int level) {
        if (untouched != null) {
            copy(untouched, node, level);
            return;
        }
        checkDepth(node, level);
        properties.values().forEach(property -> node.add(property.in(node)));
        children.forEach((childName, builder) -> {
            var child = new Node(node, childName);
            node.add(child);
            builder.fill(child, level + 1);
        });
        node.complete();
    }

    private static void copy(Node from, Node to, int level) {
        checkDepth(to, level);
        from.properties().forEach(property -> to.add(property.in(to)));
        for (Node original : from.children()) {
            var child = new Node(to, original.name());
            to.add(child);
            copy(original, child, level + 1);
        }
        to.complete();
    }

    private static void checkDepth(Node node, int level) {
        if (level > DeviceTree.MAX_DEPTH) {
            throw DeviceTreeException.inTree(Code.TOO_DEEP, node.path(), null, DeviceTree.tooDeep(node.path()));
        }
    }

    String name() {
        return name;
    }

    /** The properties, to be changed. */
    Map<String, Property> properties() {
        touch();
        return properties;
    }

    /** The children, to be changed. */
    Map<String, NodeBuilder> children() {
        touch();
        return children;
    }

    private void touch() {
        Node node = untouched;
        if (node == null) {
            return;
        }
        untouched = null;
        properties = new LinkedHashMap<>();
        children = new LinkedHashMap<>();
        node.properties().forEach(this::set);
        node.children().forEach(child -> children.put(child.name(), new NodeBuilder(child.name(), child)));
    }

    private NodeBuilder set(String propertyName, byte[] value) {
        if (!Names.isPropertyName(propertyName)) {
            throw DeviceTreeException.inTree(
                    Code.BAD_NAME, label(), propertyName, Names.badProperty(propertyName, label()));
        }
        set(new Property(null, propertyName, value, 0, value.length));
        return this;
    }

    private void set(Property property) {
        properties().put(property.name(), property);
    }

    private String label() {
        return name.isEmpty() ? "/" : name;
    }

    /** The node's name and how much it holds. */
    @Override
    public String toString() {
        int propertyCount =
                untouched == null ? properties.size() : untouched.properties().size();
        int childCount =
                untouched == null ? children.size() : untouched.children().size();
        return "NodeBuilder[" + label() + ", " + propertyCount + " properties, " + childCount + " children]";
    }
}
