// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.devicetree;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/** What becomes of a base and a good overlay. */
class DeviceTreeOverlayTest {
    private static final DeviceTree BASE = DeviceTree.of(
            NodeBuilder.root()
                    .property("model", "board")
                    .child("chosen", chosen -> chosen.property("bootargs", "quiet"))
                    .child(
                            "soc",
                            soc -> soc.property("phandle", 5)
                                    .child(
                                            "mailbox@1000",
                                            m -> m.property("phandle", 9).flag("first"))
                                    .child("mailbox@2000", m -> m.flag("second"))
                                    .child(
                                            "serial@3000",
                                            s -> s.property("speed", 1).property("parity", "even")))
                    .child("aliases", aliases -> aliases.property("bus", "/soc"))
                    .child(
                            "__symbols__",
                            symbols -> symbols.property("soc", "/soc").property("mbox", "/soc/mailbox@1000"))
                    .build(),
            List.of(new MemoryReservation(0x1000, 0x2000)),
            3);

    private final NodeBuilder overlay = NodeBuilder.root();
    private int fragments;

    private void fragment(Consumer<NodeBuilder> target, Consumer<NodeBuilder> content) {
        overlay.child("fragment@" + fragments++, fragment -> {
            target.accept(fragment);
            fragment.child("__overlay__", content);
        });
    }

    private void fragment(String targetPath, Consumer<NodeBuilder> content) {
        fragment(fragment -> fragment.property("target-path", targetPath), content);
    }

    private DeviceTree merged() {
        return DeviceTreeOverlay.apply(BASE, DeviceTree.of(overlay.build()));
    }

    private DeviceTree alone() {
        return DeviceTreeOverlay.applyAlone(DeviceTree.of(overlay.build()));
    }

    private static Property property(DeviceTree tree, String path, String name) {
        return tree.find(path).orElseThrow().property(name).orElseThrow();
    }

    @Test
    void replacesPropertiesInPlaceAndAppendsNewOnes() {
        fragment("/soc/serial@3000", serial -> serial.flag("new").bytes("speed", new byte[] {1, 2, 3, 4, 5}));

        assertThat(merged().find("/soc/serial@3000").orElseThrow().properties())
                .extracting(Property::toString)
                .containsExactly("speed = [01 02 03 04 05];", "parity = \"even\";", "new;");
    }

    @Test
    void mergesChildrenOfTheSameNameAndAppendsNewOnes() {
        fragment(
                "/",
                root -> root.child("extra", extra -> extra.flag("deep"))
                        .child("soc", soc -> soc.child("serial@3000", serial -> serial.child("child", c -> {}))));

        assertThat(merged().root().children())
                .extracting(Node::name)
                .containsExactly("chosen", "soc", "aliases", "__symbols__", "extra");
        assertThat(merged().find("/soc/serial@3000/child")).isPresent();
        assertThat(property(merged(), "/soc/serial@3000", "speed").u32()).isEqualTo(1);
    }

    @Test
    void keepsReservationsAndBootCpuOfTheBaseAndTheBaseItself() {
        String before = BASE.toString();
        fragment("/chosen", chosen -> chosen.property("bootargs", "loud"));
        DeviceTree reserving = DeviceTree.of(overlay.build(), List.of(new MemoryReservation(0x7000, 0x1000)), 9);

        DeviceTree merged = DeviceTreeOverlay.apply(BASE, reserving);

        assertThat(merged.memoryReservations()).isEqualTo(BASE.memoryReservations());
        assertThat(merged.bootCpuId()).isEqualTo(3);
        assertThat(merged).isNotEqualTo(BASE);
        assertThat(BASE).hasToString(before);
    }

    @Test
    void skipsChildrenOfTheRootThatAreNoFragments() {
        overlay.child("note", note -> note.property("target-path", "/nowhere"));

        assertThat(merged()).isEqualTo(BASE);
        assertThat(DeviceTreeOverlay.isOverlay(DeviceTree.of(overlay.build()))).isFalse();
        fragment("/", root -> {});
        assertThat(DeviceTreeOverlay.isOverlay(DeviceTree.of(overlay.build()))).isTrue();
        assertThat(DeviceTreeOverlay.isOverlay(BASE)).isFalse();
    }

