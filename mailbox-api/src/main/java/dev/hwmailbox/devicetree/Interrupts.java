// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.devicetree;

import dev.hwmailbox.devicetree.DeviceTreeException.Code;
import dev.hwmailbox.devicetree.InterruptSpecifier.Kind;
import dev.hwmailbox.devicetree.InterruptSpecifier.Trigger;
import java.nio.IntBuffer;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * The interrupts of one node, resolved by the rules of the kernel: an entry of {@code interrupts-extended} wins,
 * otherwise the entry of {@code interrupts} belongs to the nearest interrupt controller upwards, where
 * {@code interrupt-parent} leads elsewhere. Cells are read as those of a GIC, whatever the controller's
 * {@code compatible} says.
 *
 * <p>Context: any thread.
 *
 * <p>Kernel counterpart: {@code of_irq_parse_one} and {@code of_irq_find_parent}, drivers/of/irq.c (Linux 6.12).
 * Differs: numbers out of range are refused, and so is an {@code interrupt-map}, which the kernel follows.
 *
 * @since 0.1
 */
public final class Interrupts {
    private static final String PLAIN = "interrupts";
    private static final String EXTENDED = "interrupts-extended";
    private static final String CELL_COUNT = "#interrupt-cells";

    /** Cells per interrupt of a GIC: type, number, flags, and for some a partition of the CPUs. */
    private static final int FEWEST_CELLS = 3;

    private static final int MOST_CELLS = 4;

    private final DeviceTree tree;
    private final Node node;

    /** Whether each interrupt has three cells whatever the controllers say, and even if they are not there. */
    private final boolean assumed;

    private final IntBuffer plain;

    /** The entries of {@code interrupts-extended} before the first defect; null for one that is empty. */
    private final List<@Nullable Entry> extended = new ArrayList<>();

    /** Why {@code interrupts-extended} cannot be read to its end. */
    private final @Nullable Defect extendedDefect;

    private final @Nullable Node parentController;

    private Interrupts(DeviceTree tree, Node node, boolean assumed) {
        this.tree = Objects.requireNonNull(tree, "tree");
        this.node = Objects.requireNonNull(node, "node");
        this.assumed = assumed;
        this.plain = cells(node, PLAIN);
        this.extendedDefect = readExtended();
        this.parentController = findParentController();
    }

    /**
     * The interrupts of a node.
     *
     * @param tree the tree, for phandles
     * @param node a node of it
     * @return its interrupts; asking for one that is wrong or not there throws, this does not
     */
    public static Interrupts of(DeviceTree tree, Node node) {
        return new Interrupts(tree, node, false);
    }

    /**
     * The interrupts of a node, on the caller's word that each has the three cells of a GIC: for an overlay alone,
     * where the controller is not in sight, and for a list of three cells each below a controller that wants four. The
     * controller is named if it can be found.
     *
     * @param tree the tree, for phandles
     * @param node a node of it
     * @return its interrupts; asking for one that is wrong or not there throws, this does not
     */
    public static Interrupts assumingThreeCells(DeviceTree tree, Node node) {
        return new Interrupts(tree, node, true);
    }

    /**
     * How many interrupts there are before the first that is not there.
     *
     * @return the number; entries that are there but wrong count
     */
    public int count() {
        int count = 0;
        while (locate(count) != null) {
            count++;
        }
        return count;
    }

    /**
     * One interrupt.
     *
     * @param index which one, from 0
     * @return the interrupt
     * @throws DeviceTreeException if it is not there or wrong, with one of the interrupt codes of
     *     {@link DeviceTreeException.Code}
     * @throws IndexOutOfBoundsException if the index is negative
     */
    public InterruptSpecifier get(int index) {
        Objects.checkIndex(index, Integer.MAX_VALUE);
        Entry entry = locate(index);
        if (entry == null) {
            throw missing(index);
        }
        checkController(entry, index);
        return decode(entry, index);
    }

