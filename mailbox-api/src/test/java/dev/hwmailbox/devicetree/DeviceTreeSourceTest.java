// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.devicetree;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;
import static org.junit.jupiter.api.Assertions.assertThrowsExactly;

import dev.hwmailbox.devicetree.DeviceTreeException.Code;
import org.junit.jupiter.api.Test;

/** The language itself: nodes, values, labels, references, overlays, and what is refused. */
class DeviceTreeSourceTest {
    @Test
    void readsNodesPropertiesAndValues() {
        DeviceTree tree = read("""
                / { #size-cells = <1>; s = "a", "b"; b = [01 a2 ff]; flag;
                    node@1,0 { x.y_z+q? = "t", <1 2>, [03]; }; };""");

        assertThat(tree.root().property("#size-cells").orElseThrow().cells()).containsExactly(1);
        assertThat(tree.root().property("s").orElseThrow().strings()).containsExactly("a", "b");
        assertThat(hex(tree, "/", "b")).isEqualTo("01a2ff");
        assertThat(hex(tree, "/", "flag")).isEmpty();
        assertThat(hex(tree, "/node@1,0", "x.y_z+q?")).isEqualTo("7400000000010000000203");
        assertThat(tree.bootCpuId()).isZero();
    }

    @Test
    void writesStringsAsUtf8() {
        assertThat(hex(read("/ { s = \"\u00fc\ud83d\ude00\\xc3\"; };"), "/", "s"))
                .isEqualTo("c3bcf09f9880c300");
        refuses(Code.SYNTAX, "/ { s = \"\ud83d\"; };", "2:10", "expected a character of Unicode, found half of one");
    }

    @Test
    void knowsTheEscapesOfC() {
        assertThat(hex(read("/ { s = \"\\a\\b\\t\\n\\v\\f\\r\\\"\\\\\\q\\0\\18\\1234\\x1\\xabc\"; };"), "/", "s"))
                .isEqualTo("0708090a0b0c0d225c710001385334" + "01ab63" + "00");
        refuses(Code.BAD_VALUE, "/ { s = \"\\777\"; };", "2:10", "\\777 does not fit into a byte");
        refuses(Code.SYNTAX, "/ { s = \"\\xg\"; };", "2:10", "expected an escape of C behind the backslash");
        refuses(Code.SYNTAX, "/ { s = \"a\\\nb\"; };", "2:11", "expected an escape of C behind the backslash");
    }

    @Test
    void readsAStringOverSeveralLines() {
        assertThat(read("/ { s = \"a\n#define b\"; };")
                        .root()
                        .property("s")
                        .orElseThrow()
                        .string())
                .isEqualTo("a\n#define b");
    }

    @Test
    void readsCharactersAsOneByte() {
        assertThat(cells("'a' '\\\\' '\\'' '\"' '\\xff' '\\0'")).containsExactly('a', '\\', '\'', '"', 255, 0);
        refuses(Code.SYNTAX, "/ { a = <''>; };", "2:10", "expected a character between the quotes, found none");
        refuses(Code.SYNTAX, "/ { a = <'ab'>; };", "2:10", "expected one character of one byte");
        refuses(Code.SYNTAX, "/ { a = <'\u00fc'>; };", "2:10", "expected one character of one byte");
        refuses(Code.SYNTAX, "/ { a = <'a>; };", "2:10", "expected ' at the end of this character");
        refuses(Code.SYNTAX, "#define Q '\n/ { a = <Q>; };", "3:10", "expected one character of one byte");
    }

    @Test
    void readsNumbersOfC() {
        assertThat(cells("0 00 010 0x1F 0XfUL 1U 2L 3UL 4LL 5ULL")).containsExactly(0, 0, 8, 31, 15, 1, 2, 3, 4, 5);
        for (String bad : new String[] {"1u", "08", "0x", "1UU", "0b1", "12ab", "1_"}) {
            refuses(Code.SYNTAX, "/ { a = <" + bad + ">; };", "2:10", "expected a number, found \"" + bad + "\"");
        }
        refuses(Code.BAD_VALUE, "/ { a = <18446744073709551616>; };", "2:10", "does not fit into 64 bits");
        assertThat(hex(read("/ { a = /bits/ 64 <18446744073709551615 01777777777777777777777>; };"), "/", "a"))
                .isEqualTo("f".repeat(32));
    }

