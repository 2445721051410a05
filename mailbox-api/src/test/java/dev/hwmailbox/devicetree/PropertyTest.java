// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.devicetree;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assertions.assertThrowsExactly;

import dev.hwmailbox.devicetree.DeviceTreeException.Code;
import java.nio.ReadOnlyBufferException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

class PropertyTest {
    private static final Node ROOT = NodeBuilder.root()
            .child(
                    "n@1",
                    n -> n.property("cells", 1, 0xffff_fffe, 3)
                            .u64s("u64s", 1, 0xf2a7_4de4_52e6_b438L)
                            .property("text", "one")
                            .property("list", "one", "", "drei \u00fc")
                            .property("blank", "")
                            .flag("flag")
                            .bytes("bytes", new byte[] {1, 2, 3, 4, 5}))
            .build();

    @Test
    void viewsCells() {
        assertThat(property("cells").u32()).isEqualTo(1);
        assertThat(property("cells").u32(1)).isEqualTo(0xffff_fffe);
        assertThat(property("cells").cells()).containsExactly(1, -2, 3);
        assertThat(property("cells").length()).isEqualTo(12);
        assertThat(property("flag").cells()).isEmpty();
        assertThat(property("bytes").u32()).isEqualTo(0x01020304);
    }

    @Test
    void viewsLongs() {
        assertThat(property("u64s").u64(0)).isEqualTo(1);
        assertThat(property("u64s").u64(1)).isEqualTo(0xf2a7_4de4_52e6_b438L);
        assertThat(property("u64s").cells()).containsExactly(0, 1, 0xf2a7_4de4, 0x52e6_b438);
    }

    @Test
    void viewsStrings() {
        assertThat(property("text").string()).isEqualTo("one");
        assertThat(property("list").string()).isEqualTo("one");
        assertThat(property("list").strings()).containsExactly("one", "", "drei \u00fc");
        assertThat(property("blank").strings()).containsExactly("");
        assertThat(property("flag").strings()).isEmpty();
    }

    @Test
    void handsOutReadOnlyBytes() {
        var bytes = property("bytes").bytes();
        assertThat(bytes.remaining()).isEqualTo(5);
        bytes.get();

        assertThat(property("bytes").bytes().remaining()).isEqualTo(5);
        assertThatThrownBy(() -> bytes.put(0, (byte) 9)).isInstanceOf(ReadOnlyBufferException.class);
        assertThat(bytes.hasArray()).isFalse();
    }

    @Test
    void namesNodeAndPropertyWhenTheShapeIsWrong() {
        refuses(() -> property("flag").u32(), "flag", "/n@1: flag has 0 bytes, no cell with index 0");
        refuses(() -> property("cells").u32(3), "cells", "/n@1: cells has 12 bytes, no cell with index 3");
        refuses(() -> property("cells").u64(1), "cells", "/n@1: cells has 12 bytes, no 64-bit number with index 1");
        refuses(
                () -> property("cells").u64(Integer.MAX_VALUE - 1),
                "cells",
                "/n@1: cells has 12 bytes, no 64-bit number with index 2147483646");
        refuses(() -> property("bytes").cells(), "bytes", "/n@1: bytes has 5 bytes, not a whole number of cells");
        refuses(() -> property("bytes").string(), "bytes", "/n@1: bytes is not a NUL-terminated string");
        refuses(() -> property("flag").string(), "flag", "/n@1: flag is not a NUL-terminated string");
        refuses(() -> property("bytes").strings(), "bytes", "/n@1: bytes is not a list of NUL-terminated strings");
    }

    @Test
    void hasNoCellBehindTheLastWhateverTheIndex() {
        for (int index : new int[] {1 << 29, Integer.MAX_VALUE - 1, Integer.MAX_VALUE}) {
            String last = "with index " + index;
            assertThatThrownBy(() -> property("cells").u32(index))
                    .isInstanceOf(DeviceTreeException.class)
                    .hasMessageEndingWith(last);
            assertThatThrownBy(() -> property("cells").u64(index))
                    .isInstanceOf(DeviceTreeException.class)
                    .hasMessageEndingWith(last);
        }
    }

    @Test
    void refusesNegativeIndices() {
        assertThatThrownBy(() -> property("cells").u32(-1)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> property("cells").u64(-1)).isInstanceOf(IndexOutOfBoundsException.class);
    }

    @Test
    void isEqualByNameAndValue() {
        Node other = NodeBuilder.named("other")
                .property("text", "one")
                .property("txet", "one")
                .bytes("cells", new byte[12])
                .build();

        assertThat(property("text"))
                .isEqualTo(other.property("text").orElseThrow())
                .hasSameHashCodeAs(other.property("text").orElseThrow())
                .isNotEqualTo(other.property("txet").orElseThrow())
                .isNotEqualTo("text");
        assertThat(property("cells")).isNotEqualTo(other.property("cells").orElseThrow());
    }

    @Test
    void printsAsSource() {
        assertThat(property("cells")).hasToString("cells = <0x00000001 0xfffffffe 0x00000003>;");
        assertThat(property("text")).hasToString("text = \"one\";");
        assertThat(property("flag")).hasToString("flag;");
        assertThat(property("flag").valueText()).isEmpty();
        assertThat(property("text").valueText()).isEqualTo("\"one\"");
        assertThat(property("bytes")).hasToString("bytes = [01 02 03 04 05];");
    }

    private static Property property(String name) {
        return ROOT.child("n").orElseThrow().property(name).orElseThrow();
    }

    private static void refuses(Executable view, String property, String reason) {
        var refusal = assertThrowsExactly(DeviceTreeException.class, view);
        assertThat(refusal.reason()).isEqualTo(reason);
        assertThat(refusal.code()).isEqualTo(Code.BAD_VALUE);
        assertThat(refusal.nodePath()).contains("/n@1");
        assertThat(refusal.property()).contains(property);
        assertThat(refusal.offset()).isEqualTo(-1);
    }
}
