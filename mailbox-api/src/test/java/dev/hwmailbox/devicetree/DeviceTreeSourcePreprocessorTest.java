// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.devicetree;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assertions.assertThrowsExactly;

import dev.hwmailbox.devicetree.DeviceTreeException.Code;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Inclusions, constants and conditions. */
class DeviceTreeSourcePreprocessorTest {
    private final Map<String, String> files = new HashMap<>();

    @Test
    void replacesWholeWordsAsACompilerDoes() {
        DeviceTree tree = read("""
                #define ONE 1
                #define SUM (ONE + /* one more */ TWO) // rest
                # define TWO \\
                    2
                #define TEXT "ONE"
                #define ADDRESS 1000
                #define EMPTY
                / { cells = <ONE SUM EMPTY>; ONES = TEXT, "ONE"; };
                / { bus@ADDRESS { ONE-x,ONE; #TWO; }; a1ONE { }; 1ONE { }; };
                """);

        assertThat(tree.root().property("cells").orElseThrow().cells()).containsExactly(1, 3);
        assertThat(tree.root().property("ONES").orElseThrow().strings()).containsExactly("ONE", "ONE");
        assertThat(tree.root().children().stream().map(Node::name)).containsExactly("bus@1000", "a1ONE", "1ONE");
        assertThat(tree.find("/bus@1000").orElseThrow().properties().stream().map(Property::name))
                .containsExactly("1-x,1", "#2");
    }

    @Test
    void leavesCharactersAndCommentsAlone() {
        assertThat(read("#define a 5\n/ { x = <'a' /* a */ a>; };")
                        .root()
                        .property("x")
                        .orElseThrow()
                        .cells())
                .containsExactly('a', 5);
    }

    @Test
    void doesNotExpandAMacroInsideItself() {
        refuses(Code.SYNTAX, "#define A B\n#define B A\n/ { x = <A>; };", "t:4:10: expected a number");
        assertThat(read("#define A B\n#define B 3\n/ { x = <A B A>; };")
                        .root()
                        .property("x")
                        .orElseThrow()
                        .cells())
                .containsExactly(3, 3, 3);
    }

    @Test
    void takesTheLastDefinition() {
        DeviceTree tree =
                read("#define A 1\n/ { x = <A>; };\n#define A 2\n/ { y = <A>; };\n#undef A\n/ { A; };\n#undef A\n");

        assertThat(tree.root().properties())
                .extracting(Property::toString)
                .containsExactly("x = <0x00000001>;", "y = <0x00000002>;", "A;");
    }

    @Test
    void refusesOnlyTheUseOfMacrosWithParameters() {
        String definition = "#define F(x) (x + 1)\n#define G F (1)\n";

        assertThat(read(definition + "/ { F; F-x; };").root().properties()).hasSize(2);
        refuses(Code.SYNTAX, definition + "/ { x = <F (1)>; };", "t:4:10: macro \"F\" has parameters: not supported");
        refuses(Code.SYNTAX, definition + "/ { x = <G>; };", "t:4:10: macro \"F\" has parameters: not supported");
    }

    @Test
    void leavesOutWhatItsConditionsSay() {
        DeviceTree tree = read("""
                #define A
                / {
                #ifdef A
                  a1;
                # ifdef B
                  a2; " don't
                #  if 1
                #  elif 2
                #  else
                #  endif
                #  include <nothing>
                #  error no
                /include/ "nothing"
                # else /* of B */
                  a3;
                # endif
                #else // of A
                  a4; /*
                #endif */
                #endif
                #ifndef A
                  a5;
                #define B
                #endif
                #ifndef B
                  a6;
                #endif
                };
                """);

        assertThat(tree.root().properties().stream().map(Property::name)).containsExactly("a1", "a3", "a6");
        assertThat(read("#ifdef X\n#ifdef Y\n#else\nbad\n#endif\n#endif\n/ { };")
                        .nodes())
                .hasSize(1);
    }