    @Test
    void fitsNumbersIntoTheirElements() {
        assertThat(hex(read("/ { a = /bits/ 8 <255 (-1) (-256)>; };"), "/", "a"))
                .isEqualTo("ffff00");
        assertThat(hex(read("/ { a = /bits/ 16 <0x1234>, <1>; };"), "/", "a")).isEqualTo("123400000001");
        refuses(Code.BAD_VALUE, "/ { a = /bits/ 8 <256>; };", "2:19", "0x100 does not fit into 8 bits");
        refuses(Code.BAD_VALUE, "/ { a = /bits/ 8 <(-257)>; };", "2:19", "does not fit into 8 bits");
        refuses(Code.BAD_VALUE, "/ { a = <0x100000000>; };", "2:10", "0x100000000 does not fit into 32 bits");
        refuses(Code.SYNTAX, "/ { a = /bits/ 7 <1>; };", "2:16", "expected 8, 16, 32 or 64 behind /bits/");
        refuses(Code.SYNTAX, "/ { a = /bits/ <1>; };", "2:16", "expected 8, 16, 32 or 64 behind /bits/");
        refuses(Code.SYNTAX, "/ { a = /bits/ 8 <&b>; };", "2:19", "expected a number of 8 bits, found a reference");
    }

    @Test
    void worksOutExpressionsAsInC() {
        assertThat(cells("(1 + 2 * 3) (10 - 3 - 2) (7 / 2 % 2) (1 << 4 >> 1) (1 | 6 ^ 3 & 2) (~0 & 0xff) (!0) (!7)"))
                .containsExactly(7, 5, 1, 8, 5, 255, 1, 0);
        assertThat(cells("(2 < 1) (2 > 1) (1 <= 1) (1 >= 2) (1 == 1) (1 != 1) (2 && 0) (2 || 0) (1 < 2 == 1)"))
                .containsExactly(0, 1, 1, 0, 1, 0, 0, 1, 1);
        assertThat(cells("(1 ? 2 : 3) (0 ? 2 : 1 ? 4 : 5) ((1 + 1) * 3) (- - 5) ('a' + 1) (-(1) > 0) (6-/*x*/2)"))
                .containsExactly(2, 4, 6, 5, 'b', 1, 4);
        assertThat(cells("(1 << 63 >> 63) (1 << 64) (1 >> 64) (1 << (-1)) ((-1) / 2 == 0x7fffffffffffffff)"))
                .containsExactly(1, 0, 0, 0, 1);
        assertThat(cells("(1 | 0 || 0) (3 & 1 && 1)")).containsExactly(1, 1);
    }

    @Test
    void refusesWhatIsNoExpression() {
        refuses(Code.BAD_VALUE, "/ { a = <(1 / 0)>; };", "2:13", "division by zero");
        refuses(Code.BAD_VALUE, "/ { a = <(0 && 1 % 0)>; };", "2:18", "division by zero");
        refuses(Code.SYNTAX, "/ { a = <1 + 2>; };", "2:12", "expected a number, a character, a reference");
        refuses(Code.SYNTAX, "/ { a = <(1 + 2>; };", "2:17", "expected a number, a character or '(', found \";\"");
        refuses(Code.SYNTAX, "/ { a = <(1 + 2 3)>; };", "2:17", "expected ')', found \"3\"");
        refuses(Code.SYNTAX, "/ { a = <(1 ? 2)>; };", "2:16", "expected ':', found \")\"");
        refuses(Code.SYNTAX, "/ { a = <(1 &b)>; };", "2:14", "expected a number, a character or '(', found \"b\"");
        refuses(Code.SYNTAX, "/ { a = <()>; };", "2:11", "expected a number, a character or '(', found \")\"");
        refuses(Code.SYNTAX, "/ { a = <-1>; };", "2:10", "found \"-1\"");
    }

