// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.devicetree;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Makes overlays by hand, the way dtc compiles those with {@code /plugin/}:
 *
 * <pre>{@code
 * DeviceTree overlay = OverlayBuilder.create()
 *         .fragmentAt("soc", soc -> soc.child("mailbox@4000", mailbox -> mailbox.property("#mbox-cells", 1))
 *                 .child("client", client -> client.property("mboxes", 0, 7, 0, 8)))
 *         .label("queues", "mailbox@4000")
 *         .reference("client", "mboxes", 0, "queues")
 *         .reference("client", "mboxes", 2, "doorbells")
 *         .fragment("/chosen", chosen -> chosen.property("bootargs", "quiet"))
 *         .build();
 * DeviceTree merged = DeviceTreeOverlay.apply(base, overlay);
 * }</pre>
 *
 * <p>A reference to a label that this overlay gives becomes a phandle of the overlay, numbered from 1, with an entry in
 * {@code __local_fixups__}. Any other label is one of the base and gets an entry in {@code __fixups__}. Labels go to
 * {@code __symbols__}, so that later overlays can use them.
 *
 * <p>Context: one thread at a time.
 *
 * @since 0.1
 */
public final class OverlayBuilder {
    /** What a label may look like in devicetree source, if it fits into the name of a property. */
    private static final Pattern LABEL =
            Pattern.compile("[A-Za-z_][A-Za-z0-9_]{0," + (Names.MAX_PROPERTY_NAME - 1) + "}");

    private final NodeBuilder root = NodeBuilder.root();
    private final Map<String, String> pathsByLabel = new HashMap<>();
    private final Map<String, List<String>> labelsByPath = new HashMap<>();

    /** Labels by path, property and byte offset of the cell that refers to them. */
    private final Map<String, Map<String, SortedMap<Integer, String>>> references = new HashMap<>();

    private int fragmentCount;
    private @Nullable Node content;

    private OverlayBuilder() {}

    /**
     * Starts an overlay.
     *
     * @return a builder without fragments
     */
    public static OverlayBuilder create() {
        return new OverlayBuilder();
    }

    /**
     * Adds a fragment for a node that is found by its path.
     *
     * @param targetPath the path in the base, or in what earlier fragments have added; it begins with a slash or with
     *     an alias
     * @param change gets the builder of what is to be laid over the target, at once
     * @return this
     * @throws DeviceTreeException if there are too many levels of nodes
     * @throws IllegalArgumentException if the path is empty or has a NUL
     */
    public OverlayBuilder fragment(String targetPath, Consumer<NodeBuilder> change) {
        if (targetPath.isEmpty()) {
            throw new IllegalArgumentException("a fragment needs a target");
        }
        return add(fragment -> fragment.property("target-path", targetPath), change);
    }

    /**
     * Adds a fragment for a node that is found by its label.
     *
     * @param label a label of the base
     * @param change gets the builder of what is to be laid over the target, at once
     * @return this
     * @throws DeviceTreeException if there are too many levels of nodes
     * @throws IllegalArgumentException if the label is not possible
     */
    public OverlayBuilder fragmentAt(String label, Consumer<NodeBuilder> change) {
        checkLabel(label);
        add(fragment -> fragment.property("target", OverlayFragments.PLACEHOLDER), change);
        refer(fragmentPath(), "target", 0, label);
        return this;
    }

    /**
     * Adds a fragment for a node that is found by its phandle.
     *
     * @param phandle the phandle of a node of the base, unsigned
     * @param change gets the builder of what is to be laid over the target, at once
     * @return this
     * @throws DeviceTreeException if there are too many levels of nodes
     * @throws IllegalArgumentException if the number is 0 or 0xffffffff
     */
    public OverlayBuilder fragmentAt(int phandle, Consumer<NodeBuilder> change) {
        if (phandle == 0 || phandle == OverlayFragments.PLACEHOLDER) {
            throw new IllegalArgumentException("0x%x is no phandle".formatted(phandle));
        }
        return add(fragment -> fragment.property("target", phandle), change);
    }

    private OverlayBuilder add(Consumer<NodeBuilder> target, Consumer<NodeBuilder> change) {
        NodeBuilder changed = NodeBuilder.named(OverlayFragments.CONTENT);
        change.accept(changed);
        Node added = changed.build();
        NodeBuilder fragment = NodeBuilder.named("fragment@" + fragmentCount);
        target.accept(fragment);
        fragment.child(OverlayFragments.CONTENT, empty -> empty.merge(added));
        root.children().put(fragment.name(), fragment);
        fragmentCount++;
        content = added;
        return this;
    }

