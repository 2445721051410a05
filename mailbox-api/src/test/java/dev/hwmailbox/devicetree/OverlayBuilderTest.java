// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.devicetree;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.junit.jupiter.api.Assertions.assertThrowsExactly;

import dev.hwmailbox.devicetree.DeviceTreeException.Code;
import java.nio.ByteBuffer;
import java.util.function.Consumer;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;

class OverlayBuilderTest {
    @AutoClose
    private final Corpus corpus = Corpus.open();

    private static void nothing(NodeBuilder node) {
        assertThat(node.properties()).isEmpty();
    }

    @Test
    void writesReferencesToLabelsOfTheBaseLikeDtc() {
        isWhatDtcMakesOf(
                "external-phandle",
                OverlayBuilder.create()
                        .fragmentAt(
                                "soc",
                                soc -> soc.child(
                                        "client",
                                        client -> client.property("mboxes", 0, 0, 0, 1)
                                                .property("mbox-names", "tx", "rx")
                                                .property("interrupts-extended", 0, 0, 7, 1)))
                        .reference("client", "interrupts-extended", 0, "gic")
                        .reference("client", "mboxes", 2, "mbox0")
                        .reference("client", "mboxes", 0, "mbox0"));
    }

    @Test
    void numbersAndListsReferencesToItsOwnNodesLikeDtc() {
        isWhatDtcMakesOf(
                "local-phandle",
                OverlayBuilder.create()
                        .fragmentAt(
                                "soc",
                                soc -> soc.child("mailbox@4000", mailbox -> mailbox.property("#mbox-cells", 2))
                                        .child("client", client -> client.property("mboxes", 0, 1, 2, 0, 0, 0, 3, 4)))
                        .reference("client", "mboxes", 0, "m1")
                        .reference("client", "mboxes", 3, "mbox0")
                        .reference("client", "mboxes", 5, "m1")
                        .label("m1", "mailbox@4000"));
    }

    @Test
    void listsItsLabelsLikeDtc() {
        isWhatDtcMakesOf(
                "new-labels",
                OverlayBuilder.create()
                        .fragmentAt("soc", soc -> soc.child("n1", n1 -> n1.child("n2", OverlayBuilderTest::nothing)))
                        .label("n2", "n1/n2")
                        .label("n1", "n1")
                        .fragment("/chosen", chosen -> chosen.child("lab3", OverlayBuilderTest::nothing))
                        .label("lab3", "lab3"));
    }

    @Test
    void refersToTheNodeThatRefersLikeDtc() {
        isWhatDtcMakesOf(
                "label-on-base-node",
                OverlayBuilder.create()
                        .fragmentAt("soc", soc -> soc.child("serial@2000", serial -> serial.property("self", 0)))
                        .label("relabel", "serial@2000")
                        .reference("serial@2000", "self", 0, "relabel"));
    }

    private void isWhatDtcMakesOf(String recorded, OverlayBuilder builder) {
        DeviceTree overlay = Corpus.tree(corpus.recorded().resolve("overlays").resolve(recorded + ".dtbo"));

        assertThat(builder.build()).hasToString(overlay.toString()).isEqualTo(overlay);
    }

    @Test
    void findsTargetsByPathLabelAndNumber() {
        DeviceTree base = DeviceTree.of(NodeBuilder.root()
                .child("a", a -> a.property("phandle", 7))
                .child("b", OverlayBuilderTest::nothing)
                .child("c", c -> c.property("phandle", 8))
                .child("aliases", aliases -> aliases.property("bee", "/b"))
                .child("__symbols__", symbols -> symbols.property("sea", "/c"))
                .build());

        DeviceTree overlay = OverlayBuilder.create()
                .fragmentAt(7, a -> a.flag("by-number"))
                .fragment("bee", b -> b.flag("by-alias"))
                .fragment("/b", b -> b.flag("by-path"))
                .fragmentAt("sea", c -> c.flag("by-label"))
                .build();

        DeviceTree read = DeviceTreeBlob.read(ByteBuffer.wrap(DeviceTreeBlob.write(overlay)));
        assertThat(read).isEqualTo(overlay);
        DeviceTree merged = DeviceTreeOverlay.apply(base, read);
        assertThat(merged.find("/a").orElseThrow().hasProperty("by-number")).isTrue();
        assertThat(merged.find("/b").orElseThrow().properties())
                .extracting(Property::name)
                .containsExactly("by-alias", "by-path");
        assertThat(merged.find("/c").orElseThrow().hasProperty("by-label")).isTrue();
    }