    @Test
    void boundsTheLevelsOfAnExpression() {
        int most = CellExpression.MAX_DEPTH;
        assertThat(cells("(".repeat(most) + "7" + ")".repeat(most))).containsExactly(7);
        refuses(Code.TOO_DEEP, "/ { a = <" + "(".repeat(most + 1) + "7>; };", "2:139", "more than 128 levels");
        refuses(Code.TOO_DEEP, "/ { a = <(" + "-".repeat(1000) + "7)>; };", "2:138", "more than 128 levels");
        refuses(Code.TOO_DEEP, "/ { a = <(" + "1?1:".repeat(1000) + "7)>; };", "2:", "more than 128 levels");
    }

    @Test
    void refusesByteStringsThatAreNone() {
        assertThat(hex(read("/ { a = [abCD 01\n02/**/03]; };"), "/", "a")).isEqualTo("abcd010203");
        refuses(Code.SYNTAX, "/ { a = [123]; };", "2:12", "expected two hexadecimal digits or ']', found \"3\"");
        refuses(Code.SYNTAX, "/ { a = [0x12]; };", "2:10", "expected two hexadecimal digits or ']', found \"0x12\"");
        refuses(Code.SYNTAX, "/ { a = [1 2]; };", "2:10", "expected two hexadecimal digits or ']', found \"1\"");
    }

    @Test
    void givesPhandlesInTheOrderOfUse() {
        DeviceTree tree = read("""
                / { a = <&z &{/x/y} &z>, &z, &{/x}; taken { phandle = <2>; }; old { linux,phandle = <9>; };
                    x { y { }; }; z: z { b = <&{/old}>; }; };""");

        assertThat(hex(tree, "/", "a")).isEqualTo("00000001" + "00000003" + "00000001" + "2f7a00" + "2f7800");
        assertThat(hex(tree, "/z", "phandle")).isEqualTo("00000001");
        assertThat(hex(tree, "/x/y", "phandle")).isEqualTo("00000003");
        assertThat(hex(tree, "/z", "b")).isEqualTo("00000009");
        assertThat(tree.find("/x").orElseThrow().hasProperty("phandle")).isFalse();
        assertThat(tree.find("/old").orElseThrow().hasProperty("phandle")).isFalse();
    }

    @Test
    void givesAPhandleToANodeThatAsksForOne() {
        DeviceTree tree = read("""
                / { l: a { phandle = <&l>; p; }; one { phandle = <1>; }; b { linux,phandle = <&{/b}>; };
                    m: c { phandle = <&m>; linux,phandle = <7>; }; d { r = <&l>; }; };""");

        assertThat(hex(tree, "/a", "phandle")).isEqualTo("00000002");
        assertThat(hex(tree, "/b", "linux,phandle")).isEqualTo("00000003");
        assertThat(hex(tree, "/c", "phandle")).isEqualTo("00000007");
        assertThat(hex(tree, "/d", "r")).isEqualTo("00000002");
        assertThat(tree.find("/a").orElseThrow().properties()).hasSize(2);
        assertThat(tree.find("/b").orElseThrow().properties()).hasSize(1);
        assertThat(read("/plugin/; / { l: n { phandle = <&l>; }; };").nodes()).hasSize(2);
    }

    @Test
    void boundsThePathsThatReferencesWrite() {
        String name = "n".repeat((1 << 20) - 2);
        String all = "/ { l: " + name + " { }; m { a = " + "&l, ".repeat(15);

        assertThat(read(all + "&l; }; };").nodes()).hasSize(3);
        refuses(Code.TOO_LARGE, all + "&l, &l; }; };", "2:", "fill more than 16777216 bytes with paths");
    }