    @Test
    void refusesConditionsThatDoNotFit() {
        refuses(Code.SYNTAX, "#ifdef A\n/ { };\n", "t:2:1: expected #endif for this line, found the end of the file");
        refuses(Code.SYNTAX, "/ { };\n #endif\n", "t:3:2: expected #ifdef or #ifndef first, found #endif");
        refuses(Code.SYNTAX, "#else\n", "t:2:1: expected #ifdef or #ifndef first, found #else");
        refuses(Code.SYNTAX, "#ifdef A\n#else\n#else\n#endif\n", "t:4:1: expected #endif, found a second #else");
        refuses(Code.SYNTAX, "#ifdef\n#endif\n", "t:2:7: expected the name of a macro, found the end of the line");
        refuses(Code.SYNTAX, "#if 1\n#endif\n", "t:2:1: #if is not supported");
        refuses(Code.SYNTAX, "#ifdef A\n#elif 1\n#endif\n", "t:3:1: #elif is not supported");
        files.put("open", "#ifdef A\n");
        refuses(Code.SYNTAX, "#include \"open\"\n#endif\n", "open:1:1: expected #endif");
    }

    @Test
    void refusesDirectivesThatItDoesNotKnowWhatToDoWith() {
        refuses(Code.SYNTAX, "#pragma once\n/ { };", "t:2:1: #pragma is not supported");
        refuses(Code.SYNTAX, "#error told you\n/ { };", "t:2:1: #error told you");
        refuses(Code.SYNTAX, "#define 1\n/ { };", "t:2:9: expected the name of a macro, found \"1\"");
        refuses(Code.SYNTAX, "#undef\n/ { };", "t:2:7: expected the name of a macro, found the end of the line");
        refuses(Code.SYNTAX, "#include foo\n/ { };", "t:2:10: expected a file name in quotes or angle brackets");
        refuses(Code.SYNTAX, "#include <foo\n/ { };", "t:2:10: expected a file name in quotes or angle brackets");
        refuses(Code.SYNTAX, "#define A /* b\n/ { };", "t:2:11: expected */ behind this");
        refuses(Code.SYNTAX, "#line x\n/ { };", "t:2:7: expected the number of a line");
        refuses(Code.SYNTAX, "#line 99999999999\n/ { };", "t:2:7: expected the number of a line");
        refuses(Code.SYNTAX, "#line 1 \"x\n/ { };", "t:2:7: expected a file name in quotes");
        assertThat(read("#warning don't\n/ { };").nodes()).hasSize(1);
    }

    @Test
    void takesOnlyKnownWordsForDirectives() {
        DeviceTree tree =
                read("/ {\n#address-cells = <1>;\n#include-x;\n# = <1>;\n#define,x;\n x; #define;\n#includes;\n};");

        assertThat(tree.root().properties().stream().map(Property::name))
                .containsExactly("#address-cells", "#include-x", "#", "#define,x", "x", "#define", "#includes");
    }

    @Test
    void includesFilesByEveryForm() {
        files.put("a.dtsi", "#define A 1\n/ { a = <A>; };");
        files.put("b.h", "#define B 2");
        files.put("c.dtsi", "/ { c = <A B>; /include/ \"d\" };");
        files.put("d", "d;");

        DeviceTree tree = read("#include \"a.dtsi\"\n#include <b.h>\n/include/\n  \"c.dtsi\"/ { e = <B>; };");

        assertThat(tree.root().properties().stream().map(Property::toString))
                .containsExactly("a = <0x00000001>;", "c = <0x00000001 0x00000002>;", "d;", "e = <0x00000002>;");
    }

    @Test
    void tellsTheResolverWhoIncludes() {
        List<String> asked = new ArrayList<>();
        DeviceTreeSource.reader()
                .includes((name, includedFrom) -> {
                    asked.add(includedFrom + " includes " + name);
                    return name.equals("a") ? "/include/ \"b\"" : "";
                })
                .read("main", "/dts-v1/;\n#include <a>\n/ { };");

        assertThat(asked).containsExactly("main includes a", "a includes b");
    }

    @Test
    void takesTheResolversNameForWhatItFound() {
        List<String> asked = new ArrayList<>();
        var byPath = new SourceResolver() {
            @Override
            public @Nullable CharSequence resolve(String name, String includedFrom) {
                asked.add(includedFrom + " includes " + name);
                return name.startsWith("dt-bindings/") ? null : name.equals("a") ? "#include <b>\n" : "oops";
            }

            @Override
            public String nameOf(String name, String includedFrom) {
                return "path/" + name;
            }
        };

        var refusal = assertThrowsExactly(
                DeviceTreeException.class,
                () -> DeviceTreeSource.reader()
                        .includes(byPath)
                        .read(
                                "main",
                                "/dts-v1/;\n#include <dt-bindings/interrupt-controller/irq.h>\n#include <a>\n/include/ \"c\""));

        assertThat(asked)
                .containsExactly(
                        "main includes dt-bindings/interrupt-controller/irq.h",
                        "main includes a",
                        "path/a includes b",
                        "main includes c");
        assertThat(refusal.position().orElseThrow().file()).isEqualTo("path/b");
    }

