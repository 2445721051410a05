// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.devicetree;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/**
 * A node of a tree: a name, properties, children, all in the order of the blob. Made by {@link DeviceTreeBlob} and
 * {@link NodeBuilder}, immutable afterwards; equality is identity.
 *
 * <p>Context: any thread.
 *
 * <p>Kernel counterpart: {@code struct device_node}, include/linux/of.h, and drivers/of/base.c (Linux 6.12).
 *
 * @since 0.1
 */
public final class Node implements Named {
    private static final NamedList<Property> NO_PROPERTIES = new NamedList<>();
    private static final NamedList<Node> NO_CHILDREN = new NamedList<>();

    private final @Nullable Node parent;
    private final String name;
    private NamedList<Property> properties = NO_PROPERTIES;
    private NamedList<Node> children = NO_CHILDREN;

    /** Made when first asked for, at roots only. Racing threads may make several, which are equal. */
    private @Nullable TreeIndex index;

    Node(@Nullable Node parent, String name) {
        this.parent = parent;
        this.name = name;
    }

    /**
     * The name with its unit address, such as {@code serial@9000000}.
     *
     * @return the name, empty for a root
     */
    @Override
    public String name() {
        return name;
    }

    /**
     * The path.
     *
     * @return {@code /} for a root, otherwise the names from the root down; a subtree that is not part of a tree yet
     *     has a path without leading slash
     */
    public String path() {
        if (parent == null) {
            return name.isEmpty() ? "/" : name;
        }
        String above = parent.path();
        return above.endsWith("/") ? above + name : above + "/" + name;
    }

    /**
     * The parent.
     *
     * @return the parent, or null for a root and for the top of a subtree that is not part of a tree yet
     */
    public @Nullable Node parent() {
        return parent;
    }

    /**
     * The properties in order.
     *
     * @return an unmodifiable list
     */
    public List<Property> properties() {
        return properties;
    }

    /**
     * One property.
     *
     * @param name its name
     * @return the property, or empty if there is none of this name
     */
    public Optional<Property> property(String name) {
        return Optional.ofNullable(properties.find(name));
    }

    /**
     * Tells whether a property is there; a flag is true by being there.
     *
     * @param name its name
     * @return true if it is there, with whatever value
     */
    public boolean hasProperty(String name) {
        return properties.find(name) != null;
    }

    /**
     * The children in order.
     *
     * @return an unmodifiable list
     */
    public List<Node> children() {
        return children;
    }

    /**
     * One child. A child of exactly this name comes first; without one, a name without {@code @} also finds the first
     * child that has this name in front of its unit address.
     *
     * @param name the name, with or without unit address
     * @return the child, or empty if there is none
     */
    public Optional<Node> child(String name) {
        Node exact = children.find(name);
        if (exact != null || name.indexOf('@') >= 0) {
            return Optional.ofNullable(exact);
        }
        String prefix = name + "@";
        return children.stream().filter(child -> child.name.startsWith(prefix)).findFirst();
    }

    /**
     * Tells whether the node describes something that can be used: {@code status} is absent, {@code "okay"} or
     * {@code "ok"}, here and in every ancestor, since the kernel makes no devices below an unavailable node.
     *
     * @return true if it can be used
     */
    public boolean isAvailable() {
        Property status = properties.find("status");
        boolean usable = status == null || (status.isStringList() && isOkay(status.strings()));
        return usable && (parent == null || parent.isAvailable());
    }

    private static boolean isOkay(List<String> status) {
        return !status.isEmpty()
                && (status.get(0).equals("okay") || status.get(0).equals("ok"));
    }

    /**
     * The entries of {@code compatible}, most specific first.
     *
     * @return the entries; none if the property is absent or no string list
     */
    public List<String> compatible() {
        Property compatible = properties.find("compatible");
        return compatible == null || !compatible.isStringList() ? List.of() : compatible.strings();
    }