    @Test
    void findsAnExistingChildByItsNameWithoutUnitAddress() {
        fragment("/soc", soc -> soc.child("mailbox", mailbox -> mailbox.flag("seen")));

        DeviceTree merged = merged();
        assertThat(merged.find("/soc/mailbox@1000").orElseThrow().hasProperty("seen"))
                .isTrue();
        assertThat(merged.find("/soc").orElseThrow().children()).hasSize(3);
    }

    @Test
    void prefersTheChildOfExactlyTheName() {
        fragment("/", root -> root.child("n@1", n -> {}));
        fragment("/n@1", n -> n.child("m", m -> {}).child("m@1", m -> {}));
        fragment("/n", n -> n.child("m", m -> m.flag("seen")));

        assertThat(merged().find("/n@1/m").orElseThrow().hasProperty("seen")).isTrue();
        assertThat(merged().find("/n@1/m@1").orElseThrow().hasProperty("seen")).isFalse();
    }

    @Test
    void findsWithoutUnitAddressWhatTheSameFragmentHasAdded() {
        // Asked for before and after the child is there, in a node with children and in one without.
        fragment("/soc", soc -> soc.child("a", a -> {}).child("b@1", b -> {}).child("b", b -> b.flag("seen")));

        assertThat(merged().find("/soc").orElseThrow().children())
                .extracting(Node::name)
                .containsExactly("mailbox@1000", "mailbox@2000", "serial@3000", "a", "b@1");
        assertThat(merged().find("/soc/b@1").orElseThrow().hasProperty("seen")).isTrue();
    }

    @Test
    void findsTargetsByPathAliasAndPhandle() {
        fragment("bus/serial@3000", serial -> serial.flag("by-alias"));
        fragment("bus", soc -> soc.flag("by-alias"));
        fragment("//soc//serial/", serial -> serial.flag("by-path"));
        fragment(f -> f.property("target", 9), mailbox -> mailbox.flag("by-number"));

        DeviceTree merged = merged();
        assertThat(merged.find("/soc/serial").orElseThrow().hasProperty("by-alias"))
                .isTrue();
        assertThat(merged.find("/soc").orElseThrow().hasProperty("by-alias")).isTrue();
        assertThat(merged.find("/soc/serial").orElseThrow().hasProperty("by-path"))
                .isTrue();
        assertThat(merged.find("/soc/mailbox@1000").orElseThrow().hasProperty("by-number"))
                .isTrue();
    }

    @Test
    void prefersTargetToTargetPathUnlessItIsZero() {
        fragment(f -> f.property("target", 9).property("target-path", "/chosen"), node -> node.flag("number"));
        fragment(f -> f.property("target", 0).property("target-path", "/chosen"), node -> node.flag("path"));

        DeviceTree merged = merged();
        assertThat(merged.find("/soc/mailbox@1000").orElseThrow().hasProperty("number"))
                .isTrue();
        assertThat(merged.find("/chosen").orElseThrow().hasProperty("number")).isFalse();
        assertThat(merged.find("/chosen").orElseThrow().hasProperty("path")).isTrue();
    }

    @Test
    void findsWhatEarlierFragmentsHaveAdded() {
        fragment("/soc", soc -> soc.child("late", late -> late.property("phandle", 1)));
        fragment("/soc/late", late -> late.flag("by-path"));
        fragment(f -> f.property("target", 1), late -> late.flag("by-number"));
        fragment("/aliases", aliases -> aliases.property("late", "/soc/late"));
        fragment("late", late -> late.flag("by-alias"));
        overlay.child("__local_fixups__", root -> root.child("fragment@2", f -> f.property("target", 0)));

        assertThat(merged().find("/soc/late").orElseThrow().properties())
                .extracting(Property::name)
                .containsExactly("phandle", "by-path", "by-number", "by-alias");
    }

