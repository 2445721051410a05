// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.fuzz;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertTimeout;

import dev.hwmailbox.devicetree.DeviceTree;
import dev.hwmailbox.devicetree.DeviceTreeBlob;
import dev.hwmailbox.devicetree.DeviceTreeException;
import dev.hwmailbox.devicetree.DeviceTreeException.Code;
import dev.hwmailbox.devicetree.DeviceTreeOverlay;
import dev.hwmailbox.devicetree.DeviceTreeSource;
import dev.hwmailbox.devicetree.NodeBuilder;
import dev.hwmailbox.devicetree.SourcePosition;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What is fed with hostile input. Each target checks what must hold whatever the bytes are. Devicetrees: the answer is
 * a tree or a {@link DeviceTreeException} that says why not, it does not take long, and a tree survives being written
 * and read. The Resource Manager protocol: see {@link RmProtocolExaminer}.
 */
enum Target {
    /** The bytes are a blob. */
    BLOB {
        @Override
        void examine(byte[] input) {
            DeviceTree tree = read(ByteBuffer.wrap(input));
            if (tree != null) {
                survivesBlob(tree);
                survivesSource(tree);
            }
        }
    },

    /** The bytes are source text, each byte a character; the first one says whether labels are kept. */
    SOURCE {
        @Override
        void examine(byte[] input) {
            boolean symbols = input.length > 0 && input[0] == ' ';
            String text = new String(input, StandardCharsets.ISO_8859_1);
            DeviceTree tree = attempt(
                    () -> DeviceTreeSource.reader()
                            .symbols(symbols)
                            .includes((name, from) -> name.equals("self.dtsi") ? text : null)
                            .read("fuzz.dts", text),
                    refusal -> standsInOneOf(refusal, text));
            if (tree != null) {
                survivesBlob(tree);
                survivesSource(tree);
            }
        }
    },

    /** The bytes are the blob of an overlay for a base that stays the same. */
    OVERLAY {
        @Override
        void examine(byte[] input) {
            DeviceTree overlay = read(ByteBuffer.wrap(input));
            if (overlay != null) {
                lay(overlay, base());
            }
        }
    },

    /** The bytes are two blobs, one behind the other: base and overlay. */
    BASE_AND_OVERLAY {
        @Override
        void examine(byte[] input) {
            DeviceTree base = read(ByteBuffer.wrap(input));
            if (base != null) {
                int size = ByteBuffer.wrap(input).getInt(4);
                DeviceTree overlay = read(ByteBuffer.wrap(input, size, input.length - size));
                if (overlay != null) {
                    lay(overlay, base);
                }
            }
        }
    },

    /** The bytes are what arrives on a Resource Manager channel. */
    FRAMES {
        @Override
        void examine(byte[] input) {
            RmProtocolExaminer.frames(input);
        }
    },

    /** The bytes are the payload of a Resource Manager message. */
    PAYLOAD {
        @Override
        void examine(byte[] input) {
            RmProtocolExaminer.payload(input);
        }
    };

    /** Far more than anything of the size of a fuzzer's input may take, and less than what a hang takes. */
    private static final Duration PATIENCE = Duration.ofSeconds(5);

    abstract void examine(byte[] input);

    private static @Nullable DeviceTree read(ByteBuffer blob) {
        return attempt(
                () -> DeviceTreeBlob.read(blob),
                refusal -> assertThat(refusal.offset()).as(refusal.reason()).isBetween(0L, (long) blob.remaining()));
    }

    private static @Nullable DeviceTree attempt(
            Supplier<DeviceTree> reading, Consumer<DeviceTreeException> examineRefusal) {
        try {
            return assertTimeout(PATIENCE, reading::get);
        } catch (DeviceTreeException e) {
            assertThat(e.reason()).isNotBlank();
            examineRefusal.accept(e);
            return null;
        }
    }

    /** Unless a line marker says something else, the place is in the source, or behind its last character. */
    private static void standsInOneOf(DeviceTreeException refusal, String text) {
        SourcePosition position = refusal.position().orElseThrow(() -> new AssertionError("nowhere", refusal));
        String[] lines = text.split("\n", -1);
        assertThat(position.line()).as(refusal.reason()).isPositive();
        if (text.indexOf('#') < 0) {
            assertThat(position.line()).as(refusal.reason()).isLessThanOrEqualTo(lines.length);
            assertThat(position.column()).as(refusal.reason()).isBetween(1, lines[position.line() - 1].length() + 1);
        }
    }

    private static void survivesBlob(DeviceTree tree) {
        assertThat(DeviceTreeBlob.read(ByteBuffer.wrap(DeviceTreeBlob.write(tree))))
                .isEqualTo(tree);
    }

    /** Source has no word for the boot CPU; not every name and phandle that a blob may hold can be written. */
    private static void survivesSource(DeviceTree tree) {
        String text;
        try {
            text = DeviceTreeSource.print(tree);
        } catch (DeviceTreeException e) {
            assertThat(e.code()).isIn(Code.BAD_NAME, Code.BAD_PHANDLE);
            assertThat(tree.toString()).isNotBlank();
            return;
        }
        DeviceTree again = DeviceTreeSource.read("printed.dts", text);
        assertThat(DeviceTree.of(again.root(), again.memoryReservations(), tree.bootCpuId()))
                .isEqualTo(tree);
    }

    private static void namesANode(DeviceTreeException refusal) {
        assertThat(refusal.nodePath()).as(refusal.reason()).isPresent();
    }

    private static void lay(DeviceTree overlay, DeviceTree base) {
        byte[] before = DeviceTreeBlob.write(base);
        DeviceTree merged = attempt(() -> DeviceTreeOverlay.apply(base, overlay), Target::namesANode);
        if (merged != null) {
            survivesBlob(merged);
            assertThat(merged.memoryReservations()).isEqualTo(base.memoryReservations());
            assertThat(base.nodes())
                    .allSatisfy(node -> assertThat(merged.find(node.path())).isPresent());
            attempt(() -> DeviceTreeOverlay.apply(merged, overlay), Target::namesANode);
        }
        DeviceTree alone = attempt(() -> DeviceTreeOverlay.applyAlone(overlay), Target::namesANode);
        if (alone != null) {
            survivesBlob(alone);
        }
        assertThat(DeviceTreeBlob.write(base)).isEqualTo(before);
    }

    /** Has what the overlays of the recorded data refer to: labels, paths, aliases, phandles. */
    private static DeviceTree base() {
        return DeviceTree.of(NodeBuilder.root()
                .property("#address-cells", 2)
                .property("#size-cells", 2)
                .child(
                        "soc",
                        soc -> soc.property("phandle", 1)
                                .child(
                                        "dev@1000",
                                        dev -> dev.property("phandle", 2).property("status", "disabled"))
                                .child(
                                        "gic@2000",
                                        gic -> gic.property("phandle", 7).property("#interrupt-cells", 3)))
                .child("aliases", aliases -> aliases.property("serial0", "/soc/dev@1000"))
                .child(
                        "__symbols__",
                        symbols -> symbols.property("soc", "/soc")
                                .property("dev1", "/soc/dev@1000")
                                .property("gic", "/soc/gic@2000"))
                .build());
    }
}
