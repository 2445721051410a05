// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.devicetree;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertThrowsExactly;

import dev.hwmailbox.devicetree.DeviceTreeException.Code;
import java.nio.charset.StandardCharsets;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Overlays that are refused, and the words for it. */
class DeviceTreeOverlayNegativeTest {
    private static final String DEEP_NAME = "n".repeat(2000);
    private static final DeviceTree BASE = DeviceTree.of(NodeBuilder.root()
            .child("gic", gic -> gic.property("phandle", 0x10))
            .child("bare", bare -> {})
            .child(DEEP_NAME, a -> a.child(DEEP_NAME, b -> {}))
            .child(
                    "aliases",
                    aliases -> aliases.property("good", "/gic")
                            .property("gone", "/gone")
                            .property("relative", "gic")
                            .bytes("open", latin1("/gic"))
                            .flag("empty")
                            .property("long", "/gic" + "/".repeat(MergedTree.MAX_PATH)))
            .child(
                    "__symbols__",
                    symbols -> symbols.property("gic", "/gic")
                            .property("bare", "/bare")
                            .property("gone", "/gone")
                            .property("relative", "gic")
                            .bytes("open", latin1("/gic"))
                            .flag("empty"))
            .build());

    private final NodeBuilder overlay = NodeBuilder.root();

    private static byte[] latin1(String text) {
        return text.getBytes(StandardCharsets.ISO_8859_1);
    }

    private void fragment(Consumer<NodeBuilder> target, Consumer<NodeBuilder> content) {
        overlay.child("fragment@0", fragment -> {
            target.accept(fragment);
            fragment.child("__overlay__", content);
        });
    }

    private void goodFragment() {
        fragment(f -> f.property("target-path", "/"), content -> content.property("p", 1, 2));
    }

    private void refuses(DeviceTree base, Code code, String nodePath, @Nullable String property, String reason) {
        String before = base.toString();
        DeviceTree tree = DeviceTree.of(overlay.build());

        var refusal = assertThrowsExactly(DeviceTreeException.class, () -> DeviceTreeOverlay.apply(base, tree));

        assertThat(refusal.reason()).isEqualTo(reason);
        assertThat(refusal.code()).isEqualTo(code);
        assertThat(refusal.nodePath()).contains(nodePath);
        assertThat(refusal.property().orElse(null)).isEqualTo(property);
        assertThat(base).hasToString(before);
    }

    private void refuses(Code code, String nodePath, @Nullable String property, String reason) {
        refuses(BASE, code, nodePath, property, reason);
    }

    @Test
    void refusesFragmentsWithoutTarget() {
        fragment(f -> {}, content -> {});
        refuses(Code.BAD_OVERLAY, "/fragment@0", null, "overlay fragment@0: has neither target nor target-path");
        fragment(f -> f.property("target", 0), content -> {});
        refuses(Code.BAD_OVERLAY, "/fragment@0", null, "overlay fragment@0: has neither target nor target-path");
    }

    @Test
    void refusesTargetsThatAreNoPhandle() {
        fragment(f -> f.property("target", -1), content -> {});
        refuses(Code.BAD_PHANDLE, "/fragment@0", "target", "overlay fragment@0: target is the placeholder 0xffffffff");
        fragment(f -> f.property("target", 16, 0), content -> {});
        refuses(Code.BAD_PHANDLE, "/fragment@0", "target", "overlay fragment@0: target has 8 bytes, not one cell");
        fragment(f -> f.flag("target"), content -> {});
        refuses(Code.BAD_PHANDLE, "/fragment@0", "target", "overlay fragment@0: target has 0 bytes, not one cell");
        fragment(f -> f.property("target", 0x8000_0000), content -> {});
        refuses(Code.NO_SUCH_TARGET, "/fragment@0", "target", "overlay fragment@0: no node has phandle 0x80000000");
    }