    @Test
    void resolvesLabelsOfTheBaseWhereverTheyAreUsed() {
        fragment(
                f -> f.property("target", -1),
                soc -> soc.bytes("odd", new byte[6]).property("two", -1, -1));
        overlay.child(
                "__fixups__",
                fixups -> fixups.property("soc", "/fragment@0:target:0", "/fragment@0/__overlay__:two:4")
                        .property("mbox", "/fragment@0/__overlay__:odd:1", "/fragment/__overlay__:two:000"));

        DeviceTree merged = merged();
        assertThat(property(merged, "/soc", "odd").valueText()).isEqualTo("[00 00 00 00 09 00]");
        assertThat(property(merged, "/soc", "two").cells()).containsExactly(9, 5);
    }

    @Test
    void movesPhandlesOfTheOverlayBehindThoseOfTheBase() {
        fragment(
                "/chosen",
                chosen -> chosen.child("a", a -> a.property("phandle", 1))
                        .child("b", b -> b.property("linux,phandle", 2).property("phandle", 2))
                        .property("own", 1, 0x55, 2)
                        .bytes("odd", new byte[] {7, 0, 0, 0, 2}));
        overlay.child(
                "__local_fixups__",
                root -> root.child(
                        "fragment@0",
                        f -> f.child("__overlay__", o -> o.property("own", 0, 8).property("odd", 1))));

        DeviceTree merged = merged();
        assertThat(property(merged, "/chosen", "own").cells()).containsExactly(10, 0x55, 11);
        assertThat(property(merged, "/chosen", "odd").valueText()).isEqualTo("[07 00 00 00 0b]");
        assertThat(property(merged, "/chosen/a", "phandle").u32()).isEqualTo(10);
        assertThat(property(merged, "/chosen/b", "phandle").u32()).isEqualTo(11);
        assertThat(property(merged, "/chosen/b", "linux,phandle").u32()).isEqualTo(11);
    }

    @Test
    void keepsThePhandleOfABaseNodeAndRedirectsReferencesToIt() {
        fragment(
                "/soc",
                soc -> soc.property("phandle", 1)
                        .property("self", 1)
                        .child("mailbox", m -> m.property("phandle", 2).property("linux,phandle", 2))
                        .child("serial@3000", s -> s.property("phandle", 3)));
        fragment(f -> f.property("target", 2), mailbox -> mailbox.property("refs", 1, 2, 3));
        overlay.child(
                "__local_fixups__",
                root -> root.child("fragment@0", f -> f.child("__overlay__", o -> o.property("self", 0)))
                        .child(
                                "fragment@1",
                                f -> f.property("target", 0).child("__overlay__", o -> o.property("refs", 0, 4, 8))));

        DeviceTree merged = merged();
        assertThat(property(merged, "/soc", "phandle").u32()).isEqualTo(5);
        assertThat(property(merged, "/soc", "self").u32()).isEqualTo(5);
        assertThat(property(merged, "/soc/mailbox@1000", "phandle").u32()).isEqualTo(9);
        assertThat(property(merged, "/soc/mailbox@1000", "linux,phandle").u32()).isEqualTo(9);
        assertThat(property(merged, "/soc/serial@3000", "phandle").u32()).isEqualTo(12);
        assertThat(property(merged, "/soc/mailbox@1000", "refs").cells()).containsExactly(5, 9, 12);
    }

    @Test
    void protectsNodesThatAreFoundThroughARedirectedTarget() {
        fragment("/soc", soc -> soc.property("phandle", 1));
        fragment(
                f -> f.property("target", 1),
                soc -> soc.child("mailbox@1000", m -> m.property("phandle", 2).property("self", 2)));
        overlay.child(
                "__local_fixups__",
                root -> root.child(
                        "fragment@1",
                        f -> f.property("target", 0)
                                .child("__overlay__", o -> o.child("mailbox@1000", m -> m.property("self", 0)))));

        assertThat(property(merged(), "/soc/mailbox@1000", "phandle").u32()).isEqualTo(9);
        assertThat(property(merged(), "/soc/mailbox@1000", "self").u32()).isEqualTo(9);
    }