    /**
     * Tells whether an entry of {@code compatible} is exactly a given text, in the same case.
     *
     * @param text the text
     * @return true if one is
     */
    public boolean isCompatibleWith(String text) {
        return compatible().contains(text);
    }

    /**
     * The entries of {@code reg}, by the {@code #address-cells} and {@code #size-cells} of the parent; where the parent
     * has none, 2 and 1 as the devicetree specification says.
     *
     * @return the entries, unmodifiable; none if the property is absent or empty
     * @throws DeviceTreeException with {@link DeviceTreeException.Code#BAD_VALUE} if {@code reg} is no whole number of
     *     entries, if a cell count of the parent is shorter than a cell, or if addresses or sizes have more than two
     *     cells, as on a PCI bus
     */
    public List<AddressRange> reg() {
        Property reg = properties.find("reg");
        if (reg == null || reg.length() == 0) {
            return List.of();
        }
        int addressCells = cellCount("#address-cells", 2);
        int sizeCells = cellCount("#size-cells", 1);
        int[] cells = reg.cells();
        int entry = addressCells + sizeCells;
        if (entry == 0 || cells.length % entry != 0) {
            throw badValue("reg", " has %d cells, not a whole number of entries of %d".formatted(cells.length, entry));
        }
        List<AddressRange> ranges = new ArrayList<>(cells.length / entry);
        for (int at = 0; at < cells.length; at += entry) {
            ranges.add(new AddressRange(number(cells, at, addressCells), number(cells, at + addressCells, sizeCells)));
        }
        return List.copyOf(ranges);
    }

    private int cellCount(String propertyName, int otherwise) {
        Property count = parent == null ? null : parent.properties.find(propertyName);
        int cells = count == null ? otherwise : count.u32();
        if (cells < 0 || cells > Long.BYTES / Integer.BYTES) {
            throw badValue(
                    "reg",
                    " cannot be read: %s of the parent is %s, at most 2 are 64 bits"
                            .formatted(propertyName, Integer.toUnsignedString(cells)));
        }
        return cells;
    }

    private static long number(int[] cells, int from, int count) {
        long number = 0;
        for (int i = from; i < from + count; i++) {
            number = number << Integer.SIZE | Integer.toUnsignedLong(cells[i]);
        }
        return number;
    }

    private DeviceTreeException badValue(String property, String fact) {
        String reason = path() + ": " + property + fact;
        return DeviceTreeException.inTree(DeviceTreeException.Code.BAD_VALUE, path(), property, reason);
    }

    /**
     * The number by which properties elsewhere refer to this node: {@code phandle}, or else {@code linux,phandle}.
     *
     * @return the number, or empty if there is none between 1 and 0xfffffffe
     */
    public OptionalInt phandle() {
        OptionalInt phandle = phandle("phandle");
        return phandle.isPresent() ? phandle : phandle("linux,phandle");
    }

    private OptionalInt phandle(String propertyName) {
        Property property = properties.find(propertyName);
        if (property == null || property.length() < Integer.BYTES) {
            return OptionalInt.empty();
        }
        int value = property.u32();
        return value == 0 || value == -1 ? OptionalInt.empty() : OptionalInt.of(value);
    }

    /** The path. */
    @Override
    public String toString() {
        return path();
    }

    /** Adds a property while the tree is being made; false, and no change, if there is one of this name. */
    boolean add(Property property) {
        if (properties.isEmpty()) {
            properties = new NamedList<>();
        }
        return properties.append(property);
    }

    /** Adds a child while the tree is being made; false, and no change, if there is one of this name. */
    boolean add(Node child) {
        if (children.isEmpty()) {
            children = new NamedList<>();
        }
        return children.append(child);
    }

    /** Called when everything has been added. */
    void complete() {
        properties.trim();
        children.trim();
    }

    /** All nodes of the tree that this node belongs to. */
    TreeIndex tree() {
        if (parent != null) {
            return parent.tree();
        }
        TreeIndex known = index;
        if (known == null) {
            known = new TreeIndex(this);
            index = known;
        }
        return known;
    }
}