    @Test
    void labelsTheTargetItself() {
        DeviceTree base = DeviceTree.of(
                NodeBuilder.root().child("bus@1", OverlayBuilderTest::nothing).build());

        DeviceTree merged = DeviceTreeOverlay.apply(
                base,
                OverlayBuilder.create()
                        .fragment("/bus@1", bus -> bus.property("self", 0))
                        .label("bus", "")
                        .reference("", "self", 0, "bus")
                        .build());

        Node bus = merged.findByLabel("bus").orElseThrow();
        assertThat(bus.path()).isEqualTo("/bus@1");
        assertThat(merged.findByPhandle(bus.property("self").orElseThrow().u32()))
                .contains(bus);
    }

    @Test
    void targetsANodeOfItsOwnByLabel() {
        DeviceTree merged = DeviceTreeOverlay.apply(
                DeviceTree.of(NodeBuilder.root().property("phandle", 3).build()),
                OverlayBuilder.create()
                        .fragment("/", root -> root.child("new", OverlayBuilderTest::nothing))
                        .label("new", "new")
                        .fragmentAt("new", node -> node.flag("found"))
                        .build());

        Node found = merged.find("/new").orElseThrow();
        assertThat(found.hasProperty("found")).isTrue();
        assertThat(found.phandle()).hasValue(4);
    }

    @Test
    void keepsChosenPhandlesAndNumbersAroundThem() {
        DeviceTree overlay = OverlayBuilder.create()
                .fragment(
                        "/",
                        root -> root.child("first", OverlayBuilderTest::nothing)
                                .child("chosen-one", chosen -> chosen.property("phandle", 1))
                                .child("chosen-three", chosen -> chosen.property("linux,phandle", 3))
                                .child("second", OverlayBuilderTest::nothing)
                                .child("user", user -> user.property("refs", 0, 0, 0)))
                .label("second", "second")
                .label("first", "first")
                .label("one", "chosen-one")
                .label("three", "chosen-three")
                .reference("user", "refs", 0, "second")
                .reference("user", "refs", 1, "one")
                .reference("user", "refs", 2, "three")
                .build();

        String content = "/fragment@0/__overlay__/";
        assertThat(overlay.find(content + "second").orElseThrow().phandle()).hasValue(2);
        assertThat(overlay.find(content + "first").orElseThrow().phandle()).hasValue(4);
        assertThat(overlay.find(content + "user")
                        .orElseThrow()
                        .property("refs")
                        .orElseThrow()
                        .cells())
                .containsExactly(2, 1, 3);
        assertThat(overlay.find("/__fixups__")).isEmpty();
        assertThat(overlay.find("/__local_fixups__" + content + "user")
                        .orElseThrow()
                        .property("refs")
                        .orElseThrow()
                        .cells())
                .containsExactly(0, 4, 8);
    }

    @Test
    void buildsSeveralTimesAndGoesOn() {
        OverlayBuilder builder = OverlayBuilder.create()
                .fragment("/", root -> root.child("n", n -> n.property("self", 0)))
                .label("n", "n")
                .reference("n", "self", 0, "n");
        DeviceTree first = builder.build();

        assertThat(builder.build()).isEqualTo(first);
        assertThat(builder.fragment("/", OverlayBuilderTest::nothing)
                        .build()
                        .root()
                        .children())
                .hasSize(4);
        assertThat(builder).hasToString("OverlayBuilder[2 fragments, labels [n]]");
    }

    @Test
    void isNoOverlayWithoutFragments() {
        DeviceTree empty = OverlayBuilder.create().build();

        assertThat(empty.root().children()).isEmpty();
        assertThat(DeviceTreeOverlay.isOverlay(empty)).isFalse();
    }