    /**
     * Says what is wrong with the length of the list, if it does not end with a whole interrupt.
     *
     * @return a sentence that names the list or the controller and both numbers of cells; empty if the length fits or
     *     there is nothing to compare
     */
    public Optional<String> lengthMismatch() {
        for (String property : List.of(EXTENDED, PLAIN)) {
            int length = node.property(property).map(Property::length).orElse(0);
            if (length % Integer.BYTES != 0) {
                return Optional.of(property + " has " + length + " bytes, not a whole number of cells");
            }
        }
        return extendedDefect != null && extendedDefect.code() == Code.TOO_FEW_INTERRUPTS
                ? Optional.of(extendedDefect.fact())
                : plainMismatch();
    }

    private Optional<String> plainMismatch() {
        int wanted = cellCount(parentController);
        int length = plain.limit();
        if (wanted <= 0 || length % wanted == 0) {
            return Optional.empty();
        }
        String fact = parentController == null || assumed
                ? "interrupts are taken to have " + wanted + " cells each; the list "
                : "controller %s wants %d cells per interrupt; the list ".formatted(parentController.path(), wanted);
        return Optional.of(IntStream.rangeClosed(FEWEST_CELLS, MOST_CELLS)
                .filter(guess -> length % guess == 0)
                .mapToObj(guess -> fact + "looks like " + guess + " cells each")
                .findFirst()
                .orElse(fact + "has " + length));
    }

    private @Nullable Defect readExtended() {
        IntBuffer cells = cells(node, EXTENDED);
        int at = 0;
        while (at < cells.limit()) {
            int phandle = cells.get(at++);
            if (phandle == 0) {
                extended.add(null);
                continue;
            }
            Node controller = tree.findByPhandle(phandle).orElse(null);
            if (controller == null && !assumed) {
                return new Defect(
                        Code.BAD_INTERRUPT_REFERENCE,
                        "interrupts-extended refers to phandle 0x%x, which no node has".formatted(phandle));
            }
            int size = cellCount(controller);
            if (size < 0) {
                return new Defect(
                        Code.NOT_AN_INTERRUPT_CONTROLLER,
                        "interrupts-extended refers to " + controller + ", which has no usable " + CELL_COUNT);
            }
            int left = cells.limit() - at;
            if (size > left) {
                return new Defect(
                        Code.TOO_FEW_INTERRUPTS,
                        "interrupts-extended ends with %d cells of the %d that %s wants"
                                .formatted(left, size, controller == null ? "a GIC" : controller.path()));
            }
            extended.add(new Entry(EXTENDED, controller, cells.slice(at, size)));
            at += size;
        }
        return null;
    }

    private @Nullable Node findParentController() {
        Set<Node> visited = new HashSet<>();
        Node at = node;
        do {
            Node next = interruptParent(at);
            if (next == null || !visited.add(next)) {
                return null;
            }
            at = next;
        } while (!at.hasProperty(CELL_COUNT));
        return at;
    }

    private @Nullable Node interruptParent(Node from) {
        return from.hasProperty("interrupt-parent")
                ? firstCell(from, "interrupt-parent")
                        .flatMap(tree::findByPhandle)
                        .orElse(null)
                : from.parent();
    }

    private @Nullable Entry locate(int index) {
        Entry entry = index < extended.size() ? extended.get(index) : null;
        return entry != null ? entry : locatePlain(index);
    }

    private @Nullable Entry locatePlain(int index) {
        int size = cellCount(parentController);
        return size <= 0 || (index + 1L) * size > plain.limit()
                ? null
                : new Entry(PLAIN, parentController, plain.slice(index * size, size));
    }

    private DeviceTreeException missing(int index) {
        if (!node.hasProperty(PLAIN) && !node.hasProperty(EXTENDED)) {
            return failure(new Defect(Code.NO_INTERRUPTS, "neither interrupts nor interrupts-extended"), PLAIN);
        }
        if (extendedDefect != null && extendedDefect.code() != Code.TOO_FEW_INTERRUPTS && index >= extended.size()) {
            return failure(extendedDefect, EXTENDED);
        }
        if (node.hasProperty(PLAIN) && cellCount(parentController) <= 0) {
            return failure(
                    parentController == null
                            ? new Defect(Code.NO_INTERRUPT_PARENT, "no interrupt parent found")
                            : new Defect(
                                    Code.NOT_AN_INTERRUPT_CONTROLLER,
                                    parentController.path() + " has no usable " + CELL_COUNT),
                    PLAIN);
        }
        String fact = count() + " interrupts, none with index " + index;
        String hint = lengthMismatch().map(mismatch -> "; " + mismatch).orElse("");
        return failure(new Defect(Code.TOO_FEW_INTERRUPTS, fact + hint), node.hasProperty(PLAIN) ? PLAIN : EXTENDED);
    }

