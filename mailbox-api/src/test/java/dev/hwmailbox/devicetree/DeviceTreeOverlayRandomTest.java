// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.devicetree;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Random overlays on random bases, good and damaged, read a second time by {@link NaiveOverlay}. The seed of a failing
 * round is in its message; set it with the system property.
 */
class DeviceTreeOverlayRandomTest {
    private static final Logger TALLY = LoggerFactory.getLogger("conformance");
    private static final long FIRST_SEED = Long.getLong("hwmailbox.seed", 20_260_701);
    private static final int ROUNDS = 300;
    private static final int DAMAGES = 40;

    /** Few names, so that nodes meet; some differ in the unit address only. */
    private static final List<String> NODES = List.of("a", "b", "b@1", "c@1", "c@2", "c", "d@7");

    private static final List<String> PROPERTIES = List.of("p", "q", "r");

    @Test
    @Timeout(120)
    void agreesWithTheNaiveReading() {
        eachSeed(random -> {
            DeviceTree base = randomBase(random);
            DeviceTree overlay = randomOverlay(base, random);

            DeviceTree merged = DeviceTreeOverlay.apply(base, overlay);

            assertThat(NaiveOverlay.hex(merged)).isEqualTo(NaiveOverlay.apply(base, overlay));
        });
    }

    @Test
    @Timeout(120)
    void appliesASequenceOneAfterAnother() {
        eachSeed(random -> {
            DeviceTree merged = randomBase(random);
            DeviceTree base = merged;
            List<DeviceTree> overlays = new ArrayList<>();
            for (int i = 0; i < 3; i++) {
                DeviceTree overlay = randomOverlay(merged, random);
                overlays.add(overlay);
                merged = DeviceTreeBlob.read(
                        ByteBuffer.wrap(DeviceTreeBlob.write(DeviceTreeOverlay.apply(merged, overlay))));
            }

            assertThat(DeviceTreeOverlay.apply(base, overlays)).isEqualTo(merged);
        });
    }

    @Test
    @Timeout(120)
    void appliesIndependentOverlaysInAnyOrder() {
        eachSeed(random -> {
            DeviceTree base =
                    base(root -> root.child("left", n -> fill(n, random, 3)).child("right", n -> fill(n, random, 3)));
            DeviceTree left = OverlayBuilder.create()
                    .fragment("/left", n -> fill(n, random, 3))
                    .build();
            DeviceTree right = OverlayBuilder.create()
                    .fragment("/right", n -> fill(n, random, 3))
                    .build();

            assertThat(DeviceTreeOverlay.apply(base, List.of(left, right)))
                    .isEqualTo(DeviceTreeOverlay.apply(base, List.of(right, left)));
        });
    }

    @Test
    @Timeout(120)
    void answersDamagedOverlaysLikeTheNaiveReading() {
        Map<String, Integer> answers = new TreeMap<>();
        eachSeed(random -> {
            DeviceTree base = randomBase(random);
            byte[] blob = DeviceTreeBlob.write(randomOverlay(base, random));
            String before = base.toString();
            for (int i = 0; i < DAMAGES; i++) {
                byte[] damaged = blob.clone();
                for (int flips = 1 + random.nextInt(2); flips > 0; flips--) {
                    damaged[RawBlob.STRUCTURE + random.nextInt(blob.length - RawBlob.STRUCTURE)] ^=
                            (byte) (1 << random.nextInt(8));
                }
                DeviceTree overlay;
                try {
                    overlay = DeviceTreeBlob.read(ByteBuffer.wrap(damaged));
                } catch (DeviceTreeException unreadable) {
                    continue;
                }
                answers.merge(answer(base, overlay), 1, Integer::sum);
                answerAlone(overlay);
            }
            assertThat(base).hasToString(before);
        });
        assertThat(answers).containsKeys("merged", "BAD_OVERLAY", "NO_SUCH_TARGET", "BAD_VALUE", "NO_PHANDLES");
        TALLY.info("damaged overlays that can be read: {}", answers);
    }

    private static String answer(DeviceTree base, DeviceTree overlay) {
        try {
            DeviceTree merged = DeviceTreeOverlay.apply(base, overlay);
            assertThat(NaiveOverlay.hex(merged)).isEqualTo(NaiveOverlay.apply(base, overlay));
            assertThat(DeviceTreeBlob.read(ByteBuffer.wrap(DeviceTreeBlob.write(merged))))
                    .isEqualTo(merged);
            return "merged";
        } catch (DeviceTreeException refusal) {
            try {
                NaiveOverlay.apply(base, overlay);
            } catch (IllegalArgumentException expected) {
                return refusal.code().name();
            }
            throw new AssertionError("the naive reading accepts it", refusal);
        }
    }

