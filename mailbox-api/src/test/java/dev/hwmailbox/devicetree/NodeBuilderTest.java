// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.devicetree;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assertions.assertThrowsExactly;

import dev.hwmailbox.devicetree.DeviceTreeException.Code;
import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

class NodeBuilderTest {
    @Test
    void derivesAChangedTreeAndLeavesTheFirstAlone() {
        DeviceTree guest = DeviceTree.of(NodeBuilder.root()
                .property("model", "guest")
                .child("hypervisor", h -> h.property("stale", 1).child("old", old -> old.flag("kept")))
                .child("chosen", chosen -> {})
                .build());
        String before = guest.toString();
        Node hypervisor = NodeBuilder.named("hypervisor")
                .property("#address-cells", 2)
                .property("stale", 2)
                .child("gunyah-resource-mgr@1", rm -> rm.u64s("reg", 0, 1))
                .child("old", old -> old.flag("added"))
                .build();

        DeviceTree merged = guest.withRoot(NodeBuilder.from(guest.root())
                .child("hypervisor", h -> h.merge(hypervisor))
                .build());

        assertThat(merged).hasToString("""
                /dts-v1/;

                / {
                \tmodel = "guest";
                \thypervisor {
                \t\tstale = <0x00000002>;
                \t\t#address-cells = <0x00000002>;
                \t\told {
                \t\t\tkept;
                \t\t\tadded;
                \t\t};
                \t\tgunyah-resource-mgr@1 {
                \t\t\treg = <0x00000000 0x00000000 0x00000000 0x00000001>;
                \t\t};
                \t};
                \tchosen {
                \t};
                };
                """);
        assertThat(guest).hasToString(before).isNotEqualTo(merged);
        assertThat(DeviceTreeBlob.read(ByteBuffer.wrap(DeviceTreeBlob.write(merged))))
                .isEqualTo(merged);
    }

    @Test
    void removesPropertiesAndChildren() {
        Node node = NodeBuilder.root()
                .flag("a")
                .child("b", b -> {})
                .removeProperty("a")
                .removeProperty("never")
                .removeChild("b")
                .removeChild("never")
                .build();

        assertThat(node.properties()).isEmpty();
        assertThat(node.children()).isEmpty();
    }

    @Test
    void canBuildSeveralTimes() {
        NodeBuilder builder = NodeBuilder.root().property("a", 1);
        Node first = builder.build();
        Node second = builder.property("a", 2).build();

        assertThat(first.property("a").orElseThrow().u32()).isEqualTo(1);
        assertThat(second.property("a").orElseThrow().u32()).isEqualTo(2);
        assertThat(builder).hasToString("NodeBuilder[/, 1 properties, 0 children]");
    }

    @Test
    void takesUntouchedPartsAlong() {
        Node node = NodeBuilder.named("n")
                .property("p", 1)
                .child("a", a -> a.property("q", 2).child("b", b -> b.flag("r")))
                .build();
        NodeBuilder copy = NodeBuilder.from(node);
        NodeBuilder merged = NodeBuilder.root().child("m", m -> m.merge(node));

        assertThat(copy).hasToString("NodeBuilder[n, 1 properties, 1 children]");
        assertThat(copy.build().children().get(0).children().get(0).path()).isEqualTo("n/a/b");
        Node below = merged.build().child("m").orElseThrow();
        assertThat(below.children().get(0).children().get(0).path()).isEqualTo("/m/a/b");
        assertThatThrownBy(() -> below.properties().get(0).u64(0))
                .hasMessage("EINVAL: /m: p has 4 bytes, no 64-bit number with index 0");
        Node changed = merged.child("m", m -> m.removeProperty("p").child("a", a -> a.property("q", 3)))
                .build()
                .child("m")
                .orElseThrow();
        assertThat(changed.properties()).isEmpty();
        assertThat(changed.child("a")
                        .flatMap(a -> a.property("q"))
                        .orElseThrow()
                        .u32())
                .isEqualTo(3);
        assertThat(changed.child("a").flatMap(a -> a.child("b")).orElseThrow().hasProperty("r"))
                .isTrue();
        assertThat(node.children().get(0).property("q").orElseThrow().u32()).isEqualTo(2);
    }

    @Test
    @SuppressWarnings("NullAway") // What callers without such a check do.
    void refusesToMergeNothing() {
        assertThatNullPointerException()
                .isThrownBy(() -> NodeBuilder.root().merge(null))
                .withMessage("other");
    }

    @Test
    void copiesBytes() {
        byte[] value = {1};
        Node node = NodeBuilder.root().bytes("a", value).build();
        value[0] = 2;

        assertThat(node.property("a").orElseThrow().bytes().get(0)).isEqualTo((byte) 1);
    }

    @Test
    void refusesNamesThatNoBlobMayHold() {
        refuses(() -> NodeBuilder.named("a/b"), Code.BAD_NAME, "node name \"a/b\" in a new subtree");
        refuses(() -> NodeBuilder.named(""), Code.BAD_NAME, "node name \"\" in a new subtree");
        refuses(() -> NodeBuilder.root().child("a b", b -> {}), Code.BAD_NAME, "node name \"a b\" in /");
        refuses(() -> NodeBuilder.named("n").flag(""), Code.BAD_NAME, "property name \"\" in n");
        refuses(() -> NodeBuilder.root().flag("\u00fc"), Code.BAD_NAME, "property name \"\\xfc\" in /");
        refuses(
                () -> NodeBuilder.root().flag("x".repeat(256)),
                Code.BAD_NAME,
                "property name \"" + "x".repeat(64) + "...\" in /: longer than 255 characters");
    }

    @Test
    void refusesStringsWithNul() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> NodeBuilder.root().property("a", "x\0y"))
                .withMessageContaining("a: ");
    }

    @Test
    void refusesMoreThanSixtyFourLevels() {
        Node deepest = NodeBuilder.root().build();
        for (int level = 2; level <= 64; level++) {
            Node below = deepest;
            deepest = NodeBuilder.root().child("n", n -> n.merge(below)).build();
        }
        Node full = deepest;

        assertThat(DeviceTree.of(full).nodes()).hasSize(64);
        refuses(
                () -> NodeBuilder.root().child("n", n -> n.merge(full)).build(),
                Code.TOO_DEEP,
                "more than 64 levels of nodes at " + "/n".repeat(64));
    }

    private static void refuses(Executable call, Code code, String reason) {
        var refusal = assertThrowsExactly(DeviceTreeException.class, call);
        assertThat(refusal.reason()).isEqualTo(reason);
        assertThat(refusal.code()).isEqualTo(code);
    }
}