    @Test
    void refusesPhandlesThatAreNone() {
        refuses(Code.BAD_PHANDLE, "/ { phandle = <0>; };", "2:5", "/: phandle: 0x0 is no phandle");
        refuses(Code.BAD_PHANDLE, "/ { phandle = <(-1)>; };", "2:5", "0xffffffff is no phandle");
        refuses(Code.BAD_PHANDLE, "/ { phandle; };", "2:5", "a phandle is one cell with a number");
        refuses(Code.BAD_PHANDLE, "/ { phandle = <1 2>; };", "2:5", "a phandle is one cell with a number");
        refuses(Code.BAD_PHANDLE, "/ { phandle = <&l>; l: n { }; };", "2:5", "or a reference to the node itself");
        refuses(Code.BAD_PHANDLE, "/ { l: n { phandle = &l; }; };", "2:12", "or a reference to the node itself");
        refuses(Code.BAD_PHANDLE, "/ { l: n { phandle = <&l 1>; }; };", "2:12", "or a reference to the node itself");
        refuses(Code.BAD_PHANDLE, "/ { n { phandle = <&no>; }; };", "2:9", "or a reference to the node itself");
        refuses(Code.BAD_PHANDLE, "/plugin/; &o { phandle = <&o>; };", "2:16", "or a reference to the node itself");
        refuses(Code.BAD_PHANDLE, "/ { phandle = <1>; linux,phandle = <2>; };", "2:20", "are not the same");
        var refusal =
                refuses(Code.BAD_PHANDLE, "/ { a { phandle = <5>; };\n b { linux,phandle = <5>; }; };", "3:6", "of /a");
        assertThat(refusal.nodePath()).contains("/b");
        assertThat(refusal.property()).contains("linux,phandle");
        assertThat(hex(read("/ { phandle = <5>; linux,phandle = <5>; };"), "/", "phandle"))
                .isEqualTo("00000005");
    }

    @Test
    void refusesReferencesToNothing() {
        var refusal = refuses(Code.NO_SUCH_TARGET, "/ { n { a = <1 &x>; }; };", "2:16", "/n: a: no node has the label");
        assertThat(refusal.nodePath()).contains("/n");
        assertThat(refusal.property()).contains("a");
        refuses(Code.NO_SUCH_TARGET, "/ { a = &{/x}; };", "2:9", "no node has the path \"/x\"");
        refuses(Code.NO_SUCH_TARGET, "/ { n@1 { }; a { b = &{/n}; }; };", "2:22", "no node has the path \"/n\"");
        refuses(Code.NO_SUCH_TARGET, "/ { }; &x { };", "2:8", "no node has the label \"x\"");
        refuses(Code.NO_SUCH_TARGET, "/ { }; &{/x} { };", "2:8", "no node has the path \"/x\"");
        refuses(Code.NO_SUCH_TARGET, "/ { }; /delete-node/ &x;", "2:22", "no node has the label \"x\"");
        refuses(Code.NO_SUCH_TARGET, "/ { }; /omit-if-no-ref/ &x;", "2:25", "no node has the label \"x\"");
        refuses(Code.NO_SUCH_TARGET, "/ { l: p = <1>; a = <&l>; };", "2:22", "no node has the label \"l\"");
        refuses(Code.SYNTAX, "/ { a = &; };", "2:10", "expected a label or a path in braces behind '&'");
        refuses(Code.SYNTAX, "/ { a = &1; };", "2:10", "expected a label or a path in braces behind '&'");
        refuses(Code.SYNTAX, "/ { a = &{x}; };", "2:11", "expected a path from the root, found \"x\"");
        refuses(Code.SYNTAX, "/ { a = &{/x; };", "2:13", "expected '}' behind the path, found \";\"");
    }

    @Test
    void laysLaterBlocksOverEarlierOnes() {
        DeviceTree tree = read("""
                / { a = <1>; b = <2>; n { p; q; }; m: m { }; };
                / { c = <3>; a = "x"; n { q = <1>; r; }; };
                more: &m { s; };
                &more { t; };
                &{/n} { u; };""");

        assertThat(tree).hasToString("""
                /dts-v1/;

                / {
                \ta = "x";
                \tb = <0x00000002>;
                \tc = <0x00000003>;
                \tn {
                \t\tp;
                \t\tq = <0x00000001>;
                \t\tr;
                \t\tu;
                \t};
                \tm {
                \t\ts;
                \t\tt;
                \t};
                };
                """);
    }

