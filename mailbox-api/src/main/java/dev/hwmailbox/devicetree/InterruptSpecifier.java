// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.devicetree;

import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.StringJoiner;
import org.jspecify.annotations.Nullable;

/**
 * One interrupt of a node, resolved: the controller in charge and what its cells mean to a GIC.
 *
 * <p>A virtual interrupt number of Gunyah is the {@link #hwirq()}, not the number in the cells: 35 is {@code <0 3 1>}.
 *
 * <p>Context: any thread.
 *
 * <p>Kernel counterpart: the translate functions of drivers/irqchip/irq-gic-v3.c and irq-gic.c (Linux 6.12).
 *
 * @param controllerPath path of the interrupt controller, or null if it is not in sight, as in an overlay alone; see
 *     {@link Interrupts#assumingThreeCells}
 * @param cells the specifier as it stands in the property, unsigned
 * @param kind the kind of interrupt
 * @param hwirq the GIC's number of the interrupt
 * @param trigger how the interrupt is triggered
 * @since 0.1
 */
public record InterruptSpecifier(
        @Nullable String controllerPath, List<Integer> cells, Kind kind, int hwirq, Trigger trigger) {
    public InterruptSpecifier {
        cells = List.copyOf(cells);
        Objects.requireNonNull(kind, "kind");
        Objects.requireNonNull(trigger, "trigger");
    }

    /**
     * The kinds of interrupts of a GIC.
     *
     * @since 0.1
     */
    public enum Kind {
        /** Shared, numbers 0 to 987. */
        SPI(0, 32, 988),
        /** Private to a CPU, numbers 0 to 15. */
        PPI(1, 16, 16),
        /** Shared, extended range, numbers 0 to 1023. */
        ESPI(2, 4096, 1024),
        /** Private to a CPU, extended range, numbers 0 to 63. */
        EPPI(3, 1056, 64);

        private final int type;
        private final int firstHwirq;
        private final int count;

        Kind(int type, int firstHwirq, int count) {
            this.type = type;
            this.firstHwirq = firstHwirq;
            this.count = count;
        }

        /**
         * The kind that the first cell of a specifier says.
         *
         * @param type the cell
         * @return the kind, empty if a GIC has none of this type
         */
        public static Optional<Kind> fromType(int type) {
            return Arrays.stream(values()).filter(kind -> kind.type == type).findFirst();
        }

        /**
         * Where the interrupts of this kind start.
         *
         * @return the GIC's number of the first one
         */
        public int firstHwirq() {
            return firstHwirq;
        }

        /**
         * How many interrupts of this kind a GIC can have.
         *
         * @return one more than the highest number
         */
        public int count() {
            return count;
        }
    }

    /**
     * How an interrupt is triggered.
     *
     * @since 0.1
     */
    public enum Trigger {
        /** Not said, or a combination of bits that means nothing; the kernel warns. */
        NONE(0),
        /** On a rising edge. */
        EDGE_RISING(1),
        /** On a falling edge. */
        EDGE_FALLING(2),
        /** On both edges. */
        EDGE_BOTH(3),
        /** While the line is high. */
        LEVEL_HIGH(4),
        /** While the line is low. */
        LEVEL_LOW(8);

        private static final int MASK = 0xf;

        private final int flags;

        Trigger(int flags) {
            this.flags = flags;
        }

        /** Only four bits are the trigger: above them, old trees have a CPU mask. */
        static Trigger fromFlags(int flags) {
            for (Trigger trigger : values()) {
                if (trigger.flags == (flags & MASK)) {
                    return trigger;
                }
            }
            return NONE;
        }
    }

    /**
     * The three cells that stand for an interrupt number, the inverse of {@link #hwirq()}.
     *
     * @param hwirq the GIC's number: 16 to 1019, 1056 to 1119, or 4096 to 5119
     * @param trigger how it is triggered
     * @return type, number, flags
     * @throws IllegalArgumentException if no kind of interrupt has this number
     */
    public static int[] gicCells(int hwirq, Trigger trigger) {
        for (Kind kind : Kind.values()) {
            int number = hwirq - kind.firstHwirq;
            if (number >= 0 && number < kind.count) {
                return new int[] {kind.type, number, trigger.flags};
            }
        }
        throw new IllegalArgumentException("no GIC interrupt has the number " + hwirq);
    }

    /** The cells as in devicetree source, with the controller, such as {@code <0 3 1> of /intc@3fff0000}. */
    @Override
    public String toString() {
        return format(cells) + " of " + (controllerPath == null ? "an unknown controller" : controllerPath);
    }

    static String format(List<Integer> cells) {
        var text = new StringJoiner(" ", "<", ">");
        cells.forEach(cell -> text.add(Integer.toUnsignedString(cell)));
        return text.toString();
    }
}