    @Test
    void hasTheConstantsOfInterrupts() {
        String source = "/dts-v1/;\n#include <dt-bindings/interrupt-controller/arm-gic.h>\n"
                + "#include <dt-bindings/interrupt-controller/irq.h>\n"
                + "/ { a = <GIC_SPI GIC_PPI GIC_ESPI GIC_EPPI IRQ_TYPE_NONE IRQ_TYPE_EDGE_RISING IRQ_TYPE_EDGE_FALLING"
                + " IRQ_TYPE_EDGE_BOTH IRQ_TYPE_LEVEL_HIGH IRQ_TYPE_LEVEL_LOW>; };";

        assertThat(DeviceTreeSource.read("t", source)
                        .root()
                        .property("a")
                        .orElseThrow()
                        .cells())
                .containsExactly(0, 1, 2, 3, 0, 1, 2, 3, 4, 8);
        files.put("dt-bindings/interrupt-controller/arm-gic.h", "#define GIC_SPI 77\n");
        assertThat(read("#include <dt-bindings/interrupt-controller/arm-gic.h>\n/ { a = <GIC_SPI>; };")
                        .root()
                        .property("a")
                        .orElseThrow()
                        .cells())
                .containsExactly(77);
    }

    @Test
    void refusesInclusionsOfNothing() {
        refuses(Code.BAD_INCLUDE, "/include/ \"no\"\n/ { };", "t:2:11: no file \"no\" to include");
        refuses(Code.BAD_INCLUDE, "#include <no>\n/ { };", "t:2:10: no file \"no\" to include");
        refuses(Code.SYNTAX, "/include/ no\n/ { };", "t:2:1: expected '/', a reference");
        refuses(Code.NO_SUCH_TARGET, "/ { a = <&{/include/b}>; };", "t:2:10: /: a: no node has the path");
    }

    @Test
    void passesOnWhatTheResolverThrows() {
        assertThatThrownBy(() -> DeviceTreeSource.reader()
                        .includes((name, from) -> {
                            throw new IllegalStateException("disk");
                        })
                        .read("t", "#include <x>\n"))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("disk");
    }

    @Test
    void boundsInclusions() {
        files.put("self", "\n#include <self>\n");
        refuses(Code.BAD_INCLUDE, "#include <self>\n/ { };", "self:2:10: more than 64 files inside each other");
        for (int level = 0; level < 40; level++) {
            files.put("twice" + level, ("#include <twice" + (level + 1) + ">\n").repeat(2));
        }
        files.put("twice40", "");
        refuses(Code.BAD_INCLUDE, "#include <twice0>\n/ { };", "more than 16384 inclusions");
        files.put("big", " ".repeat(1 << 20));
        refuses(Code.TOO_LARGE, "#include <big>\n".repeat(9) + "/ { };", "t:9:10: the source has more than 8388608");
        var refusal = assertThrowsExactly(
                DeviceTreeException.class, () -> DeviceTreeSource.read("t", " ".repeat(Preprocessor.MAX_TEXT + 1)));
        assertThat(refusal.code()).isEqualTo(Code.TOO_LARGE);
    }

    @Test
    void takesAsManyInclusionsAsItSays() {
        for (int level = 1; level < 65; level++) {
            files.put("level" + level, "#include <level" + (level + 1) + ">\n");
        }
        files.put("level65", "");
        files.put("empty", "");
        refuses(Code.BAD_INCLUDE, "#include <level1>\n/ { };", "level64:1:10: more than 64 files inside each other");
        assertThat(read("#include <level2>\n/ { };").nodes()).hasSize(1);
        String most = "#include <empty>\n".repeat(1 << 14);
        assertThat(read(most + "/ { };").nodes()).hasSize(1);
        refuses(Code.BAD_INCLUDE, most + "#include <empty>\n/ { };", "t:16386:10: more than 16384 inclusions");
    }