    @Test
    void deletesNodesAndProperties() {
        DeviceTree tree = read("""
                / { a; b; n { p; k { }; }; l: m { x: x { }; }; o { }; };
                / { /delete-property/ a; /delete-property/ not-there; a = <1>;
                    /delete-node/ not-there; /delete-node/ n; n { q; }; };
                /delete-node/ &l;
                /delete-node/ &{/o};
                / { l: m2 { x: x { }; }; };""");

        assertThat(tree.root().properties().stream().map(Property::name)).containsExactly("b", "a");
        assertThat(tree.nodes().stream().map(Node::path)).containsExactly("/", "/n", "/m2", "/m2/x");
        assertThat(tree.find("/n").orElseThrow().properties().stream().map(Property::name))
                .containsExactly("q");
        refuses(Code.NO_SUCH_TARGET, "/ { l: m { x: x { }; }; }; /delete-node/ &l; &x { };", "2:46", "label \"x\"");
        refuses(Code.SYNTAX, "/ { }; /delete-node/ &{/};", "2:22", "the root");
        refuses(Code.SYNTAX, "/ { /delete-node/ &l; };", "2:19", "expected the name of a node, found \"&\"");
        refuses(Code.SYNTAX, "/ { /delete-node/ n };", "2:21", "expected ';', found \"}\"");
        refuses(Code.BAD_NAME, "/ { /delete-node/ n?; };", "2:19", "node name \"n?\"");
        refuses(Code.BAD_NAME, "/ { /delete-property/ n@1; };", "2:23", "property name \"n@1\"");
        refuses(Code.SYNTAX, "/ { n { }; /delete-property/ a; };", "2:30", "properties stand in front of the nodes");
        refuses(Code.SYNTAX, "/ { /delete-node/ n; a; };", "2:22", "properties stand in front of the nodes");
    }

    @Test
    void omitsNodesThatNothingRefersTo() {
        DeviceTree tree = read("""
                / { r = <&used>; p = &path;
                    /omit-if-no-ref/ used: used { };
                    path: /omit-if-no-ref/ path { };
                    /omit-if-no-ref/ gone: gone { x = <&kept>; /omit-if-no-ref/ below { }; };
                    /omit-if-no-ref/ kept: kept { };
                    later: later { }; };
                &gone { y; };
                /omit-if-no-ref/ &later;""");

        assertThat(tree.nodes().stream().map(Node::path)).containsExactly("/", "/used", "/path", "/kept");
        assertThat(hex(tree, "/kept", "phandle")).isEqualTo("00000002");
        refuses(Code.SYNTAX, "/ { /omit-if-no-ref/ a; };", "2:23", "expected '{' of the node that may be omitted");
    }

    @Test
    void allowsLabelsEverywhereButOnlyOnce() {
        read("l0: /memreserve/ 1 2; / { l1: l2: p = l3: <l4: 1 l5:> l6:, l7: \"x\" l8:, [l9: 00 ab: ab]; m: n { }; };"
                + "/ { m: n { }; };");
        refuses(Code.DUPLICATE, "/ { l: a { }; l: b { }; };", "2:15", "label \"l\" belongs to node /a");
        refuses(Code.DUPLICATE, "/ { l: a; l: b { }; };", "2:11", "label \"l\" belongs to property a");
        refuses(Code.DUPLICATE, "/ { a = <l: 1>, l: <2>; };", "2:17", "label \"l\" belongs to property a");
        // A property that is written again, or gone, has its old labels no more.
        read("/ { l: a = <1>; m: b; }; / { a = <1>; /delete-property/ b; l: m: c { }; };");
        read("/ { n { l: a; }; }; / { /delete-node/ n; l: c { }; };");
        refuses(Code.SYNTAX, "/ { l : a; };", "2:7", "expected '=', ';' or '{' behind \"l\", found \":\"");
        refuses(Code.SYNTAX, "l: / { };", "2:4", "expected a reference behind the label, found \"/\"");
        refuses(Code.SYNTAX, "/ { a = <b>; };", "2:10", "expected a number");
    }