    @Test
    void refusesWhatCannotBeATarget() {
        OverlayBuilder builder = OverlayBuilder.create();

        assertThatIllegalArgumentException()
                .isThrownBy(() -> builder.fragment("", OverlayBuilderTest::nothing))
                .withMessage("a fragment needs a target");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> builder.fragmentAt(0, OverlayBuilderTest::nothing))
                .withMessage("0x0 is no phandle");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> builder.fragmentAt(-1, OverlayBuilderTest::nothing))
                .withMessage("0xffffffff is no phandle");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> builder.fragmentAt("a-b", OverlayBuilderTest::nothing))
                .withMessage("\"a-b\" cannot be a label");
    }

    @Test
    void refusesLabelsThatLeadNowhereOrToTwoNodes() {
        OverlayBuilder empty = OverlayBuilder.create();
        OverlayBuilder builder = OverlayBuilder.create()
                .fragment("/", root -> root.child("n", OverlayBuilderTest::nothing))
                .label("n", "n");

        assertThatIllegalStateException()
                .isThrownBy(() -> empty.label("n", ""))
                .withMessage("there is no fragment yet");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> builder.label("m", "m"))
                .withMessage("/fragment@0 has no node 'm'");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> builder.label("n", ""))
                .withMessage("label 'n' is given already");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> builder.label("phandle", "n"))
                .withMessage("\"phandle\" cannot be a label");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> builder.label("1n", "n"))
                .withMessage("\"1n\" cannot be a label");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> builder.label("n".repeat(256), "n"))
                .withMessage("\"%s...\" cannot be a label".formatted("n".repeat(64)));
        builder.label("n".repeat(255), "n").build();
    }

    @Test
    void leavesNothingBehindOfFragmentsThatItRefuses() {
        OverlayBuilder builder = OverlayBuilder.create();

        assertThatIllegalArgumentException()
                .isThrownBy(() -> builder.fragment("/a\0", OverlayBuilderTest::nothing))
                .withMessage("target-path: a string of a devicetree has no NUL inside");
        assertThatIllegalArgumentException().isThrownBy(() -> builder.fragment("", OverlayBuilderTest::nothing));

        assertThat(builder.build().root().children()).isEmpty();
    }

    @Test
    void refusesReferencesFromNowhere() {
        OverlayBuilder empty = OverlayBuilder.create();
        OverlayBuilder builder = OverlayBuilder.create()
                .fragment(
                        "/",
                        root -> root.bytes("p", new byte[7])
                                .property("phandle", 1)
                                .child("a:b", n -> n.property("p", 0))
                                .property("c:d", 0))
                .reference("", "p", 0, "gic");

        assertThatIllegalStateException().isThrownBy(() -> empty.reference("", "p", 0, "gic"));
        refusesReference(builder, "n", "p", 0, "/fragment@0 has no node 'n'");
        refusesReference(builder, "", "q", 0, "/fragment@0/__overlay__ has no property 'q' for references");
        refusesReference(builder, "", "phandle", 0, "/fragment@0/__overlay__ has no property 'phandle' for references");
        refusesReference(builder, "", "p", 1, "/fragment@0/__overlay__: 'p' has 7 bytes, no cell with index 1");
        refusesReference(builder, "", "p", -1, "/fragment@0/__overlay__: 'p' has 7 bytes, no cell with index -1");
        refusesReference(builder, "", "p", 0, "/fragment@0/__overlay__: byte 0 of 'p' refers to 'gic' already");
        refusesReference(
                builder,
                "a:b",
                "p",
                0,
                "/fragment@0/__overlay__/a:b: a reference from 'p' cannot be written, because of the colon");
        refusesReference(
                builder,
                "",
                "c:d",
                0,
                "/fragment@0/__overlay__: a reference from 'c:d' cannot be written, because of the colon");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> builder.reference("", "p", 0, "&gic"))
                .withMessage("\"&gic\" cannot be a label");
    }

    private static void refusesReference(
            OverlayBuilder builder, String path, String property, int cell, String message) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> builder.reference(path, property, cell, "uart"))
                .withMessage(message);
    }

    @Test
    void refusesPhandlesThatNobodyCanHave() {
        refusesPhandle(n -> n.property("phandle", 0), "/fragment@0/__overlay__/n: phandle <0x00000000> is no phandle");
        refusesPhandle(
                n -> n.property("linux,phandle", -1),
                "/fragment@0/__overlay__/n: linux,phandle <0xffffffff> is no phandle");
        refusesPhandle(
                n -> n.property("phandle", 1, 2),
                "/fragment@0/__overlay__/n: phandle <0x00000001 0x00000002> is no phandle");
        refusesPhandle(
                n -> n.property("phandle", 5).child("m", m -> m.property("phandle", 5)),
                "/fragment@0/__overlay__/n/m: phandle <0x00000005> is the phandle of /fragment@0/__overlay__/n");
    }

    private static void refusesPhandle(Consumer<NodeBuilder> node, String reason) {
        OverlayBuilder builder = OverlayBuilder.create().fragment("/", root -> root.child("n", node));

        var refusal = assertThrowsExactly(DeviceTreeException.class, builder::build);
        assertThat(refusal.reason()).isEqualTo(reason);
        assertThat(refusal.code()).isEqualTo(Code.BAD_PHANDLE);
        assertThat(refusal.nodePath()).isPresent();
        assertThat(refusal.property()).isPresent();
    }
}
