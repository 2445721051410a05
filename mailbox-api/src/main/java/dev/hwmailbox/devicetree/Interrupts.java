// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.devicetree;

import dev.hwmailbox.devicetree.DeviceTreeException.Code;
import dev.hwmailbox.devicetree.InterruptSpecifier.Kind;
import dev.hwmailbox.devicetree.InterruptSpecifier.Trigger;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
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
    private static final List<Integer> GIC_CELL_COUNTS = List.of(3, 4);

    private final DeviceTree tree;
    private final Node node;
    private final List<Integer> plain;

    /** The entries of {@code interrupts-extended} before the first defect; null for one that is empty. */
    private final List<@Nullable Entry> extended = new ArrayList<>();

    /** Why {@code interrupts-extended} cannot be read to its end. */
    private final @Nullable Defect extendedDefect;

    private final @Nullable Node parentController;

    private Interrupts(DeviceTree tree, Node node) {
        this.tree = tree;
        this.node = node;
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
        return new Interrupts(tree, node);
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
     * Says what is wrong with the length of {@code interrupts}, if it is no multiple of what the controller wants.
     *
     * @return a sentence that names the controller and both numbers of cells; empty if the length fits or there is
     *     nothing to compare
     */
    public Optional<String> lengthMismatch() {
        if (parentController == null) {
            return Optional.empty();
        }
        int wanted = cellCount(parentController);
        int length = plain.size();
        if (wanted <= 0 || length % wanted == 0) {
            return Optional.empty();
        }
        String fact =
                "controller %s wants %d cells per interrupt; the list ".formatted(parentController.path(), wanted);
        return Optional.of(GIC_CELL_COUNTS.stream()
                .filter(guess -> length % guess == 0)
                .findFirst()
                .map(guess -> fact + "looks like " + guess + " cells each")
                .orElse(fact + "has " + length));
    }

    private @Nullable Defect readExtended() {
        List<Integer> cells = cells(node, EXTENDED);
        int at = 0;
        while (at < cells.size()) {
            int phandle = cells.get(at++);
            if (phandle == 0) {
                extended.add(null);
                continue;
            }
            Node controller = tree.findByPhandle(phandle).orElse(null);
            if (controller == null) {
                return new Defect(
                        Code.BAD_INTERRUPT_REFERENCE,
                        "interrupts-extended refers to phandle 0x%x, which no node has".formatted(phandle));
            }
            int size = cellCount(controller);
            if (size < 0) {
                return new Defect(
                        Code.NOT_AN_INTERRUPT_CONTROLLER,
                        "interrupts-extended refers to " + controller.path() + ", which has no usable " + CELL_COUNT);
            }
            if (size > cells.size() - at) {
                return null;
            }
            extended.add(new Entry(EXTENDED, controller, cells.subList(at, at + size)));
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
        if (parentController == null) {
            return null;
        }
        int size = cellCount(parentController);
        long end = (index + 1L) * size;
        return size <= 0 || end > plain.size()
                ? null
                : new Entry(PLAIN, parentController, plain.subList(index * size, (int) end));
    }

    private DeviceTreeException missing(int index) {
        if (!node.hasProperty(PLAIN) && !node.hasProperty(EXTENDED)) {
            return failure(new Defect(Code.NO_INTERRUPTS, "neither interrupts nor interrupts-extended"), PLAIN);
        }
        if (extendedDefect != null && index >= extended.size()) {
            return failure(extendedDefect, EXTENDED);
        }
        if (node.hasProperty(PLAIN) && parentController == null) {
            return failure(new Defect(Code.NO_INTERRUPT_PARENT, "no interrupt parent found"), PLAIN);
        }
        if (node.hasProperty(PLAIN) && parentController != null && cellCount(parentController) <= 0) {
            String fact = parentController.path() + " has no usable " + CELL_COUNT;
            return failure(new Defect(Code.NOT_AN_INTERRUPT_CONTROLLER, fact), PLAIN);
        }
        String fact = count() + " interrupts, none with index " + index;
        String hint = lengthMismatch().map(mismatch -> "; " + mismatch).orElse("");
        return failure(new Defect(Code.TOO_FEW_INTERRUPTS, fact + hint), node.hasProperty(PLAIN) ? PLAIN : EXTENDED);
    }

    private void checkController(Entry entry, int index) {
        Node controller = entry.controller();
        if (controller.hasProperty("interrupt-controller")) {
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
        List<Integer> cells = entry.cells();
        String controller = entry.controller().path();
        if (!GIC_CELL_COUNTS.contains(cells.size())) {
            String fact = controller + " wants " + cells.size() + " cells per interrupt, a GIC wants 3 or 4";
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
        Trigger trigger = Trigger.fromFlags(cells.get(2));
        return new InterruptSpecifier(controller, cells, kind, kind.firstHwirq() + number, trigger);
    }

    private DeviceTreeException wrong(Code code, Entry entry, int index, String fact) {
        String which = "interrupt " + index + " " + InterruptSpecifier.format(entry.cells());
        return failure(new Defect(code, which + ": " + fact), entry.property());
    }

    private DeviceTreeException failure(Defect defect, String property) {
        String path = node.path();
        return DeviceTreeException.inTree(defect.code(), path, property, path + ": " + defect.fact());
    }

    /** The whole cells of a property; a rest of one to three bytes is ignored, as in the kernel. */
    private static List<Integer> cells(Node node, String property) {
        List<Integer> cells = new ArrayList<>();
        node.property(property).map(value -> value.bytes().asIntBuffer()).ifPresent(values -> {
            while (values.hasRemaining()) {
                cells.add(values.get());
            }
        });
        return cells;
    }

    /** The cells per interrupt that a controller wants; negative if that is not said in a usable way. */
    private static int cellCount(Node controller) {
        return firstCell(controller, CELL_COUNT).orElse(-1);
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

    private record Entry(String property, Node controller, List<Integer> cells) {}

    private record Defect(Code code, String fact) {}
}