    @Test
    void reservesMemory() {
        DeviceTree tree = read("/memreserve/ 0x10 (1 << 32);\nl: m: /memreserve/ 'a' 1;\n/ { };");

        assertThat(tree.memoryReservations())
                .containsExactly(new MemoryReservation(16, 1L << 32), new MemoryReservation('a', 1));
        refuses(Code.BAD_VALUE, "/memreserve/ 1 0; / { };", "2:16", "a memory reservation has at least one byte");
        refuses(Code.SYNTAX, "/memreserve/ 1; / { };", "2:15", "expected a number");
        refuses(Code.SYNTAX, "/ { }; /memreserve/ 1 1;", "2:8", "these stand in front of the first node");
    }

    @Test
    void refusesTwoOfOneNameInOneBlock() {
        refuses(Code.DUPLICATE, "/ { a; a; };", "2:8", "two properties named \"a\" in one block");
        refuses(Code.DUPLICATE, "/ { n { }; n { }; };", "2:12", "two nodes named \"n\" in one block");
        refuses(Code.DUPLICATE, "/ { a; n { }; }; / { a; a; };", "2:25", "two properties named \"a\" in one block");
        assertThat(read("/ { n; n { }; };").nodes()).hasSize(2);
    }

    @Test
    void refusesNamesThatSourceDoesNotHave() {
        refuses(Code.BAD_NAME, "/ { n? { }; };", "2:5", "node name \"n?\"");
        refuses(Code.BAD_NAME, "/ { n@1@2 { }; };", "2:5", "node name \"n@1@2\"");
        refuses(Code.BAD_NAME, "/ { p@1; };", "2:5", "property name \"p@1\"");
        refuses(Code.BAD_NAME, "/ { " + "p".repeat(256) + "; };", "2:5", "longer than 255 characters");
        refuses(Code.SYNTAX, "/ { a$b { }; };", "2:6", "expected '=', ';' or '{' behind \"a\", found \"$b\"");
        assertThat(read("/ { " + "p".repeat(255) + "; };").root().properties()).hasSize(1);
    }

    @Test
    void boundsTheLevelsOfNodes() {
        String deepest = "n { ".repeat(DeviceTree.MAX_DEPTH - 1) + "};".repeat(DeviceTree.MAX_DEPTH - 1);
        assertThat(read("/ { " + deepest + "};").nodes()).hasSize(64);
        refuses(Code.TOO_DEEP, "/ { " + "n { ".repeat(100_000), "2:257", "more than 64 levels of nodes");
    }

    @Test
    void saysWhatItExpectedAtTheEndOfTheText() {
        refuses(Code.SYNTAX, "/ { a = <1", "2:11", "found the end of the text");
        refuses(Code.SYNTAX, "/ { }\n\n// more\n", "2:6", "expected ';', found the end of the text");
        refuses(Code.SYNTAX, "/ { a = \"", "2:9", "expected a quote at the end of this string");
        refuses(Code.SYNTAX, "/ { /* a", "2:5", "expected */ behind this");
        refuses(Code.SYNTAX, "/ { a = &{/x", "2:13", "expected '}' behind the path, found the end of the text");
        refuses(Code.SYNTAX, "", "1:10", "expected '/', a reference");
        assertThat(assertThrowsExactly(DeviceTreeException.class, () -> DeviceTreeSource.read("e", ""))
                        .reason())
                .isEqualTo("e:1:1: expected /dts-v1/;, found the end of the text\n\n^");
    }

    @Test
    void needsTheVersionFirst() {
        for (String wrong : new String[] {"/ { };", "/DTS-V1/; / { };", "\ufeff/dts-v1/; / { };", "/plugin/; / { };"}) {
            var refusal = assertThrowsExactly(DeviceTreeException.class, () -> DeviceTreeSource.read("w", wrong));
            assertThat(refusal.reason()).startsWith("w:1:1: expected /dts-v1/;, found");
        }
        refuses(Code.SYNTAX, "/foo/ / { };", "2:1", "found \"/foo/\"");
        refuses(Code.SYNTAX, "/ { a = /incbin/(\"x\"); };", "2:9", "/incbin/ is not supported");
        refuses(Code.SYNTAX, "/ { a = /foo/ <1>; };", "2:9", "expected a string, '<', '[', a reference or /bits/");
        assertThat(read("/dts-v1/; / { };").nodes()).hasSize(1);
    }