    /**
     * Gives a label to a node of the fragment that was added last. A node may have several.
     *
     * @param label a label that no other node of this overlay has
     * @param path the node's path below the target, such as {@code bus/device@1}; empty for the target itself
     * @return this
     * @throws IllegalArgumentException if the label is not possible or given already, or if there is no such node
     * @throws IllegalStateException if there is no fragment yet
     */
    public OverlayBuilder label(String label, String path) {
        checkLabel(label);
        String labelled = pathInOverlay(node(path));
        if (pathsByLabel.putIfAbsent(label, labelled) != null) {
            throw new IllegalArgumentException("label '%s' is given already".formatted(label));
        }
        labelsByPath.computeIfAbsent(labelled, unlabelled -> new ArrayList<>()).add(label);
        return this;
    }

    /**
     * Makes a cell of a property in the fragment that was added last refer to a labelled node. What the cell holds
     * until then does not matter.
     *
     * @param path the path below the target of the node that has the property; empty for the target itself
     * @param property the property
     * @param cell which cell of it, from 0
     * @param label a label of this overlay, given before or after, or else of the base
     * @return this
     * @throws IllegalArgumentException if the label is not possible, if there is no such node, property or cell, if the
     *     cell is a reference already, or if a name has a colon, by which names are told apart in {@code __fixups__}
     * @throws IllegalStateException if there is no fragment yet
     */
    public OverlayBuilder reference(String path, String property, int cell, String label) {
        checkLabel(label);
        Node node = node(path);
        String where = pathInOverlay(node);
        Property referring = node.property(property)
                .filter(present -> !OverlayValues.isPhandle(present))
                .orElseThrow(() -> new IllegalArgumentException(
                        "%s has no property '%s' for references".formatted(where, property)));
        if (cell < 0 || cell >= referring.length() / Integer.BYTES) {
            throw new IllegalArgumentException("%s: '%s' has %d bytes, no cell with index %d"
                    .formatted(where, property, referring.length(), cell));
        }
        if (where.indexOf(':') >= 0 || property.indexOf(':') >= 0) {
            throw new IllegalArgumentException(
                    "%s: a reference from '%s' cannot be written, because of the colon".formatted(where, property));
        }
        refer(where, property, cell * Integer.BYTES, label);
        return this;
    }

    private void refer(String path, String property, int offset, String label) {
        String earlier = references
                .computeIfAbsent(path, none -> new HashMap<>())
                .computeIfAbsent(property, none -> new TreeMap<>())
                .putIfAbsent(offset, label);
        if (earlier != null) {
            throw new IllegalArgumentException(
                    "%s: byte %d of '%s' refers to '%s' already".formatted(path, offset, property, earlier));
        }
    }

    /** A label called phandle would be taken for the phandle of the node that lists the labels. */
    private static void checkLabel(String label) {
        if (!LABEL.matcher(label).matches() || label.equals("phandle")) {
            throw new IllegalArgumentException(Names.quote(label) + " cannot be a label");
        }
    }

    private Node node(String path) {
        Node node = content;
        if (node == null) {
            throw new IllegalStateException("there is no fragment yet");
        }
        for (String name : NodePaths.names(path)) {
            node = node.child(name)
                    .orElseThrow(
                            () -> new IllegalArgumentException("%s has no node '%s'".formatted(fragmentPath(), path)));
        }
        return node;
    }

    private String pathInOverlay(Node node) {
        return fragmentPath() + "/" + node.path();
    }

    private String fragmentPath() {
        return "/fragment@" + (fragmentCount - 1);
    }

    /**
     * Makes the overlay. {@code __symbols__}, {@code __fixups__} and {@code __local_fixups__} are there if they have
     * something to say, in this order, which is dtc's.
     *
     * @return the overlay
     * @throws DeviceTreeException with {@link DeviceTreeException.Code#BAD_PHANDLE} if a property {@code phandle} of a
     *     fragment is not one cell, is 0 or 0xffffffff, or if two nodes have the same number;
     *     {@link DeviceTreeException.Code#TOO_DEEP} if there are more than {@link DeviceTree#MAX_DEPTH} levels
     */
    public DeviceTree build() {
        DeviceTree unfinished = DeviceTree.of(root.build());
        return new OverlayLinker(unfinished, pathsByLabel, labelsByPath, references).link();
    }

    /** How much there is. */
    @Override
    public String toString() {
        return "OverlayBuilder[%d fragments, labels %s]".formatted(fragmentCount, new TreeMap<>(pathsByLabel).keySet());
    }
}
