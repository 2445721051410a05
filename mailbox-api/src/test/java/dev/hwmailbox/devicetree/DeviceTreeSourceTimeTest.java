// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.devicetree;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.function.IntFunction;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Large sources that would take minutes if anything were done again for every element. Each takes less than a second
 * on a machine that has nothing else to do.
 */
@Timeout(30)
class DeviceTreeSourceTimeTest {
    private static final int LENGTH = 200_000;

    @ParameterizedTest
    @ValueSource(
            strings = {
                "ab",
                "abg ",
                "'\\'",
                "\\'",
                "'",
                "\"\\",
                "\"",
                "/*",
                "/**/",
                "//\n",
                "(",
                "(1+",
                "-",
                "1?",
                "&",
                "&a ",
                "&{",
                "<",
                ">",
                "[",
                "a:",
                "a: b",
                "/include/ ",
                "/include/\"",
                "/include/\"\\\"",
                "/bits/ ",
                "/a",
                "#",
                "\n#",
                "\n#if",
                "\n#ifdef A",
                "\n#ifdef A\n#elif",
                "\n#ifdef A\n\\'\\'\\'",
                "\n#ifndef A\n#else\n#endif",
                "\n#define A '\\'\\'",
                "\n#define A(",
                "\n#line 1",
                "\n# 1 \"x\"",
                "\n#error \\\n",
                "\n#define A A A\nA ",
                "A ",
                "\\\n",
                "\r",
                "\0",
                "\ud83d\ude00",
                "\ud83d",
                "9",
                "0x1",
                ",",
                ".5e+",
                "n{",
                "n{};",
                "};",
                "a;",
                "a=<1>;"
            })
    void answersRepetitionsOfAnything(String piece) {
        String repeated = piece.repeat(LENGTH / piece.length());

        answers("/dts-v1/; " + repeated);
        answers("/dts-v1/; / { " + repeated);
        answers("/dts-v1/; / { a = " + repeated);
        answers("/dts-v1/; / { a = <" + repeated);
        answers("/dts-v1/; / { a = <(" + repeated);
        answers("/dts-v1/; / { a = [" + repeated);
        answers("/dts-v1/; / { a = \"" + repeated);
        answers("/dts-v1/;\n#ifdef X\n" + repeated);
        answers("/dts-v1/;\n#define " + repeated);
        answers("/dts-v1/;\n#define A " + repeated + "\n/ { b = <A A>; };");
        answers(repeated);
    }

    private static void answers(String source) {
        try {
            DeviceTreeSource.reader().symbols(true).read("big", source);
        } catch (DeviceTreeException refusal) {
            assertThat(refusal.reason().length()).isLessThan(2000);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "l%d: n%d { };",
                "n%d { a = <&{/n0}>; b = &{/n0}; };",
                "n%d { l%d: a = m%d: <1>; };",
                "/delete-node/ n%d; n%d { };",
                "/omit-if-no-ref/ n%d { };",
                "l%d: n%d { a = <&l0 &l%d>; };"
            })
    void readsManyNodesInTime(String node) {
        String all = nodes(30_000, node);
        assertThat(DeviceTreeSource.reader()
                        .symbols(true)
                        .read("big", "/dts-v1/; / { " + all + " };")
                        .nodes()
                        .size())
                .isBetween(1, 30_003);
    }

    @ParameterizedTest
    @ValueSource(strings = {"p%d;", "l%d: p%d = <1>;", "/delete-property/ p%d;", "p%d = &{/};", "p%d = <&n>, <&n>;"})
    void readsManyPropertiesInTime(String property) {
        String all = nodes(30_000, property);

        DeviceTree tree = DeviceTreeSource.read("big", "/dts-v1/; / { " + all + " n: n { }; }; / { " + all + " };");

        assertThat(tree.nodes()).hasSize(2);
    }

    @Test
    void readsManyBlocksInTime() {
        String blocks = nodes(30_000, "&n { a%d = <%d>; b = <1>; };");
        assertThat(DeviceTreeSource.read("big", "/dts-v1/; / { n: n { }; };" + blocks)
                        .find("/n")
                        .orElseThrow()
                        .properties())
                .hasSize(30_001);
    }

    @Test
    void readsManyFragmentsInTime() {
        String fragments = nodes(20_000, "&n%d { a = <&m &l%d>; l%d: n { }; };");
        assertThat(DeviceTreeSource.reader()
                        .symbols(true)
                        .read("big", "/dts-v1/; /plugin/; " + fragments)
                        .nodes())
                .hasSize(5 * 20_000 + 4);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"p%d = &{/%s};", "p%d = <&{/%s}>;", "p%d = <&x>;", "/omit-if-no-ref/ l%d: n%d { q = &{/%s}; };"})
    void boundsWhatLongNamesCost(String property) {
        String name = "x".repeat(200_000);
        String all = nodes(30_000, property.replace("/%s", "/l"));
        String labels = nodes(30_000, "k%d: ");

        answers("/dts-v1/; / { l { " + name + " { " + all.replace("&{/l}", "&l") + "}; }; };");
        answers("/dts-v1/; / { l: " + name + " { " + all.replace("&{/l}", "&l") + "}; };");
        answers("/dts-v1/; / { " + labels + name + " { }; };");
        answers("/dts-v1/; /plugin/; / { l: " + name + " { " + all.replace("&{/l}", "&l") + "}; };");
        answers("/dts-v1/;\n#define l " + name + "\n / { " + all + "}; };");
    }

    private static String nodes(int count, String node) {
        IntFunction<String> numbered = i -> node.replace("%d", Integer.toString(i));
        return IntStream.range(0, count).mapToObj(numbered).collect(Collectors.joining("\n"));
    }
}