    @Test
    void showsTheLineWithACaret() {
        var refusal = refuses(Code.SYNTAX, "/ {\n\ta = <1>;\r\n\t\tb\t= ;\r\n};", "4:7", "expected a string");
        assertThat(refusal.reason()).endsWith("\n\t\tb\t= ;\n\t\t \t  ^");
        assertThat(refusal.position()).contains(new SourcePosition("test.dts", 4, 7));

        String blanks = " ".repeat(300);
        var cut = refuses(Code.SYNTAX, "/ { a = " + blanks + "!" + blanks + "; };", "2:309", "found \"!\"");
        assertThat(cut.reason().lines().skip(1))
                .containsExactly("..." + " ".repeat(60) + "!" + " ".repeat(59) + "...", "   " + " ".repeat(60) + "^");
    }

    @Test
    void addsSymbolsAndPhandlesWhenAsked() {
        String source = "/dts-v1/; / { b: c: n { d: d@1 { phandle = <1>; }; }; e: e { p = <&e>; }; };";

        DeviceTree tree = DeviceTreeSource.reader().symbols(true).read("s", source);

        assertThat(tree.find("/__symbols__").orElseThrow().properties())
                .extracting(Property::toString)
                .containsExactly("b = \"/n\";", "c = \"/n\";", "d = \"/n/d@1\";", "e = \"/e\";");
        assertThat(hex(tree, "/e", "phandle")).isEqualTo("00000002");
        assertThat(hex(tree, "/n", "phandle")).isEqualTo("00000003");
        assertThat(DeviceTreeSource.read("s", source).find("/__symbols__")).isEmpty();
        assertThat(DeviceTreeSource.reader()
                        .symbols(true)
                        .read("s", "/dts-v1/; / { };")
                        .nodes())
                .hasSize(1);
        assertThat(DeviceTreeSource.reader().symbols(true))
                .hasToString("DeviceTreeSourceReader[no includes, with symbols]");
        assertThat(DeviceTreeSource.reader().includes((name, from) -> null))
                .hasToString("DeviceTreeSourceReader[with includes, no symbols]");
    }

    @Test
    void keepsSymbolsThatTheSourceWritesItself() {
        DeviceTree tree = DeviceTreeSource.reader()
                .symbols(true)
                .read("s", "/dts-v1/; / { n: n { }; m: m { }; __symbols__ { n = \"/other\"; }; };");

        assertThat(tree.find("/__symbols__").orElseThrow().properties())
                .extracting(Property::toString)
                .containsExactly("n = \"/other\";", "m = \"/m\";");
        String longLabel = "l".repeat(256);
        var refusal = assertThrowsExactly(
                DeviceTreeException.class,
                () -> DeviceTreeSource.reader().symbols(true).read("s", "/dts-v1/; / { " + longLabel + ": n { }; };"));
        assertThat(refusal.code()).isEqualTo(Code.BAD_NAME);
    }

    @Test
    void makesFragmentsOfAPlugin() {
        DeviceTree tree = DeviceTreeSource.reader().symbols(true).read("s", """
                /dts-v1/; /plugin/;
                &base { a = <&own 1 &outside>; p = &own, <&own>; own: n { }; };
                on: &{/soc} { };
                &own { b = [00], <&outside>; };""");

        assertThat(tree).hasToString("""
                /dts-v1/;

                / {
                \tfragment@0 {
                \t\ttarget = <0xffffffff>;
                \t\t__overlay__ {
                \t\t\ta = <0x00000001 0x00000001 0xffffffff>;
                \t\t\tp = [2f 66 72 61 67 6d 65 6e 74 40 30 2f 5f 5f 6f 76 65 72 6c 61 79 5f 5f 2f
                \t\t\t\t6e 00 00 00 00 01];
                \t\t\town: n {
                \t\t\t\tphandle = <0x00000001>;
                \t\t\t};
                \t\t};
                \t};
                \tfragment@1 {
                \t\ttarget-path = "/soc";
                \t\ton: __overlay__ {
                \t\t\tphandle = <0x00000002>;
                \t\t};
                \t};
                \tfragment@2 {
                \t\ttarget = <0x00000001>;
                \t\t__overlay__ {
                \t\t\tb = [00 ff ff ff ff];
                \t\t};
                \t};
                \t__symbols__ {
                \t\town = "/fragment@0/__overlay__/n";
                \t\ton = "/fragment@1/__overlay__";
                \t};
                \t__fixups__ {
                \t\tbase = "/fragment@0:target:0";
                \t\toutside = "/fragment@0/__overlay__:a:8", "/fragment@2/__overlay__:b:1";
                \t};
                \t__local_fixups__ {
                \t\tfragment@0 {
                \t\t\t__overlay__ {
                \t\t\t\ta = <0x00000000>;
                \t\t\t\tp = <0x0000001a>;
                \t\t\t};
                \t\t};
                \t\tfragment@2 {
                \t\t\ttarget = <0x00000000>;
                \t\t};
                \t};
                };
                """);
    }

