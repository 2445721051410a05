// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.devicetree;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertThrowsExactly;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.function.Consumer;
import java.util.function.IntConsumer;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Overlays that would take minutes or gigabytes if anything grew with the square of their size. */
@Timeout(20)
class DeviceTreeOverlayScaleTest {
    private static final int MANY = 30_000;

    private final NodeBuilder base = NodeBuilder.root();
    private final NodeBuilder overlay = NodeBuilder.root();

    private void fragment(int number, String targetPath, Consumer<NodeBuilder> content) {
        overlay.child(
                "fragment@" + number,
                fragment -> fragment.property("target-path", targetPath).child("__overlay__", content));
    }

    private DeviceTree merged() {
        return DeviceTreeOverlay.apply(DeviceTree.of(base.build()), DeviceTree.of(overlay.build()));
    }

    private static void times(int count, IntConsumer action) {
        IntStream.range(0, count).forEach(action);
    }

    @Test
    void mergesTheLargeWorkload() {
        OverlayWorkload large = OverlayWorkload.large();

        DeviceTree merged = DeviceTreeOverlay.apply(large.base(), large.overlay());

        assertThat(merged.nodes()).hasSize(large.base().nodes().size() + 1000);
        Node last = merged.findByLabel("added999").orElseThrow();
        assertThat(merged.findByPhandle(last.property("irqs").orElseThrow().u32()))
                .isEqualTo(merged.findByLabel("gic"));
        assertThat(merged.findByPhandle(last.property("peers").orElseThrow().u32()))
                .isEqualTo(merged.findByLabel("added990"));
    }

    @Test
    void findsNamesWithoutUnitAddressInWideNodes() {
        times(MANY, i -> base.child("n" + i + "@1", n -> {}));
        fragment(0, "/", root -> times(MANY, i -> root.child("n" + i, n -> n.flag("seen"))));
        fragment(1, "/", root -> times(MANY, i -> root.child("m" + i, n -> n.flag("new"))));
        times(MANY, i -> fragment(2 + i, "/n" + i, n -> n.flag("targeted")));

        DeviceTree merged = merged();

        assertThat(merged.root().children()).hasSize(2 * MANY);
        assertThat(merged.root().children().get(MANY - 1).properties()).hasSize(2);
    }

    @Test
    void resolvesManyPlacesOfManyLabels() {
        fragment(0, "/", root -> times(MANY, i -> root.child("n" + i + "@1", n -> n.property("p", 0))));
        String[] places = IntStream.range(0, MANY)
                .mapToObj(i -> "/fragment/__overlay__/n" + i + ":p:0")
                .toArray(String[]::new);
        base.child("gic@1", gic -> gic.property("phandle", 0x55));
        times(MANY, i -> base.child("wide" + i, n -> {}));
        base.child("__symbols__", symbols -> times(MANY, i -> symbols.property("gic" + i, "/gic")));
        overlay.child(
                "__fixups__",
                fixups -> times(MANY, i -> fixups.property("gic" + i, i == 0 ? places : new String[] {places[i]})));

        assertThat(merged().find("/n7@1")
                        .orElseThrow()
                        .property("p")
                        .orElseThrow()
                        .u32())
                .isEqualTo(0x55);
    }

    @Test
    void changesManyCellsOfOneLargeValue() {
        int cells = 250_000;
        int[] offsets = IntStream.range(0, cells).map(i -> 4 * i).toArray();
        int[] phandles = new int[cells];
        Arrays.fill(phandles, 1);
        base.child("n", n -> n.property("phandle", 3));
        fragment(0, "/", root -> root.property("p", phandles).child("n", n -> n.property("phandle", 1)));
        overlay.child(
                "__local_fixups__",
                root -> root.child("fragment@0", f -> f.child("__overlay__", o -> o.property("p", offsets))));

        assertThat(merged().root().property("p").orElseThrow().cells())
                .hasSize(cells)
                .containsOnly(3);
    }

    @Test
    void givesManyNodesThePhandlesOfTheBase() {
        times(MANY, i -> base.child("n" + i, n -> n.property("phandle", i + 1)));
        int[] offsets = IntStream.range(0, MANY).map(i -> 4 * i).toArray();
        int[] phandles = IntStream.range(0, MANY).map(i -> MANY - i).toArray();
        fragment(0, "/", root -> {
            root.property("p", phandles);
            times(MANY, i -> root.child("n" + i, n -> n.property("phandle", MANY - i)));
        });
        overlay.child(
                "__local_fixups__",
                root -> root.child("fragment@0", f -> f.child("__overlay__", o -> o.property("p", offsets))));

        assertThat(merged().root().property("p").orElseThrow().cells())
                .isEqualTo(IntStream.rangeClosed(1, MANY).toArray());
    }

    @Test
    void aimsManyFragmentsAtOneWideNode() {
        base.child("wide", wide -> {
            wide.property("phandle", 1);
            times(MANY, i -> wide.child("n@" + i, n -> {}));
        });
        base.child("aliases", aliases -> aliases.property("w", "/wide" + "/".repeat(4000)));
        times(MANY, i -> {
            fragment(2 * i, "/wide", wide -> wide.child("m" + i, m -> {}));
            fragment(2 * i + 1, "w", wide -> wide.property("last", i));
        });

        assertThat(merged().find("/wide").orElseThrow().children()).hasSize(2 * MANY);
    }

    @Test
    void givesOneNodeManyPhandlesAndManyNodesOnePhandle() {
        fragment(0, "/", root -> times(MANY, i -> root.child("n" + i, n -> n.property("phandle", 7))));
        times(MANY, i -> fragment(1 + i, "/n" + i, n -> n.property("phandle", 100 + i)));
        times(
                MANY,
                i -> overlay.child(
                        "fragment@" + (MANY + 1 + i),
                        f -> f.property("target", 100 + MANY - 1 - i)
                                .child("__overlay__", n -> n.property("linux,phandle", 7))));

        assertThat(merged().findByPhandle(100 + 5)).isPresent();
    }

    @Test
    void doesNotMultiplyLongPathsByManyLabels() {
        String name = "x".repeat(1 << 20);
        base.child(name, n -> n.property("phandle", 1));
        times(
                MANY,
                i -> overlay.child(
                        "fragment@" + i, f -> f.property("target", 1).child("__overlay__", n -> n.flag("p"))));
        assertThat(merged().find("/" + name)).isPresent();
        overlay.child(
                "__symbols__",
                symbols -> times(MANY, i -> symbols.property("l" + i, "/fragment@" + i + "/__overlay__")));

        var refusal = assertThrowsExactly(DeviceTreeException.class, this::merged);
        assertThat(refusal.code()).isEqualTo(DeviceTreeException.Code.BAD_VALUE);
    }

    @Test
    void buildsLargeOverlays() {
        OverlayBuilder builder = OverlayBuilder.create()
                .fragment("/", root -> times(MANY, i -> root.child("n" + i, n -> n.property("p", 0, 0))));
        times(
                MANY,
                i -> builder.label("l" + i, "n" + i)
                        .reference("n" + i, "p", 0, "l" + (MANY - 1 - i))
                        .reference("n" + i, "p", 1, "gic"));

        DeviceTree overlay = builder.build();

        assertThat(DeviceTreeBlob.read(ByteBuffer.wrap(DeviceTreeBlob.write(overlay))))
                .isEqualTo(overlay);
    }
}