    @Test
    void addsItsLabelsToThoseOfTheBase() {
        fragment("bus/mailbox", mailbox -> mailbox.child("n@1", n -> {}));
        fragment("/", root -> root.child("top", top -> {}));
        overlay.child(
                "__symbols__",
                symbols -> symbols.property("n", "/fragment@0/__overlay__/n@1")
                        .property("soc", "/fragment@0/__overlay__")
                        .property("top", "/fragment@1/__overlay__/top")
                        .property("root", "/fragment@1/__overlay__/")
                        .property("other", "/fragment@0/other/n@1")
                        .property("fragment", "/fragment@0")
                        .property("similar", "/fragment@0/__overlay__x"));

        assertThat(merged().find("/__symbols__").orElseThrow().properties())
                .extracting(Property::toString)
                .containsExactly(
                        "soc = \"/soc/mailbox@1000\";",
                        "mbox = \"/soc/mailbox@1000\";",
                        "n = \"/soc/mailbox@1000/n@1\";",
                        "top = \"/top\";",
                        "root = \"/\";");
    }

    @Test
    void makesSymbolsIfTheBaseHasNone() {
        fragment("/", root -> root.child("n", n -> {}));
        overlay.child("__symbols__", symbols -> symbols.property("n", "/fragment@0/__overlay__/n"));
        DeviceTree bare = DeviceTree.of(NodeBuilder.root().build());

        DeviceTree merged = DeviceTreeOverlay.apply(bare, DeviceTree.of(overlay.build()));

        assertThat(merged.findByLabel("n")).contains(merged.find("/n").orElseThrow());
    }

    @Test
    void appliesSeveralOneAfterAnother() {
        DeviceTree first = OverlayBuilder.create()
                .fragment("/", root -> root.child("n", n -> {}))
                .label("n", "n")
                .build();
        DeviceTree second =
                OverlayBuilder.create().fragmentAt("n", n -> n.flag("found")).build();

        DeviceTree merged = DeviceTreeOverlay.apply(BASE, List.of(first, second));

        assertThat(merged.find("/n").orElseThrow().hasProperty("found")).isTrue();
        assertThat(merged).isEqualTo(DeviceTreeOverlay.apply(DeviceTreeOverlay.apply(BASE, first), second));
        assertThat(DeviceTreeOverlay.apply(BASE, List.of())).isSameAs(BASE);
    }

    @Test
    void mergesAloneWhatItsTargetPathsTell() {
        fragment("/", root -> root.child("hypervisor", h -> h.property("#address-cells", 2)));
        fragment("/", root -> root.child("hypervisor", h -> h.child("rm@1", rm -> rm.property("phandle", 4))));
        fragment("/soc/bus@1", bus -> bus.property("interrupt-parent", -1).property("rm", 4));
        fragment("/soc/bus", bus -> bus.flag("again"));
        fragment(f -> f.property("target", 4), node -> node.flag("by-number"));
        fragment(f -> f.property("target", -1), node -> node.flag("by-label"));
        fragment("bus", node -> node.flag("by-alias"));
        overlay.child(
                        "__symbols__",
                        symbols -> symbols.property("rm", "/fragment@1/__overlay__/hypervisor/rm@1")
                                .property("number", "/fragment@4/__overlay__"))
                .child(
                        "__fixups__",
                        fixups -> fixups.property(
                                "gic", "/fragment@5:target:0", "/fragment@2/__overlay__:interrupt-parent:0"))
                .child(
                        "__local_fixups__",
                        root -> root.child("fragment@2", f -> f.child("__overlay__", o -> o.property("rm", 0))));

        assertThat(alone())
                .isEqualTo(DeviceTree.of(NodeBuilder.root()
                        .child(
                                "hypervisor",
                                h -> h.property("#address-cells", 2).child("rm@1", rm -> rm.property("phandle", 4)))
                        .child(
                                "soc",
                                soc -> soc.child(
                                        "bus@1",
                                        bus -> bus.property("interrupt-parent", -1)
                                                .property("rm", 4)
                                                .flag("again")))
                        .child("__symbols__", symbols -> symbols.property("rm", "/hypervisor/rm@1"))
                        .build()));
    }

    @Test
    void isAnEmptyTreeIfNothingOfItStandsAlone() {
        fragment(f -> f.property("target", 1), node -> node.flag("lost"));
        DeviceTree reserving = DeviceTree.of(overlay.build(), List.of(new MemoryReservation(1, 1)), 7);

        assertThat(DeviceTreeOverlay.applyAlone(reserving))
                .isEqualTo(DeviceTree.of(NodeBuilder.root().build()));
    }
}