    private void checkController(Entry entry, int index) {
        Node controller = entry.controller();
        if (controller == null || controller.hasProperty("interrupt-controller")) {
            return;
        }
        throw controller.hasProperty("interrupt-map")
                ? wrong(
                        Code.UNSUPPORTED_INTERRUPT_SPECIFIER,
                        entry,
                        index,
                        controller.path() + " has an interrupt-map, which is not supported")
                : wrong(
                        Code.NOT_AN_INTERRUPT_CONTROLLER,
                        entry,
                        index,
                        controller.path() + " is no interrupt controller");
    }

    private InterruptSpecifier decode(Entry entry, int index) {
        IntBuffer cells = entry.cells();
        int size = cells.limit();
        if (size < FEWEST_CELLS || size > MOST_CELLS) {
            String fact = entry.controller() + " wants " + size + " cells per interrupt, a GIC wants 3 or 4";
            throw wrong(Code.UNSUPPORTED_INTERRUPT_SPECIFIER, entry, index, fact);
        }
        int type = cells.get(0);
        Kind kind = Kind.fromType(type).orElseThrow(() -> {
            String fact = "type %s is none of 0 SPI, 1 PPI, 2 ESPI, 3 EPPI".formatted(Integer.toUnsignedString(type));
            return wrong(Code.UNSUPPORTED_INTERRUPT_SPECIFIER, entry, index, fact);
        });
        int number = cells.get(1);
        if (number < 0 || number >= kind.count()) {
            throw wrong(Code.INTERRUPT_OUT_OF_RANGE, entry, index, kind + " numbers end at " + (kind.count() - 1));
        }
        Node controller = entry.controller();
        return new InterruptSpecifier(
                controller == null ? null : controller.path(),
                list(cells),
                kind,
                kind.firstHwirq() + number,
                Trigger.fromFlags(cells.get(2)));
    }

    private DeviceTreeException wrong(Code code, Entry entry, int index, String fact) {
        String which = "interrupt " + index + " " + InterruptSpecifier.format(list(entry.cells()));
        return failure(new Defect(code, which + ": " + fact), entry.property());
    }

    private DeviceTreeException failure(Defect defect, String property) {
        String path = node.path();
        return DeviceTreeException.inTree(defect.code(), path, property, path + ": " + defect.fact());
    }

    /** The whole cells of a property; a rest of one to three bytes is ignored, as in the kernel. */
    private static IntBuffer cells(Node node, String property) {
        return node.property(property).map(value -> value.bytes().asIntBuffer()).orElseGet(() -> IntBuffer.allocate(0));
    }

    private static List<Integer> list(IntBuffer cells) {
        return IntStream.range(0, cells.limit()).map(cells::get).boxed().toList();
    }

    /** The cells per interrupt that a controller wants; negative if that is not said in a usable way. */
    private int cellCount(@Nullable Node controller) {
        if (assumed) {
            return FEWEST_CELLS;
        }
        return controller == null ? -1 : firstCell(controller, CELL_COUNT).orElse(-1);
    }

    private static Optional<Integer> firstCell(Node node, String property) {
        return node.property(property)
                .filter(value -> value.length() >= Integer.BYTES)
                .map(Property::u32);
    }

    /** The path of the node and how many interrupts it has. */
    @Override
    public String toString() {
        return "Interrupts[" + node.path() + ", " + count() + "]";
    }

    /** The controller is null if it is not in sight. */
    private record Entry(String property, @Nullable Node controller, IntBuffer cells) {}

    private record Defect(Code code, String fact) {}
}
