// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.devicetree;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertThrowsExactly;

import com.fasterxml.jackson.databind.JsonNode;
import dev.hwmailbox.devicetree.DeviceTreeException.Code;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Source that is written: it has to read back as the same tree. */
class DeviceTreeSourcePrinterTest {
    @AutoClose
    private final Corpus corpus = Corpus.open();

    @Test
    void readsBackEveryRecordedBlob() {
        Path directory = corpus.recorded().resolve("blobs");
        int cases = 0;
        for (JsonNode blob : Corpus.cases(directory.resolve("cases.json"))) {
            DeviceTree tree = Corpus.tree(directory.resolve(blob.get("dtb").asText()));

            DeviceTree again = DeviceTreeSource.read("printed", DeviceTreeSource.print(tree));

            assertThat(again).isEqualTo(DeviceTree.of(tree.root(), tree.memoryReservations(), 0));
            cases++;
        }
        assertThat(cases).isEqualTo(26);
    }

    @Test
    void guessesTextCellsAndBytes() {
        DeviceTree tree = DeviceTree.of(
                NodeBuilder.root()
                        .property("text", "a \"b\"\\\t\n\r\u000b", "c")
                        .bytes("cells", new byte[] {0, 1, 2, -1})
                        .bytes("bytes", new byte[] {0, -128, 127})
                        .bytes("utf8", new byte[] {(byte) 0xc3, (byte) 0xbc, 0})
                        .bytes("delete", new byte[] {0x7f, 0})
                        .bytes("shift", new byte[] {0x0e, 0})
                        .bytes("gap", new byte[] {'a', 0, 0})
                        .flag("flag")
                        .build(),
                List.of(new MemoryReservation(1, -1)),
                7);

        String printed = DeviceTreeSource.print(tree);

        assertThat(printed).isEqualTo("""
                /dts-v1/;
                /memreserve/ 0x0000000000000001 0xffffffffffffffff;

                / {
                \ttext = "a \\"b\\"\\\\\\t\\n\\r\\x0b", "c";
                \tcells = <0x000102ff>;
                \tbytes = [00 80 7f];
                \tutf8 = [c3 bc 00];
                \tdelete = [7f 00];
                \tshift = [0e 00];
                \tgap = [61 00 00];
                \tflag;
                };
                """);
        assertThat(DeviceTreeSource.read("printed", printed))
                .isEqualTo(DeviceTree.of(tree.root(), tree.memoryReservations(), 0));
        assertThat(tree).hasToString(printed);
    }

    @Test
    void wrapsLongValuesButNotThoseOfMessages() {
        String long1 = "x".repeat(50);
        Node root = NodeBuilder.root()
                .property("cells", new int[40])
                .bytes("bytes", new byte[99])
                .property("strings", long1, long1, "y".repeat(200), "z")
                .child("n", n -> n.property("cells", new int[40]))
                .build();
        DeviceTree tree = DeviceTree.of(root);

        String printed = DeviceTreeSource.print(tree);

        assertThat(printed.lines().filter(line -> !line.contains("yyy")))
                .allSatisfy(
                        line -> assertThat(line.replace("\t", " ".repeat(8))).hasSizeLessThanOrEqualTo(105));
        assertThat(printed).contains("\tstrings = \"" + long1 + "\",\n\t\t\"" + long1 + "\",\n\t\t\"yyy");
        assertThat(printed.lines().count()).isLessThan(40);
        assertThat(DeviceTreeSource.read("printed", printed)).isEqualTo(tree);
        assertThat(root.property("cells").orElseThrow().valueText()).doesNotContain("\n");
        assertThat(root.property("strings").orElseThrow().toString()).doesNotContain("\n");
    }

