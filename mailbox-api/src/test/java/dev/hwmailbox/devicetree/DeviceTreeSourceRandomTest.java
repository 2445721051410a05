// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.devicetree;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.Consumer;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Random trees and random damage. The seed of a failing round is in its message; set it with the system property. */
class DeviceTreeSourceRandomTest {
    private static final long FIRST_SEED = Long.getLong("hwmailbox.seed", 20_260_201);
    private static final int ROUNDS = Integer.getInteger("hwmailbox.rounds", 200);
    private static final String NODE_CHARACTERS = "abcdefghijklmnopqrstuvwxyzABCDEF0123456789,._+-";
    private static final String PROPERTY_CHARACTERS = NODE_CHARACTERS + "#?*";

    private static final String[] PIECES = {
        "/ {",
        "};",
        "}",
        ";",
        "<",
        ">",
        "[",
        "]",
        "(",
        ")",
        "\"",
        "'",
        "&",
        "&{/",
        "{",
        ":",
        "=",
        ",",
        "/*",
        "*/",
        "//",
        "\n",
        "\n#",
        "\n#define A A B\n",
        "\n#define B A A 1\n",
        "\n#ifdef A\n",
        "\n#else\n",
        "\n#endif\n",
        "\n#undef A\n",
        "\n#include <self>\n",
        "\n#include <twice>\n",
        "\n# 3 \"x\"\n",
        "\n#line 2147483647\n",
        "/include/ \"self\"",
        "\\",
        "A",
        "B ",
        "l: ",
        "&l ",
        "&{/n}",
        "/bits/ 8 ",
        "/bits/ 64 ",
        "/delete-node/ ",
        "/delete-property/ ",
        "/omit-if-no-ref/ ",
        "/plugin/; ",
        "/dts-v1/;",
        "/memreserve/ 1 2;",
        "0",
        "0x",
        "ffffffff",
        "-",
        "~",
        "?",
        "/ 0",
        "phandle = <1>;",
        "a;",
        "n { ",
        "fragment@0 { };",
        "__symbols__ { l = \"/\"; };",
        "\0",
        "\ud83d",
        "\u00fc",
        "\t",
        " "
    };

    @AutoClose
    private final Corpus corpus = Corpus.open();

    @Test
    @Timeout(120)
    void readsBackEveryRandomTreeThatIsPrinted() {
        eachSeed(random -> {
            DeviceTree tree = randomTree(random);

            DeviceTree again = DeviceTreeSource.read("printed", DeviceTreeSource.print(tree));

            assertThat(again).isEqualTo(tree);
        });
    }

    @Test
    @Timeout(240)
    void answersDamagedSourcesWithATreeOrItsOwnException() {
        List<String> sources = new ArrayList<>();
        for (String directory : List.of("dts", "blobs", "overlays", "mailbox")) {
            DeviceTreeSourceConformanceTest.sources(corpus.recorded().resolve(directory)).stream()
                    .map(DeviceTreeSourceConformanceTest::text)
                    .filter(text -> text.length() < 4000)
                    .forEach(sources::add);
        }
        int[] outcomes = {0, 0};
        eachSeed(random -> {
            for (String source : sources) {
                String damaged = damage(source, random);
                outcomes[isRead(damaged, random.nextBoolean()) ? 0 : 1]++;
            }
        });
        assertThat(outcomes[0]).as("some damage is harmless").isPositive();
        assertThat(outcomes[1]).as("most is not").isGreaterThan(outcomes[0]);
    }

