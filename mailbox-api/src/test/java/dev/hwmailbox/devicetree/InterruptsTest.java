// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.devicetree;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assertions.assertThrowsExactly;

import dev.hwmailbox.devicetree.DeviceTreeException.Code;
import dev.hwmailbox.devicetree.InterruptSpecifier.Kind;
import dev.hwmailbox.devicetree.InterruptSpecifier.Trigger;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class InterruptsTest {
    private static final int GIC = 1;
    private static final int GIC4 = 2;
    private static final int GPIO = 3;
    private static final int NEXUS = 4;
    private static final int NO_CONTROLLER = 5;
    private static final int ZERO_CELLS = 6;
    private static final int NO_CELLS = 7;
    private static final int FIVE_CELLS = 8;

    @Test
    void resolvesByTheInterruptParentOfAnAncestor() {
        InterruptSpecifier irq =
                interrupts(n -> n.property("interrupts", 0, 3, 1)).get(0);

        assertThat(irq)
                .isEqualTo(new InterruptSpecifier("/gic", List.of(0, 3, 1), Kind.SPI, 35, Trigger.EDGE_RISING))
                .hasToString("<0 3 1> of /gic");
    }

    @Test
    void passesOverAncestorsThatAreNoControllers() {
        // interrupt-parent leads to a node without #interrupt-cells; the search goes on from there.
        DeviceTree tree = DeviceTree.of(NodeBuilder.root()
                .child(
                        "gic",
                        gic -> gic.property("#interrupt-cells", 3)
                                .flag("interrupt-controller")
                                .child("its", its -> its.property("phandle", 9)))
                .child("n", n -> n.property("interrupt-parent", 9).property("interrupts", 1, 2, 4))
                .build());

        InterruptSpecifier irq =
                Interrupts.of(tree, tree.find("/n").orElseThrow()).get(0);

        assertThat(irq.controllerPath()).isEqualTo("/gic");
        assertThat(irq.hwirq()).isEqualTo(18);
    }

    @Test
    void takesEntryByEntryFromInterruptsExtendedFirst() {
        Interrupts interrupts = interrupts(n -> n.property("interrupts", 0, 30, 1, 0, 31, 1, 0, 32, 1)
                .property("interrupts-extended", GIC4, 0, 3, 1, 0, 0));

        assertThat(interrupts.count()).isEqualTo(3);
        assertThat(interrupts.get(0).controllerPath()).isEqualTo("/gic4");
        assertThat(interrupts.get(0).cells()).containsExactly(0, 3, 1, 0);
        assertThat(interrupts.get(1).hwirq()).as("entry 1 is empty").isEqualTo(63);
        assertThat(interrupts.get(2).hwirq()).isEqualTo(64);
        assertThat(interrupts).hasToString("Interrupts[/n, 3]");
    }

    @ParameterizedTest
    @CsvSource({
        "0, 0, SPI, 32", "0, 987, SPI, 1019", "1, 0, PPI, 16", "1, 15, PPI, 31",
        "2, 0, ESPI, 4096", "2, 1023, ESPI, 5119", "3, 0, EPPI, 1056", "3, 63, EPPI, 1119"
    })
    void knowsTheKindsOfTheGic(int type, int number, Kind kind, int hwirq) {
        InterruptSpecifier irq =
                interrupts(n -> n.property("interrupts", type, number, 4)).get(0);

        assertThat(irq.kind()).isEqualTo(kind);
        assertThat(irq.hwirq()).isEqualTo(hwirq);
        assertThat(InterruptSpecifier.gicCells(hwirq, Trigger.LEVEL_HIGH)).containsExactly(type, number, 4);
    }

    @ParameterizedTest
    @CsvSource({
        "0, NONE",
        "1, EDGE_RISING",
        "2, EDGE_FALLING",
        "3, EDGE_BOTH",
        "4, LEVEL_HIGH",
        "8, LEVEL_LOW",
        "5, NONE",
        "15, NONE",
        "0xf04, LEVEL_HIGH"
    })
    void knowsTheTriggers(String flags, Trigger trigger) {
        int cell = Integer.decode(flags);

        assertThat(interrupts(n -> n.property("interrupts", 0, 1, cell)).get(0).trigger())
                .isEqualTo(trigger);
    }

    @Test
    void refusesToEncodeNumbersThatNoKindHas() {
        for (int hwirq : new int[] {-1, 15, 1020, 1055, 1120, 4095, 5120}) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> InterruptSpecifier.gicCells(hwirq, Trigger.NONE))
                    .withMessage("no GIC interrupt has the number " + hwirq);
        }
    }

    @Test
    void namesNumbersOutOfRange() {
        refuses(
                n -> n.property("interrupts", 0, 988, 1),
                0,
                Code.INTERRUPT_OUT_OF_RANGE,
                "/n: interrupt 0 <0 988 1>: SPI numbers end at 987");
        refuses(
                n -> n.property("interrupts", 1, -1, 1),
                0,
                Code.INTERRUPT_OUT_OF_RANGE,
                "/n: interrupt 0 <1 4294967295 1>: PPI numbers end at 15");
    }

    @Test
    void namesTypesThatNoGicHas() {
        refuses(
                n -> n.property("interrupts", 0, 1, 1, -1, 1, 1),
                1,
                Code.UNSUPPORTED_INTERRUPT_SPECIFIER,
                "/n: interrupt 1 <4294967295 1 1>: type 4294967295 is none of 0 SPI, 1 PPI, 2 ESPI, 3 EPPI");
    }

    @Test
    void namesControllersThatAreNoGic() {
        refuses(
                n -> n.property("interrupts-extended", GPIO, 1, 2),
                0,
                Code.UNSUPPORTED_INTERRUPT_SPECIFIER,
                "/n: interrupt 0 <1 2>: /gpio wants 2 cells per interrupt, a GIC wants 3 or 4");
        refuses(
                n -> n.property("interrupts-extended", FIVE_CELLS, 0, 1, 1, 0, 0),
                0,
                Code.UNSUPPORTED_INTERRUPT_SPECIFIER,
                "/n: interrupt 0 <0 1 1 0 0>: /five wants 5 cells per interrupt, a GIC wants 3 or 4");
        refuses(
                n -> n.property("interrupts-extended", NEXUS, 0, 1, 1),
                0,
                Code.UNSUPPORTED_INTERRUPT_SPECIFIER,
                "/n: interrupt 0 <0 1 1>: /nexus has an interrupt-map, which is not supported");
        refuses(
                n -> n.property("interrupt-parent", NO_CONTROLLER).property("interrupts", 0, 1, 1),
                0,
                Code.NOT_AN_INTERRUPT_CONTROLLER,
                "/n: interrupt 0 <0 1 1>: /thing is no interrupt controller");
        refuses(
                n -> n.property("interrupt-parent", ZERO_CELLS).property("interrupts", 0, 1, 1),
                0,
                Code.NOT_AN_INTERRUPT_CONTROLLER,
                "/n: /zero has no usable #interrupt-cells");
        refuses(
                n -> n.property("interrupts-extended", NO_CELLS, 0, 1, 1),
                0,
                Code.NOT_AN_INTERRUPT_CONTROLLER,
                "/n: interrupts-extended refers to /plain, which has no usable #interrupt-cells");
    }

    @Test
    void namesADanglingReferenceAndKeepsTheEntriesBeforeIt() {
        Consumer<NodeBuilder> node = n -> n.property("interrupts-extended", GIC, 0, 1, 1, 0x999, 0, 2, 1);

        assertThat(interrupts(node).get(0).hwirq()).isEqualTo(33);
        assertThat(interrupts(node).count()).isEqualTo(1);
        var refusal = refuses(
                node,
                1,
                Code.BAD_INTERRUPT_REFERENCE,
                "/n: interrupts-extended refers to phandle 0x999, which no node has");
        assertThat(refusal.property()).contains("interrupts-extended");
    }

    @Test
    void namesMissingInterrupts() {
        refuses(n -> {}, 0, Code.NO_INTERRUPTS, "/n: neither interrupts nor interrupts-extended");
        refuses(
                n -> n.property("interrupts", 0, 1, 1),
                1,
                Code.TOO_FEW_INTERRUPTS,
                "/n: 1 interrupts, none with index 1");
        refuses(n -> n.flag("interrupts"), 0, Code.TOO_FEW_INTERRUPTS, "/n: 0 interrupts, none with index 0");
        refuses(
                n -> n.property("interrupts-extended", GIC, 0, 1, 1, GIC, 0, 2),
                1,
                Code.TOO_FEW_INTERRUPTS,
                "/n: 1 interrupts, none with index 1; interrupts-extended ends with 2 cells of the 3 that /gic wants");
        refuses(
                n -> n.property("interrupts-extended", GIC, 0, 1, 1),
                1,
                Code.TOO_FEW_INTERRUPTS,
                "/n: 1 interrupts, none with index 1");
        assertThatThrownBy(() -> interrupts(n -> {}).get(-1)).isInstanceOf(IndexOutOfBoundsException.class);
    }

    @Test
    void guessesWhatAListOfTheWrongLengthWasMeantFor() {
        refuses(
                n -> n.property("interrupt-parent", GIC4).property("interrupts", 0, 1, 1, 0, 2, 1),
                1,
                Code.TOO_FEW_INTERRUPTS,
                "/n: 1 interrupts, none with index 1; "
                        + "controller /gic4 wants 4 cells per interrupt; the list looks like 3 cells each");
        assertThat(interrupts(n -> n.property("interrupts", 0, 1, 1, 0)).lengthMismatch())
                .contains("controller /gic wants 3 cells per interrupt; the list looks like 4 cells each");
        assertThat(interrupts(n -> n.property("interrupts", 0, 1, 1, 0, 1)).lengthMismatch())
                .contains("controller /gic wants 3 cells per interrupt; the list has 5");
        assertThat(interrupts(n -> n.property("interrupts", 0, 1, 1)).lengthMismatch())
                .isEmpty();
        assertThat(interrupts(n -> n.property("interrupt-parent", 0x999).property("interrupts", 0))
                        .lengthMismatch())
                .isEmpty();
        assertThat(interrupts(n -> n.property("interrupts-extended", GIC, 0, 1, 1, NO_CELLS, 1))
                        .lengthMismatch())
                .as("a defect of another kind")
                .isEmpty();
    }

    @Test
    void readsTheWholeCellsOfAListThatEndsInTheMiddleOfOne() {
        Interrupts interrupts = interrupts(n -> n.bytes("interrupts", Arrays.copyOf(new byte[] {0, 0, 0, 1}, 15)));

        assertThat(interrupts.get(0).hwirq()).isEqualTo(16);
        assertThat(interrupts.lengthMismatch()).contains("interrupts has 15 bytes, not a whole number of cells");
        assertThat(interrupts(n -> n.bytes("interrupts-extended", new byte[] {0, 0}))
                        .lengthMismatch())
                .contains("interrupts-extended has 2 bytes, not a whole number of cells");
    }

    @Test
    void assumesThreeCellsBelowAControllerThatWantsFour() {
        InterruptSpecifier irq = assuming(
                        n -> n.property("interrupt-parent", GIC4).property("interrupts", 0, 928, 1, 0, 929, 4))
                .get(1);

        assertThat(irq)
                .isEqualTo(new InterruptSpecifier("/gic4", List.of(0, 929, 4), Kind.SPI, 961, Trigger.LEVEL_HIGH));
    }

    @Test
    void assumesThreeCellsWhereNoControllerIsInSight() {
        Interrupts interrupts =
                assuming(n -> n.property("interrupt-parent", -1).property("interrupts", 0, 928, 1, 0, 929, 1));

        assertThat(interrupts.count()).isEqualTo(2);
        assertThat(interrupts.get(0))
                .isEqualTo(new InterruptSpecifier(null, List.of(0, 928, 1), Kind.SPI, 960, Trigger.EDGE_RISING))
                .hasToString("<0 928 1> of an unknown controller");
        assertThat(interrupts.lengthMismatch()).isEmpty();
    }

    @Test
    void assumesThreeCellsBehindEachReferenceToo() {
        Interrupts interrupts =
                assuming(n -> n.property("interrupts-extended", -1, 0, 5, 1, 0, GIC4, 0, 6, 1, NO_CELLS, 0, 7, 1)
                        .property("interrupts", 0, 1, 1, 0, 2, 1));

        assertThat(interrupts.get(0).hwirq()).isEqualTo(37);
        assertThat(interrupts.get(0).controllerPath()).isNull();
        assertThat(interrupts.get(1).hwirq()).as("entry 1 is empty").isEqualTo(34);
        assertThat(interrupts.get(2).controllerPath()).isEqualTo("/gic4");
        assertThat(interrupts.get(2).cells()).containsExactly(0, 6, 1);
        assertThat(interrupts.count()).isEqualTo(4);
        var refusal = assertThrowsExactly(DeviceTreeException.class, () -> interrupts.get(3));
        assertThat(refusal.reason()).isEqualTo("/n: interrupt 3 <0 7 1>: /plain is no interrupt controller");
    }

    @Test
    void namesListsThatAreNotMadeOfThreeCells() {
        Interrupts plain = assuming(n -> n.property("interrupts", 0, 1, 1, 0, 2));
        var refusal = assertThrowsExactly(DeviceTreeException.class, () -> plain.get(1));
        assertThat(refusal.reason())
                .isEqualTo("/n: 1 interrupts, none with index 1; "
                        + "interrupts are taken to have 3 cells each; the list has 5");

        Interrupts extended = assuming(n -> n.property("interrupts-extended", -1, 0, 1));
        refusal = assertThrowsExactly(DeviceTreeException.class, () -> extended.get(0));
        assertThat(refusal.reason())
                .isEqualTo("/n: 0 interrupts, none with index 0; "
                        + "interrupts-extended ends with 2 cells of the 3 that a GIC wants");

        Interrupts none = assuming(n -> {});
        refusal = assertThrowsExactly(DeviceTreeException.class, () -> none.get(0));
        assertThat(refusal.code()).isEqualTo(Code.NO_INTERRUPTS);
    }

    @Test
    void goesInNoCircleInSearchOfAController() {
        DeviceTree tree = DeviceTree.of(NodeBuilder.root()
                .property("interrupt-parent", 1)
                .child("a", a -> a.property("phandle", 1).property("interrupt-parent", 2))
                .child("b", b -> b.property("phandle", 2).property("interrupt-parent", 1))
                .child("n", n -> n.property("interrupts", 0, 1, 1))
                .build());
        Interrupts interrupts = Interrupts.of(tree, tree.find("/n").orElseThrow());

        var refusal = assertThrowsExactly(DeviceTreeException.class, () -> interrupts.get(0));
        assertThat(refusal.code()).isEqualTo(Code.NO_INTERRUPT_PARENT);
    }

    @Test
    void takesTheFirstControllerAboveNotItself() {
        DeviceTree tree = DeviceTree.of(NodeBuilder.root()
                .child(
                        "gic",
                        gic -> gic.property("#interrupt-cells", 3)
                                .flag("interrupt-controller")
                                .child(
                                        "cascade",
                                        c -> c.property("#interrupt-cells", 1)
                                                .flag("interrupt-controller")
                                                .property("interrupts", 0, 9, 4)))
                .build());

        InterruptSpecifier irq =
                Interrupts.of(tree, tree.find("/gic/cascade").orElseThrow()).get(0);

        assertThat(irq.controllerPath()).isEqualTo("/gic");
        assertThat(irq.hwirq()).isEqualTo(41);
    }

    @Test
    @Timeout(10)
    void takesLinearTimeForLongLists() {
        int entries = 50_000;
        var cells = new int[2 * entries];
        Arrays.fill(cells, 9);
        DeviceTree tree = DeviceTree.of(NodeBuilder.root()
                .property("phandle", 9)
                .property("#interrupt-cells", Arrays.copyOf(new int[] {1}, entries))
                .property("interrupts-extended", cells)
                .build());

        assertThat(Interrupts.of(tree, tree.root()).count()).isEqualTo(entries);
    }

    @Test
    void namesAMissingInterruptParent() {
        String reason = "/n: no interrupt parent found";
        refuses(
                n -> n.property("interrupt-parent", 0x999).property("interrupts", 0, 1, 1),
                0,
                Code.NO_INTERRUPT_PARENT,
                reason);
        refuses(n -> n.flag("interrupt-parent").property("interrupts", 0, 1, 1), 0, Code.NO_INTERRUPT_PARENT, reason);
        refuses(
                n -> n.property("phandle", 9).property("interrupt-parent", 9).property("interrupts", 0, 1, 1),
                0,
                Code.NO_INTERRUPT_PARENT,
                reason);
    }

    private static DeviceTreeException refuses(Consumer<NodeBuilder> node, int index, Code code, String reason) {
        Interrupts interrupts = interrupts(node);
        var refusal = assertThrowsExactly(DeviceTreeException.class, () -> interrupts.get(index));
        assertThat(refusal.reason()).isEqualTo(reason);
        assertThat(refusal.code()).isEqualTo(code);
        assertThat(refusal.nodePath()).contains("/n");
        return refusal;
    }

    private static Interrupts interrupts(Consumer<NodeBuilder> node) {
        DeviceTree tree = tree(node);
        return Interrupts.of(tree, tree.find("/n").orElseThrow());
    }

    private static Interrupts assuming(Consumer<NodeBuilder> node) {
        DeviceTree tree = tree(node);
        return Interrupts.assumingThreeCells(tree, tree.find("/n").orElseThrow());
    }

    private static DeviceTree tree(Consumer<NodeBuilder> node) {
        return DeviceTree.of(NodeBuilder.root()
                .property("interrupt-parent", GIC)
                .child("gic", controller(GIC, 3, "interrupt-controller"))
                .child("gic4", controller(GIC4, 4, "interrupt-controller"))
                .child("gpio", controller(GPIO, 2, "interrupt-controller"))
                .child("nexus", controller(NEXUS, 3, "interrupt-map"))
                .child("thing", controller(NO_CONTROLLER, 3, "thing"))
                .child("zero", controller(ZERO_CELLS, 0, "interrupt-controller"))
                .child("five", controller(FIVE_CELLS, 5, "interrupt-controller"))
                .child("plain", plain -> plain.property("phandle", NO_CELLS))
                .child("n", node)
                .build());
    }

    private static Consumer<NodeBuilder> controller(int phandle, int cells, String flag) {
        return node -> node.property("phandle", phandle)
                .property("#interrupt-cells", cells)
                .flag(flag);
    }
}