    @Test
    void putsLabelsInFrontOfTheNodesThatSymbolsName() {
        String printed = DeviceTreeSource.print(DeviceTree.of(NodeBuilder.root()
                .child("a@1", a -> a.child("b", b -> {}))
                .child(
                        "__symbols__",
                        symbols -> symbols.property("two", "/a@1")
                                .property("one", "/a@1")
                                .property("below", "/a@1/b")
                                .property("without-unit", "/a/b")
                                .property("without_unit", "/a/b")
                                .property("root", "/")
                                .property("gone", "/gone")
                                .property("relative", "a@1")
                                .property("not_text", 1)
                                .flag("flag"))
                .build()));

        assertThat(printed).contains("\ttwo: one: a@1 {\n\t\tbelow: b {\n").doesNotContain("without_unit: b");
        assertThat(printed.lines().filter(line -> line.contains(":"))).hasSize(2);
        assertThat(DeviceTreeSource.print(DeviceTreeSource.read("printed", printed)))
                .isEqualTo(printed);
    }

    @Test
    void doesNotFollowSymbolsThatNameNothing() {
        DeviceTree tree = DeviceTree.of(NodeBuilder.root()
                .child("a", a -> a.child("b", b -> {}))
                .child(
                        "__symbols__",
                        symbols -> symbols.property("slashes", "/".repeat(2_000_000))
                                .property("levels", "/a".repeat(1_000_000))
                                .property("twice", "/a//b")
                                .property("behind", "/a/b/"))
                .build());

        assertThat(tree.toString().lines().filter(line -> line.contains(":"))).isEmpty();
    }

    @Test
    void keepsNamesApartFromTheWordsOfThePreprocessor() {
        DeviceTree tree = DeviceTree.of(NodeBuilder.root()
                .flag("#include")
                .property("#define", 1)
                .child(
                        "n",
                        n -> n.property("x", "y")
                                .flag("#if")
                                .flag("#endif")
                                .flag("#")
                                .flag("#if-not"))
                .build());

        assertThat(DeviceTreeSource.read("printed", DeviceTreeSource.print(tree)))
                .isEqualTo(tree);
    }

    @Test
    void refusesNamesAndPhandlesThatSourceCannotSay() {
        refuses(Code.BAD_NAME, NodeBuilder.root().child("a?", a -> {}), "node name \"a?\" in /");
        refuses(Code.BAD_NAME, NodeBuilder.root().child("a@1@2", a -> {}), "node name \"a@1@2\" in /");
        refuses(Code.BAD_NAME, NodeBuilder.root().child("a", a -> a.flag("$")), "property name \"$\" in /a");
        refuses(Code.BAD_PHANDLE, NodeBuilder.root().property("phandle", 0), "/: phandle is no phandle");
        refuses(Code.BAD_PHANDLE, NodeBuilder.root().property("linux,phandle", -1), "/: linux,phandle is no");
        refuses(Code.BAD_PHANDLE, NodeBuilder.root().property("phandle", 1, 2), "/: phandle is no phandle");
        refuses(
                Code.BAD_PHANDLE,
                NodeBuilder.root().property("phandle", 1).property("linux,phandle", 2),
                "/: linux,phandle is no phandle");
        refuses(
                Code.BAD_PHANDLE,
                NodeBuilder.root().property("phandle", 1).child("a", a -> a.property("phandle", 1)),
                "/a: phandle is no phandle of this node alone");
    }

    private static void refuses(Code code, NodeBuilder root, String reason) {
        DeviceTree tree = DeviceTree.of(root.build());
        var refusal = assertThrowsExactly(DeviceTreeException.class, () -> DeviceTreeSource.print(tree));
        assertThat(refusal.code()).isEqualTo(code);
        assertThat(refusal.reason()).contains(reason);
        assertThat(tree.toString()).startsWith("/dts-v1/;").endsWith("};\n");
    }

    @Test
    @Timeout(30)
    void printsLargeTreesInTime() {
        NodeBuilder root = NodeBuilder.root();
        IntStream.range(0, 10_000)
                .forEach(i -> root.child(
                        "n@" + i,
                        n -> n.property("reg", i, 0, 1, 2)
                                .property("compatible", "vendor,device-" + i, "vendor,device")));
        DeviceTree tree = DeviceTree.of(root.build());

        String printed = DeviceTreeSource.print(tree);

        assertThat(printed).hasSizeGreaterThan(1_000_000);
        assertThat(DeviceTreeSource.read("printed", printed)).isEqualTo(tree);
        assertThat(IntStream.range(0, 10).mapToObj(i -> tree.toString()).collect(Collectors.toSet()))
                .hasSize(1);
    }
}