    @Test
    void refusesPluginsThatCannotBeApplied() {
        refuses(Code.DUPLICATE, "/plugin/; / { fragment@0 { }; }; &a { };", "2:34", "has a node fragment@0 already");
        refuses(Code.NO_SUCH_TARGET, "/plugin/; / { a = &x; };", "2:19", "no place for a label from outside");
        refuses(Code.NO_SUCH_TARGET, "/plugin/; / { a = <&{/x}>; };", "2:20", "no node has the path \"/x\"");
        refuses(Code.NO_SUCH_TARGET, "/plugin/; / { }; /delete-node/ &x;", "2:32", "no node has the label \"x\"");
        refuses(Code.BAD_NAME, "/plugin/; / { a = <&" + "x".repeat(256) + ">; };", "", "longer than 255 characters");
        String deep = "n { ".repeat(63) + "l: a = <&own>; " + "};".repeat(63);
        refuses(Code.TOO_DEEP, "/plugin/; / { own: own { }; " + deep + "};", "", "levels of nodes in __local_fixups__");
    }

    @Test
    void addsToTablesThatAPluginWritesItself() {
        DeviceTree tree = read("""
                /plugin/;
                / { own: n { a = <&own>, <&x>; };
                    __fixups__ { x = "/n:b:0"; }; __local_fixups__ { n { a = <8>; }; }; };""");

        assertThat(hex(tree, "/__local_fixups__/n", "a")).isEqualTo("0000000800000000");
        assertThat(tree.find("/__fixups__")
                        .orElseThrow()
                        .property("x")
                        .orElseThrow()
                        .strings())
                .containsExactly("/n:b:0", "/n:a:4");
    }

    @Test
    void needsItsArguments() {
        assertThatNullPointerException().isThrownBy(() -> DeviceTreeSource.read(nothing(), "/dts-v1/; / { };"));
        assertThatNullPointerException().isThrownBy(() -> DeviceTreeSource.read("s", nothing()));
        assertThatNullPointerException()
                .isThrownBy(() -> DeviceTreeSource.reader().includes(nothing()));
    }

    @SuppressWarnings({"NullAway", "TypeParameterUnusedInFormals"})
    private static <T> T nothing() {
        return (T) null;
    }

    static DeviceTree read(String behindVersion) {
        return DeviceTreeSource.read("test.dts", "/dts-v1/;\n" + behindVersion);
    }

    private static int[] cells(String cells) {
        return read("/ { a = <" + cells + ">; };")
                .root()
                .property("a")
                .orElseThrow()
                .cells();
    }

    static String hex(DeviceTree tree, String path, String property) {
        return CanonicalText.hex(
                tree.find(path).orElseThrow().property(property).orElseThrow().bytes());
    }

    private static DeviceTreeException refuses(Code code, String behindVersion, String place, String reason) {
        var refusal = assertThrowsExactly(DeviceTreeException.class, () -> read(behindVersion), behindVersion);
        assertThat(refusal.reason()).contains(reason);
        assertThat(refusal.code()).as(refusal.reason()).isEqualTo(code);
        assertThat(refusal.reason()).startsWith("test.dts:" + place);
        assertThat(refusal.reason()).startsWith(refusal.position().orElseThrow() + ": ");
        return refusal;
    }
}