    @Test
    void takesAsMuchTextAsItSays() {
        String source = "/dts-v1/; / { };\n";
        String half = "/dts-v1/;\n#include <half>\n/ { };";
        String full = source + " ".repeat((1 << 23) - source.length());
        files.put("half", " ".repeat((1 << 23) - half.length()));

        assertThat(DeviceTreeSource.read("t", full).nodes()).hasSize(1);
        assertThat(read("#include <half>\n/ { };").nodes()).hasSize(1);
        refuses(Code.TOO_LARGE, "#include <half>\n/ { }; ", "t:2:10: the source has more than 8388608");
        assertThrowsExactly(DeviceTreeException.class, () -> DeviceTreeSource.read("t", full + " "));
    }

    @Test
    void expandsAsMuchAsItSays() {
        String body = "1" + " ".repeat((1 << 21) - 3) + "1";
        assertThat(body).hasSize((1 << 21) - 1);
        String definition = "#define A " + body + "\n";

        assertThat(read(definition + "/ { x = <A A>; };")
                        .root()
                        .property("x")
                        .orElseThrow()
                        .cells())
                .hasSize(4);
        refuses(
                Code.TOO_LARGE,
                definition + "#define NONE\n/ { x = <A A NONE>; };",
                "t:4:14: macros expand to more than 4194304 characters");
    }

    @Test
    void boundsMacros() {
        var doubling = new StringBuilder("#define M0\n");
        var chain = new StringBuilder("#define C0 1\n");
        for (int i = 0; i < 200; i++) {
            doubling.append("#define M%d M%d M%d\n".formatted(i + 1, i, i));
            chain.append("#define C%d C%d\n".formatted(i + 1, i));
        }

        refuses(Code.TOO_LARGE, doubling + "/ { x = <M100>; };", "t:203:10: macros expand to more than 4194304");
        refuses(Code.TOO_LARGE, chain + "/ { x = <C128>; };", "t:203:10: more than 128 macros inside each other");
        assertThat(read(chain + "/ { x = <C127>; };")
                        .root()
                        .property("x")
                        .orElseThrow()
                        .cells())
                .containsExactly(1);
    }

    @Test
    void placesErrorsInTheFileWhereTheyAre() {
        files.put("part", "/ {\n  bad$;\n};");
        refuses(Code.SYNTAX, "#include <part>\n/ { };", "part:2:6: expected '=', ';' or '{' behind \"bad\"");
        refuses(Code.SYNTAX, "/include/ \"part\" / { };", "part:2:6: ");
        files.put("open", "/ {");
        refuses(Code.SYNTAX, "/include/ \"open\"", "open:1:4: expected a property, a node or '}'");
        refuses(Code.SYNTAX, "#define X (1\n/ { a = <2 X>; };", "t:3:14: expected a number, a character or '('");
        refuses(Code.SYNTAX, "#define X 1 %\n/ { a = <2 X>; };", "t:3:12: expected a number, a character");
        refuses(Code.NO_SUCH_TARGET, "#define X &no\n/ { a = <2 X>; };", "t:3:12: /: a: no node has the label");
    }

    @Test
    void believesLineMarkers() {
        refuses(Code.SYNTAX, "# 7 \"other.dts\" 2\n\n/ { bad$ };", "other.dts:8:8: ");
        refuses(Code.SYNTAX, "#line 7 \"other.dts\"\n/ { bad$ };", "other.dts:7:8: ");
        refuses(Code.SYNTAX, "#line 50\n/ { bad$ };", "t:50:8: ");
        refuses(Code.SYNTAX, "# 0 \"<built-in>\"\n/ { bad$ };", "<built-in>:1:8: ");
        refuses(Code.SYNTAX, "#line 2147483647\n\n/ { bad$ };", "t:2147483647:8: ");
        refuses(Code.SYNTAX, "# 1 \"x\"", "expected '/', a reference");
    }

    private DeviceTree read(String behindVersion) {
        return DeviceTreeSource.reader()
                .includes((name, includedFrom) -> files.get(name))
                .read("t", "/dts-v1/;\n" + behindVersion);
    }

    private void refuses(Code code, String behindVersion, String reason) {
        var refusal = assertThrowsExactly(DeviceTreeException.class, () -> read(behindVersion), behindVersion);
        assertThat(refusal.reason()).contains(reason);
        assertThat(refusal.code()).as(refusal.reason()).isEqualTo(code);
    }
}