    private static void answerAlone(DeviceTree overlay) {
        try {
            assertThat(DeviceTreeOverlay.applyAlone(overlay).memoryReservations())
                    .isEmpty();
        } catch (DeviceTreeException refusal) {
            assertThat(refusal.reason()).isNotEmpty();
        }
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

    private static DeviceTree base(Consumer<NodeBuilder> content) {
        NodeBuilder root = NodeBuilder.root();
        content.accept(root);
        return DeviceTree.of(root.build());
    }

    private static DeviceTree randomBase(Random random) {
        DeviceTree plain = base(root -> fill(root, random, 3));
        NodeBuilder root = NodeBuilder.from(plain.root());
        int phandle = 0;
        for (Node node : plain.nodes()) {
            if (random.nextBoolean()) {
                phandle += 1 + random.nextInt(3);
                int number = phandle;
                at(root, node.path(), n -> n.property(random.nextInt(4) == 0 ? "linux,phandle" : "phandle", number));
                if (random.nextBoolean()) {
                    root.child("__symbols__", symbols -> symbols.property("label" + number, node.path()));
                }
                if (random.nextInt(4) == 0) {
                    root.child("aliases", aliases -> aliases.property("alias" + number, node.path()));
                }
            }
        }
        return DeviceTree.of(root.build());
    }

    private static void at(NodeBuilder root, String path, Consumer<NodeBuilder> change) {
        List<String> names = NodePaths.names(path);
        if (names.isEmpty()) {
            change.accept(root);
        } else {
            String rest = String.join("/", names.subList(1, names.size()));
            root.child(names.get(0), child -> at(child, rest, change));
        }
    }

    private static void fill(NodeBuilder node, Random random, int levels) {
        for (int i = random.nextInt(3); i > 0; i--) {
            node.bytes(any(PROPERTIES, random), new byte[random.nextInt(13)]);
        }
        for (int i = levels == 0 ? 0 : random.nextInt(5); i > 0; i--) {
            node.child(any(NODES, random), child -> fill(child, random, levels - 1));
        }
    }

    private static <T> T any(List<T> list, Random random) {
        return list.get(random.nextInt(list.size()));
    }

    private static DeviceTree randomOverlay(DeviceTree base, Random random) {
        List<Node> nodes = base.nodes();
        List<String> baseLabels = names(base, "/__symbols__", "label");
        List<String> aliases = names(base, "/aliases", "alias");
        OverlayBuilder overlay = OverlayBuilder.create();
        List<String> labels = new ArrayList<>(baseLabels);
        for (int fragment = 0; fragment <= random.nextInt(4); fragment++) {
            Node[] content = {NodeBuilder.root().build()};
            Consumer<NodeBuilder> change = node -> {
                fill(node, random, 3);
                content[0] = node.build();
            };
            Node target = any(nodes, random);
            int kind = random.nextInt(4);
            if (kind == 0 && !baseLabels.isEmpty()) {
                overlay.fragmentAt(any(baseLabels, random), change);
            } else if (kind == 1 && !aliases.isEmpty()) {
                overlay.fragment(any(aliases, random), change);
            } else if (kind == 2 && target.phandle().isPresent()) {
                overlay.fragmentAt(target.phandle().getAsInt(), change);
            } else {
                overlay.fragment(target.path(), change);
            }
            link(overlay, content[0], "", labels, random);
        }
        return overlay.build();
    }

    private static List<String> names(DeviceTree base, String path, String prefix) {
        return base.find(path).map(Node::properties).orElse(List.of()).stream()
                .map(Property::name)
                .filter(name -> name.startsWith(prefix))
                .toList();
    }

    private static void link(OverlayBuilder overlay, Node node, String path, List<String> labels, Random random) {
        if (random.nextInt(3) == 0) {
            String label = "own" + labels.size();
            labels.add(label);
            overlay.label(label, path);
        }
        for (Property property : node.properties()) {
            for (int cell = 0; cell < property.length() / 4; cell++) {
                if (!labels.isEmpty() && random.nextBoolean()) {
                    overlay.reference(path, property.name(), cell, any(labels, random));
                }
            }
        }
        node.children().forEach(child -> link(overlay, child, path + "/" + child.name(), labels, random));
    }
}
