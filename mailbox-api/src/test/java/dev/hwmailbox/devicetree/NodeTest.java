// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.devicetree;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

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
}