    /** What is read can be written, and then read again. */
    private static boolean isRead(String source, boolean withSymbols) {
        DeviceTree tree;
        try {
            tree = DeviceTreeSource.reader()
                    .includes((name, includedFrom) -> switch (name) {
                        case "self" -> source;
                        case "twice" -> "a = <1>;\n#include <twice>\n#include <twice>\n";
                        default -> null;
                    })
                    .symbols(withSymbols)
                    .read("damaged", source);
        } catch (DeviceTreeException refusal) {
            assertThat(refusal.position()).as(source).isPresent();
            assertThat(refusal.reason()).as(source).endsWith("^");
            return false;
        }
        assertThat(DeviceTreeBlob.read(ByteBuffer.wrap(DeviceTreeBlob.write(tree))))
                .as(source)
                .isEqualTo(tree);
        assertThat(DeviceTreeSource.read("printed", DeviceTreeSource.print(tree)))
                .as(source)
                .isEqualTo(tree);
        return true;
    }

    private static String damage(String source, Random random) {
        var damaged = new StringBuilder(source);
        for (int i = 1 + random.nextInt(4); i > 0; i--) {
            int at = random.nextInt(damaged.length() + 1);
            int to = Math.min(damaged.length(), at + random.nextInt(random.nextBoolean() ? 3 : 30));
            switch (random.nextInt(4)) {
                case 0 -> damaged.delete(at, to);
                case 1 -> damaged.insert(random.nextInt(damaged.length() + 1), damaged.substring(at, to));
                case 2 -> damaged.insert(at, PIECES[random.nextInt(PIECES.length)]);
                default -> damaged.replace(at, Math.min(at + 1, damaged.length()), "" + (char) random.nextInt(128));
            }
        }
        return damaged.toString();
    }

    private static void eachSeed(Consumer<Random> round) {
        for (long seed = FIRST_SEED; seed < FIRST_SEED + ROUNDS; seed++) {
            try {
                round.accept(new Random(seed));
            } catch (RuntimeException | AssertionError | StackOverflowError | OutOfMemoryError e) {
                fail("-Dhwmailbox.seed=" + seed, e);
            }
        }
    }

    private static DeviceTree randomTree(Random random) {
        NodeBuilder root = NodeBuilder.root();
        int[] lastPhandle = {0};
        fill(root, random, 1 + random.nextInt(5), lastPhandle);
        if (random.nextBoolean()) {
            root.child(
                    "__symbols__",
                    symbols -> DeviceTree.of(root.build()).nodes().stream()
                            .filter(node -> random.nextInt(3) == 0)
                            .forEach(node -> symbols.property(name(random, NODE_CHARACTERS), node.path())));
        }
        List<MemoryReservation> reservations = new ArrayList<>();
        for (int i = random.nextInt(3); i > 0; i--) {
            reservations.add(new MemoryReservation(random.nextLong(), random.nextLong() | 1));
        }
        return DeviceTree.of(root.build(), reservations, 0);
    }

    private static void fill(NodeBuilder node, Random random, int levels, int[] lastPhandle) {
        for (int i = random.nextInt(5); i > 0; i--) {
            var value = new byte[random.nextInt(random.nextInt(8) == 0 ? 400 : 40)];
            random.nextBytes(value);
            if (random.nextBoolean()) {
                for (int at = 0; at < value.length; at++) {
                    value[at] &= (byte) 0x7f;
                }
            }
            node.bytes(name(random, PROPERTY_CHARACTERS), value);
        }
        for (int i = levels == 0 ? 0 : random.nextInt(5); i > 0; i--) {
            String unit = random.nextBoolean() ? "@" + Integer.toHexString(random.nextInt()) : "";
            node.child(name(random, NODE_CHARACTERS) + unit, child -> fill(child, random, levels - 1, lastPhandle));
        }
        if (random.nextInt(4) == 0) {
            node.property("phandle", ++lastPhandle[0]).property("text", "a \\\"b\"\t", name(random, NODE_CHARACTERS));
        }
        if (random.nextInt(10) == 0) {
            node.flag(new String[] {"#include", "#if", "#line", "#", "#define"}[random.nextInt(5)]);
        }
    }

    private static String name(Random random, String characters) {
        var name = new StringBuilder();
        for (int i = 1 + random.nextInt(8); i > 0; i--) {
            name.append(characters.charAt(random.nextInt(characters.length())));
        }
        return name.toString();
    }
}
