// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.devicetree;

import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * A devicetree: a root node, memory reservations, and the physical number of the boot CPU. Immutable; a changed tree is
 * a new tree, see {@link NodeBuilder}. Two trees are equal when everything in them is, order included.
 *
 * <p>Lookups by path, alias and phandle take constant time per path element; only a unit address that is left out costs
 * a walk over the children.
 *
 * <p>Context: any thread.
 *
 * <p>Kernel counterpart: {@code of_find_node_by_path} and {@code of_find_node_by_phandle}, drivers/of/base.c
 * (Linux 6.12).
 *
 * @since 0.1
 */
public final class DeviceTree {
    /**
     * Most levels of nodes, the root's included. Differs: the kernel keeps one level less and drops deeper nodes with a
     * warning; here a deeper tree is refused.
     */
    public static final int MAX_DEPTH = 64;

    private final Node root;
    private final List<MemoryReservation> memoryReservations;
    private final int bootCpuId;

    private DeviceTree(Node root, List<MemoryReservation> memoryReservations, int bootCpuId) {
        this.root = root;
        this.memoryReservations = List.copyOf(memoryReservations);
        this.bootCpuId = bootCpuId;
    }

    /**
     * The tree below a root, without memory reservations, with boot CPU 0.
     *
     * @param root a node from {@link NodeBuilder#root()}, or the root of another tree
     * @return the tree
     * @throws IllegalArgumentException if the node is no root
     */
    public static DeviceTree of(Node root) {
        return of(root, List.of(), 0);
    }

    /**
     * The tree below a root.
     *
     * @param root a node from {@link NodeBuilder#root()}, or the root of another tree
     * @param memoryReservations the memory reservations; copied
     * @param bootCpuId the physical number of the boot CPU, unsigned
     * @return the tree
     * @throws IllegalArgumentException if the node is no root
     */
    public static DeviceTree of(Node root, List<MemoryReservation> memoryReservations, int bootCpuId) {
        if (root.parent() != null || !root.name().isEmpty()) {
            throw new IllegalArgumentException(root.path() + " is not a root");
        }
        return new DeviceTree(root, memoryReservations, bootCpuId);
    }

    /**
     * This tree with other nodes: memory reservations and boot CPU stay.
     *
     * @param newRoot the root to have
     * @return the changed tree
     * @throws IllegalArgumentException if the node is no root
     */
    public DeviceTree withRoot(Node newRoot) {
        return of(newRoot, memoryReservations, bootCpuId);
    }

    /**
     * The root.
     *
     * @return the root
     */
    public Node root() {
        return root;
    }

    /**
     * The memory reservations, in order.
     *
     * @return an unmodifiable list
     */
    public List<MemoryReservation> memoryReservations() {
        return memoryReservations;
    }

    /**
     * The physical number of the CPU that boots.
     *
     * @return the number, unsigned
     */
    public int bootCpuId() {
        return bootCpuId;
    }

    /**
     * All nodes in document order: a node, then what is below its first child, and so on.
     *
     * @return an unmodifiable list
     */
    public List<Node> nodes() {
        return root.tree().nodes();
    }

    /**
     * A node by path. A path that does not begin with a slash begins with an alias, that is, a property of
     * {@code /aliases} whose value is an absolute path. Unit addresses may be left out, see {@link Node#child(String)}.
     *
     * @param path such as {@code /soc/serial@9000000}, {@code /soc/serial}, {@code serial0}
     * @return the node, or empty if no node has this path
     */
    public Optional<Node> find(String path) {
        if (path.startsWith("/")) {
            return descend(root, path.substring(1));
        }
        int slash = path.indexOf('/');
        String alias = slash < 0 ? path : path.substring(0, slash);
        Optional<Node> start = root.child("aliases").flatMap(aliases -> target(aliases, alias));
        return slash < 0 ? start : start.flatMap(node -> descend(node, path.substring(slash + 1)));
    }

    private static Optional<Node> descend(Node start, String relativePath) {
        Optional<Node> node = Optional.of(start);
        if (relativePath.isEmpty()) {
            return node;
        }
        for (String name : relativePath.split("/", -1)) {
            node = node.flatMap(parent -> parent.child(name));
        }
        return node;
    }

    /**
     * A node by label. Labels are in a blob only if its compiler was told to keep them, as properties of
     * {@code /__symbols__} whose values are absolute paths.
     *
     * @param label such as {@code uart0}
     * @return the node, or empty if no node has this label
     */
    public Optional<Node> findByLabel(String label) {
        return root.child("__symbols__").flatMap(symbols -> target(symbols, label));
    }

    /** The node to which a property of {@code /aliases} or {@code /__symbols__} leads. */
    private Optional<Node> target(Node names, String name) {
        return names.property(name)
                .filter(path -> path.length() > 0 && path.isStringList())
                .map(Property::string)
                .filter(path -> path.startsWith("/"))
                .flatMap(this::find);
    }

    /**
     * A node by phandle.
     *
     * @param phandle the number, unsigned
     * @return the first node in document order that has it, or empty if none has
     */
    public Optional<Node> findByPhandle(int phandle) {
        return Optional.ofNullable(root.tree().byPhandle(phandle));
    }

    @Override
    public boolean equals(Object o) {
        return o instanceof DeviceTree other
                && bootCpuId == other.bootCpuId
                && memoryReservations.equals(other.memoryReservations)
                && isSame(root, other.root);
    }

    private static boolean isSame(Node a, Node b) {
        if (!a.name().equals(b.name())
                || a.children().size() != b.children().size()
                || !a.properties().equals(b.properties())) {
            return false;
        }
        var others = b.children().iterator();
        return a.children().stream().allMatch(child -> isSame(child, others.next()));
    }

    @Override
    public int hashCode() {
        int hash = Objects.hash(bootCpuId, memoryReservations);
        for (Node node : nodes()) {
            hash = 31 * (31 * hash + node.name().hashCode()) + node.properties().hashCode();
        }
        return hash;
    }

    /** The tree as devicetree source; the types of values are guessed. */
    @Override
    public String toString() {
        return DtsPrinter.print(this);
    }

    static String tooDeep(String path) {
        return "more than " + MAX_DEPTH + " levels of nodes at " + path;
    }
}