    @Test
    void refusesPhandlesThatANodeHasNoLonger() {
        fragment(f -> f.property("target-path", "/bare"), bare -> bare.property("phandle", 1));
        more(1, f -> f.property("target-path", "/bare"), bare -> bare.property("phandle", 2));
        more(2, f -> f.property("target", 0x11), bare -> {});
        refuses(Code.NO_SUCH_TARGET, "/fragment@2", "target", "overlay fragment@2: no node has phandle 0x11");
    }

    @Test
    void refusesPhandlesOfTheBaseThatANodeHasNoLonger() {
        fragment(f -> f.property("target-path", "/aliases"), aliases -> aliases.property("new", "/gic"));
        more(1, f -> f.property("target-path", "new"), gic -> gic.property("phandle", 1));
        more(2, f -> f.property("target", 0x10), gic -> {});
        refuses(Code.NO_SUCH_TARGET, "/fragment@2", "target", "overlay fragment@2: no node has phandle 0x10");
    }

    private void more(int number, Consumer<NodeBuilder> target, Consumer<NodeBuilder> content) {
        overlay.child("fragment@" + number, fragment -> {
            target.accept(fragment);
            fragment.child("__overlay__", content);
        });
    }

    @ParameterizedTest
    @CsvSource({
        "/soc/x, does not exist",
        "/gic/x, does not exist",
        "good/x, does not exist",
        "relative/x, does not begin with a slash or an alias of the base",
        "gic, does not begin with a slash or an alias of the base",
        "'', does not begin with a slash or an alias of the base",
        "gone, does not begin with a slash or an alias of the base",
        "relative, does not begin with a slash or an alias of the base",
        "open, does not begin with a slash or an alias of the base",
        "empty, does not begin with a slash or an alias of the base",
        "long, does not begin with a slash or an alias of the base"
    })
    void refusesTargetPathsThatLeadNowhere(String path, String fact) {
        fragment(f -> f.property("target-path", path), content -> {});

        refuses(
                Code.NO_SUCH_TARGET,
                "/fragment@0",
                "target-path",
                "overlay fragment@0: target-path '" + path + "' " + fact);
    }

    @Test
    void refusesTargetPathsThatAreNoString() {
        fragment(f -> f.bytes("target-path", latin1("/gic")), content -> {});
        refuses(
                Code.BAD_VALUE,
                "/fragment@0",
                "target-path",
                "overlay fragment@0: target-path is not a NUL-terminated string");
    }

    @ParameterizedTest
    @CsvSource({
        "gica, is not in /__symbols__ of the base",
        "open, has no path in /__symbols__ of the base",
        "empty, has no path in /__symbols__ of the base",
        "gone, 'leads to ''/gone'', which is not in the base'",
        "relative, 'leads to ''gic'', which is not in the base'",
        "bare, 'leads to /bare, which has no phandle'"
    })
    void refusesLabelsThatLeadNowhere(String label, String fact) {
        goodFragment();
        overlay.child("__fixups__", fixups -> fixups.property(label, "/fragment@0/__overlay__:p:0"));

        refuses(Code.NO_SUCH_TARGET, "/__fixups__", label, "overlay fragment@0: label '" + label + "' " + fact);
    }

