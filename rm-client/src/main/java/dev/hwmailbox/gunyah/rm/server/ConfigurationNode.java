// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm.server;

import dev.hwmailbox.devicetree.Node;
import dev.hwmailbox.devicetree.Property;
import dev.hwmailbox.gunyah.rm.protocol.RmError;
import java.util.List;
import java.util.Optional;

/**
 * A node of a VM's configuration, read as the Resource Manager reads it: a number of the wrong length counts as absent.
 *
 * @param node the node
 */
record ConfigurationNode(Node node) {
    private static final String ADDRESS_CELLS = "#address-cells";
    private static final String SIZE_CELLS = "#size-cells";
    private static final int DEFAULT_ADDRESS_CELLS = 2;
    private static final int DEFAULT_SIZE_CELLS = 1;
    private static final int MAX_CELLS = 2;

    String path() {
        return node.path();
    }

    Optional<ConfigurationNode> child(String name) {
        return node.child(name).map(ConfigurationNode::new);
    }

    boolean has(String property) {
        return node.hasProperty(property);
    }

    Optional<Integer> u32(String name) {
        return node.property(name)
                .filter(property -> property.length() == Integer.BYTES)
                .map(Property::u32);
    }

    /** An address of the configured number of cells. */
    Optional<Long> address(String name) {
        return number(name, addressCells());
    }

    /** A size of the configured number of cells. */
    Optional<Long> size(String name) {
        return number(name, sizeCells());
    }

    int addressCells() {
        return cells(ADDRESS_CELLS, DEFAULT_ADDRESS_CELLS);
    }

    int sizeCells() {
        return cells(SIZE_CELLS, DEFAULT_SIZE_CELLS);
    }

    Optional<String> string(String name) {
        return node.property(name).filter(property -> property.length() > 0).map(Property::string);
    }

    List<String> strings(String name) {
        return node.property(name)
                .filter(property -> property.length() > 0)
                .map(Property::strings)
                .orElse(List.of());
    }

    /** What the node itself says, else its parent. */
    private int cells(String name, int otherwise) {
        Optional<Node> parent = Optional.ofNullable(node.parent());
        return u32(name)
                .or(() -> parent.flatMap(above -> new ConfigurationNode(above).u32(name)))
                .filter(cells -> cells >= 1 && cells <= MAX_CELLS)
                .orElse(otherwise);
    }

    private Optional<Long> number(String name, int cells) {
        return node.property(name)
                .filter(property -> property.length() == cells * Integer.BYTES)
                .map(property -> cells == 1 ? Integer.toUnsignedLong(property.u32()) : property.u64(0));
    }

    /** The tree cannot be read, or a property is refused; nothing has been made. */
    RmRefusal invalid(String reason) {
        return new RmRefusal(RmError.MEM_INVALID, path() + ": " + reason);
    }

    /** A limit of memory or of rights. */
    RmRefusal beyondLimit(String reason) {
        return new RmRefusal(RmError.ARGUMENT_INVALID, path() + ": " + reason);
    }

    /** Cannot be made. */
    RmRefusal unavailable(String reason) {
        return new RmRefusal(RmError.NORESOURCE, path() + ": " + reason);
    }
}
