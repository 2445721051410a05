// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.devicetree;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NodeTest {
    private static final Node ROOT = NodeBuilder.root()
            .property("compatible", "example,vm", "example,generic")
            .child(
                    "cpus",
                    cpus -> cpus.child("cpu@0", cpu -> {})
                            .child("cpu@1", cpu -> {})
                            .child("cpu", cpu -> {}))
            .build();

    @Test
    void knowsItsPlace() {
        Node cpu = ROOT.child("cpus").flatMap(cpus -> cpus.child("cpu@1")).orElseThrow();

        assertThat(cpu.path()).isEqualTo("/cpus/cpu@1");
        assertThat(cpu.parent()).isSameAs(ROOT.child("cpus").orElseThrow());
        assertThat(cpu).hasToString("/cpus/cpu@1");
        assertThat(ROOT.path()).isEqualTo("/");
        assertThat(ROOT.parent()).isNull();
    }

    @Test
    void hasARelativePathOutsideATree() {
        Node top = NodeBuilder.named("top").child("below", below -> {}).build();

        assertThat(top.path()).isEqualTo("top");
        assertThat(top.child("below").orElseThrow().path()).isEqualTo("top/below");
    }

    @Test
    void findsChildrenByFullNameFirstAndThenWithoutUnitAddress() {
        Node cpus = ROOT.child("cpus").orElseThrow();

        assertThat(cpus.child("cpu").orElseThrow().name()).isEqualTo("cpu");
        Node withoutExact = NodeBuilder.from(cpus).removeChild("cpu").build();
        assertThat(withoutExact.child("cpu").orElseThrow().name()).isEqualTo("cpu@0");
        assertThat(withoutExact.child("cpu@2")).isEmpty();
        assertThat(withoutExact.child("cp")).isEmpty();
        assertThat(withoutExact.child("")).isEmpty();
    }

    @Test
    void matchesCompatibleExactly() {
        assertThat(ROOT.compatible()).containsExactly("example,vm", "example,generic");
        assertThat(ROOT.isCompatibleWith("example,generic")).isTrue();
        assertThat(ROOT.isCompatibleWith("Example,vm")).isFalse();
        assertThat(ROOT.isCompatibleWith("example")).isFalse();
        assertThat(ROOT.child("cpus").orElseThrow().compatible()).isEmpty();
        Node unterminated =
                NodeBuilder.root().bytes("compatible", new byte[] {'a', 0, 'b'}).build();
        assertThat(unterminated.compatible()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "okay, true",
        "ok, true",
        "disabled, false",
        "reserved, false",
        "fail, false",
        "fail-sss, false",
        "OKAY, false",
        "'', false"
    })
    void isAvailableByStatusAndThatOfItsAncestors(String status, boolean available) {
        Node root = NodeBuilder.root()
                .child("a", a -> a.property("status", status).child("b", b -> {}))
                .build();
        Node a = root.child("a").orElseThrow();

        assertThat(a.isAvailable()).isEqualTo(available);
        assertThat(a.child("b").orElseThrow().isAvailable()).isEqualTo(available);
        assertThat(root.isAvailable()).isTrue();
    }

    @Test
    void isNotAvailableWithAStatusThatIsNoString() {
        assertThat(NodeBuilder.root().flag("status").build().isAvailable()).isFalse();
        assertThat(NodeBuilder.root()
                        .bytes("status", new byte[] {'o', 'k'})
                        .build()
                        .isAvailable())
                .isFalse();
    }

    @Test
    void takesItsPhandleFromEitherProperty() {
        assertThat(NodeBuilder.root().property("phandle", 5).build().phandle()).hasValue(5);
        assertThat(NodeBuilder.root().property("linux,phandle", 6).build().phandle())
                .hasValue(6);
        assertThat(NodeBuilder.root()
                        .property("linux,phandle", 6)
                        .property("phandle", 5)
                        .build()
                        .phandle())
                .hasValue(5);
        assertThat(NodeBuilder.root().property("phandle", 0xffff_fffe).build().phandle())
                .hasValue(0xffff_fffe);
    }

    @Test
    void hasNoPhandleWithAnImpossibleOne() {
        assertThat(NodeBuilder.root().build().phandle()).isEmpty();
        assertThat(NodeBuilder.root().property("phandle", 0).build().phandle()).isEmpty();
        assertThat(NodeBuilder.root().property("phandle", -1).build().phandle()).isEmpty();
        assertThat(NodeBuilder.root().bytes("phandle", new byte[3]).build().phandle())
                .isEmpty();
    }

    @Test
    void handsOutUnmodifiableViews() {
        assertThatThrownBy(() -> ROOT.children().clear()).isInstanceOf(UnsupportedOperationException.class);
        assertThatThrownBy(() -> ROOT.properties().clear()).isInstanceOf(UnsupportedOperationException.class);
        assertThat(ROOT.properties()).extracting(Property::name).containsExactly("compatible");
    }

    @Test
    void readsRegByTheCellCountsOfTheParent() {
        assertThat(reg(1, 1, 0x1000, 0x100, 0xffff_f000, 0x1000))
                .containsExactly(new AddressRange(0x1000, 0x100), new AddressRange(0xffff_f000L, 0x1000))
                .first()
                .hasToString("0x1000+0x100");
        assertThat(reg(2, 0, 0xdeadbeef, 1)).containsExactly(new AddressRange(0xdeadbeef_00000001L, 0));
        assertThat(reg(2, 2, 0, 1, 0, 2)).containsExactly(new AddressRange(1, 2));
        assertThat(reg(1, 1)).isEmpty();
        assertThat(ROOT.reg()).isEmpty();
    }

    @Test
    void countsTwoCellsPerAddressAndOnePerSizeWhereTheParentDoesNotSay() {
        Node root =
                NodeBuilder.root().child("n", n -> n.property("reg", 0, 1, 2)).build();

        assertThat(root.children().get(0).reg()).containsExactly(new AddressRange(1, 2));
    }

    @Test
    void refusesARegThatDoesNotFit() {
        assertThatThrownBy(() -> reg(1, 1, 1, 2, 3))
                .hasMessage("EINVAL: /n: reg has 3 cells, not a whole number of entries of 2");
        assertThatThrownBy(() -> reg(0, 0, 1))
                .hasMessage("EINVAL: /n: reg has 1 cells, not a whole number of entries of 0");
        assertThatThrownBy(() -> reg(3, 1, 1, 2, 3, 4))
                .hasMessage("EINVAL: /n: reg cannot be read: #address-cells of the parent is 3, at most 2 are 64 bits");
        assertThatThrownBy(() -> reg(1, -1, 1))
                .hasMessage("EINVAL: /n: reg cannot be read: #size-cells of the parent is 4294967295, at most 2 are 64"
                        + " bits");
        Node root = NodeBuilder.root()
                .flag("#address-cells")
                .child("n", n -> n.property("reg", 0, 1, 2))
                .build();
        assertThatThrownBy(() -> root.children().get(0).reg())
                .hasMessage("EINVAL: /: #address-cells has 0 bytes, no cell with index 0");
    }

    private static List<AddressRange> reg(int addressCells, int sizeCells, int... cells) {
        return NodeBuilder.root()
                .property("#address-cells", addressCells)
                .property("#size-cells", sizeCells)
                .child("n", n -> n.property("reg", cells))
                .build()
                .children()
                .get(0)
                .reg();
    }
}