    @Test
    void refusesLabelsIfTheBaseHasNone() {
        goodFragment();
        overlay.child("__fixups__", fixups -> fixups.property("gic", "/:p:0"));

        refuses(
                DeviceTree.of(NodeBuilder.root().build()),
                Code.NO_SUCH_TARGET,
                "/__fixups__",
                "gic",
                "overlay __fixups__: label 'gic' is not in the base, which has no /__symbols__");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/fragment@0/__overlay__",
                "/fragment@0/__overlay__:p",
                "/fragment@0/__overlay__::0",
                "/fragment@0/__overlay__:p:",
                "/fragment@0/__overlay__:p:x",
                "/fragment@0/__overlay__:p:0x0",
                "/fragment@0/__overlay__:p:+0",
                "/fragment@0/__overlay__:p:-4",
                "/fragment@0/__overlay__:p:0:0",
                "/fragment@0/__overlay__:p: 0",
                "",
            })
    void refusesPlacesThatAreNoPlaces(String place) {
        refusesPlace(place, "is not path:property:offset");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "5",
                "8",
                "4294967292",
                "4294967294",
                "4294967296",
                "8589934592",
                "18446744073709551616",
                "340282366920938463463374607431768211456"
            })
    void refusesPlacesOutsideTheValue(String offset) {
        refusesPlace("/fragment@0/__overlay__:p:" + offset, "has an offset outside the 8-byte value");
    }

    @ParameterizedTest
    @ValueSource(strings = {"/fragment@1:p:0", ":p:0", "fragment@0:p:0", "/fragment@0/__overlay__/n:p:0"})
    void refusesPlacesInNodesThatAreNotThere(String place) {
        refusesPlace(place, "names a node that is not in the overlay");
    }

    @Test
    void refusesPlacesInPropertiesThatAreNotThere() {
        refusesPlace("/fragment@0:p:0", "names a property that is not there");
    }

    private void refusesPlace(String place, String fact) {
        goodFragment();
        overlay.child("__fixups__", fixups -> fixups.property("gic", "/fragment@0/__overlay__:p:4", place));
        String reason = "overlay __fixups__/gic: '" + place + "' " + fact;

        refuses(Code.BAD_OVERLAY, "/__fixups__", "gic", reason);
        var alone = assertThrowsExactly(
                DeviceTreeException.class, () -> DeviceTreeOverlay.applyAlone(DeviceTree.of(overlay.build())));
        assertThat(alone.reason()).isEqualTo(reason);
    }

    @Test
    void refusesListsOfPlacesThatDoNotEnd() {
        goodFragment();
        overlay.child("__fixups__", fixups -> fixups.bytes("gic", latin1("/fragment@0/__overlay__:p:4")));
        refuses(
                Code.BAD_OVERLAY,
                "/__fixups__",
                "gic",
                "overlay __fixups__/gic: is not a list of NUL-terminated strings");
        overlay.child("__fixups__", fixups -> fixups.flag("gic"));
        refuses(
                Code.BAD_OVERLAY,
                "/__fixups__",
                "gic",
                "overlay __fixups__/gic: is not a list of NUL-terminated strings");
    }

    @ParameterizedTest
    @ValueSource(longs = {5, 8, 0x7fff_fffcL, 0x8000_0000L, 0xffff_fffcL, 0xffff_ffffL})
    void refusesLocalPlacesOutsideTheValue(long offset) {
        goodFragment();
        localFixup(content -> content.property("p", 4, (int) offset));

        refuses(
                Code.BAD_OVERLAY,
                "/__local_fixups__/fragment@0/__overlay__",
                "p",
                "overlay __local_fixups__/fragment@0/__overlay__: offset " + offset
                        + " lies outside the 8-byte value of 'p'");
    }

    private void localFixup(Consumer<NodeBuilder> content) {
        overlay.child("__local_fixups__", root -> root.child("fragment@0", f -> f.child("__overlay__", content)));
    }

    @Test
    void refusesLocalPlacesThatAreNoPlaces() {
        goodFragment();
        localFixup(content -> content.bytes("p", new byte[5]));
        refuses(
                Code.BAD_OVERLAY,
                "/__local_fixups__/fragment@0/__overlay__",
                "p",
                "overlay __local_fixups__/fragment@0/__overlay__: 'p' has 5 bytes, not a whole number of cells");
        localFixup(content -> content.removeProperty("p").property("q", 0));
        refuses(
                Code.BAD_OVERLAY,
                "/__local_fixups__/fragment@0/__overlay__",
                "q",
                "overlay __local_fixups__/fragment@0/__overlay__: /fragment@0/__overlay__ has no property 'q'");
        localFixup(content -> content.removeProperty("q").child("n", n -> {}));
        refuses(
                Code.BAD_OVERLAY,
                "/__local_fixups__/fragment@0/__overlay__/n",
                null,
                "overlay __local_fixups__/fragment@0/__overlay__/n: /fragment@0/__overlay__ has no node 'n'");
    }

    @Test
    void refusesReferencesThatWouldWrapAround() {
        fragment(f -> f.property("target-path", "/"), content -> content.property("p", 1, 0xffff_fff0));
        localFixup(content -> content.property("p", 0, 4));

        refuses(
                Code.NO_PHANDLES,
                "/__local_fixups__/fragment@0/__overlay__",
                "p",
                "overlay __local_fixups__/fragment@0/__overlay__: phandle 0xfffffff0 cannot be moved behind 0x10,"
                        + " the largest of the base");
    }

    @ParameterizedTest
    @ValueSource(strings = {"phandle", "linux,phandle"})
    void refusesPhandlesThatAreNoPhandles(String name) {
        fragment(f -> f.property("target-path", "/"), content -> content.property(name, 1, 2));
        refuses(
                Code.BAD_PHANDLE,
                "/fragment@0/__overlay__",
                name,
                "overlay fragment@0/__overlay__: " + name + " has 8 bytes, not one cell");
        fragment(f -> {}, content -> content.property(name, 0));
        refuses(Code.BAD_PHANDLE, "/fragment@0/__overlay__", name, "overlay fragment@0/__overlay__: " + name + " is 0");
        overlay.flag(name);
        refuses(Code.BAD_PHANDLE, "/", name, "overlay /: " + name + " has 0 bytes, not one cell");
    }

    @Test
    void refusesPhandlesForWhichTheBaseLeavesNoRoom() {
        String reason = "overlay fragment@0/__overlay__: phandle 0x%x cannot be moved behind 0x%x,"
                + " the largest of the base";
        DeviceTree full = DeviceTree.of(
                NodeBuilder.root().property("linux,phandle", 0xffff_fffe).build());
        fragment(f -> f.property("target-path", "/"), content -> content.property("phandle", 1));
        refuses(full, Code.NO_PHANDLES, "/fragment@0/__overlay__", "phandle", reason.formatted(1, 0xffff_fffe));
        fragment(f -> {}, content -> content.property("phandle", 0xffff_ffee));
        assertThat(DeviceTreeOverlay.apply(BASE, DeviceTree.of(overlay.build())).findByPhandle(0xffff_fffe))
                .isPresent();
        fragment(f -> {}, content -> content.property("phandle", 0xffff_ffef));
        refuses(Code.NO_PHANDLES, "/fragment@0/__overlay__", "phandle", reason.formatted(0xffff_ffef, 0x10));
        fragment(f -> {}, content -> content.property("phandle", -1));
        refuses(
                DeviceTree.of(NodeBuilder.root().build()),
                Code.NO_PHANDLES,
                "/fragment@0/__overlay__",
                "phandle",
                reason.formatted(-1, 0));
    }

    @Test
    void refusesLabelsThatAreNoPaths() {
        refusesLabel(latin1("fragment@0/__overlay__\0"), "is not one absolute path");
        refusesLabel(latin1("/fragment@0/__overlay__"), "is not one absolute path");
        refusesLabel(latin1("/fragment@0/__overlay__\0/n\0"), "is not one absolute path");
        refusesLabel(new byte[0], "is not one absolute path");
        refusesLabel(new byte[1], "is not one absolute path");
    }

    private void refusesLabel(byte[] path, String fact) {
        goodFragment();
        overlay.child("__symbols__", symbols -> symbols.bytes("l", path));

        refuses(
                fact.startsWith("there") ? Code.BAD_OVERLAY : Code.BAD_VALUE,
                "/__symbols__",
                "l",
                "overlay __symbols__/l: " + fact);
    }

    @Test
    void refusesLabelsInFragmentsThatAreNotThere() {
        overlay.child("fragment@2", f -> f.property("target-path", "/"));

        refusesLabel(latin1("/fragment@1/__overlay__\0"), "there is no fragment 'fragment@1'");
        refusesLabel(latin1("/fragment@2/__overlay__/n\0"), "there is no fragment 'fragment@2'");
        refusesLabel(latin1("//__overlay__/n\0"), "there is no fragment ''");
    }

    @Test
    void refusesLabelsWhosePathGetsTooLong() {
        String target = "/" + DEEP_NAME + "/" + DEEP_NAME;
        String rest = "/" + "x".repeat(MergedTree.MAX_PATH - target.length() - 1);
        fragment(f -> f.property("target-path", target), content -> {});
        overlay.child("__symbols__", symbols -> symbols.property("l", "/fragment@0/__overlay__" + rest));
        assertThat(DeviceTreeOverlay.apply(BASE, DeviceTree.of(overlay.build())))
                .isNotNull();
        overlay.child("__symbols__", symbols -> symbols.property("l", "/fragment@0/__overlay__" + rest + "x"));
        refuses(
                Code.BAD_VALUE,
                "/__symbols__",
                "l",
                "overlay __symbols__/l: its path in the base would have more than 4096 characters");
    }

    @Test
    void refusesResultsThatAreTooDeep() {
        Node chain = NodeBuilder.named("n").build();
        for (int levels = 1; levels < 60; levels++) {
            Node below = chain;
            chain = NodeBuilder.named("n").child("n", n -> n.merge(below)).build();
        }
        Node sixtyLevels = chain;
        fragment(f -> f.property("target-path", "/"), root -> root.child("n", n -> n.merge(sixtyLevels)));
        overlay.child(
                "fragment@1",
                f -> f.property("target-path", "/n".repeat(60))
                        .child(
                                "__overlay__",
                                bottom -> bottom.child("n", a -> a.child("n", b -> b.child("n", c -> {})))));
        assertThat(DeviceTreeOverlay.apply(BASE, DeviceTree.of(overlay.build())).find("/n".repeat(63)))
                .isPresent();
        overlay.child(
                "fragment@2",
                f -> f.property("target-path", "/n".repeat(63))
                        .child("__overlay__", bottom -> bottom.child("n", one -> {})));
        refuses(Code.TOO_DEEP, "/n".repeat(64), null, "more than 64 levels of nodes at " + "/n".repeat(64));
    }

    @Test
    void refusesAloneWhatCannotBeMade() {
        fragment(f -> f.property("target-path", "/a b"), content -> {});
        refusesAlone(Code.BAD_NAME, "node name \"a b\" in /");
        fragment(f -> f.property("target-path", "/n".repeat(64)), content -> {});
        refusesAlone(Code.TOO_DEEP, "more than 64 levels of nodes at " + "/n".repeat(64));
        fragment(f -> f.property("target", 1, 2), content -> {});
        refusesAlone(Code.BAD_PHANDLE, "overlay fragment@0: target has 8 bytes, not one cell");
        fragment(f -> f.removeProperty("target").removeProperty("target-path"), content -> {});
        refusesAlone(Code.BAD_OVERLAY, "overlay fragment@0: has neither target nor target-path");
        goodFragment();
        localFixup(content -> content.property("p", 5));
        refusesAlone(
                Code.BAD_OVERLAY,
                "overlay __local_fixups__/fragment@0/__overlay__: offset 5 lies outside the 8-byte value of 'p'");
    }

    private void refusesAlone(Code code, String reason) {
        DeviceTree tree = DeviceTree.of(overlay.build());

        var refusal = assertThrowsExactly(DeviceTreeException.class, () -> DeviceTreeOverlay.applyAlone(tree));
        assertThat(refusal.reason()).isEqualTo(reason);
        assertThat(refusal.code()).isEqualTo(code);
    }
}
