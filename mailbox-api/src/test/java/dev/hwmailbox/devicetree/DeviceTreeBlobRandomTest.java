// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.devicetree;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Random trees and random damage. The seed of a failing round is in its message; set it with the system property. */
class DeviceTreeBlobRandomTest {
    private static final long FIRST_SEED = Long.getLong("hwmailbox.seed", 20_260_101);
    private static final int ROUNDS = 200;
    private static final String NAME_CHARACTERS = "abcdefghijklmnopqrstuvwxyz0123456789,._+-#?*";

    @Test
    @Timeout(60)
    void readsBackEveryRandomTree() {
        eachSeed(random -> {
            DeviceTree tree = randomTree(random);

            byte[] blob = DeviceTreeBlob.write(tree);
            DeviceTree again = DeviceTreeBlob.read(ByteBuffer.wrap(blob));

            assertThat(again).isEqualTo(tree).hasSameHashCodeAs(tree);
            assertThat(again.toString()).isEqualTo(tree.toString());
            assertThat(DeviceTreeBlob.write(again)).isEqualTo(blob);
            assertThat(tree.withRoot(NodeBuilder.from(again.root()).build())).isEqualTo(tree);
        });
    }

    @Test
    @Timeout(60)
    void answersDamagedBlobsWithATreeOrItsOwnException() {
        int[] accepted = {0};
        eachSeed(random -> {
            byte[] blob = DeviceTreeBlob.write(randomTree(random));
            for (int damage = 0; damage < 30; damage++) {
                byte[] damaged = damage(blob, random);
                try {
                    DeviceTree tree = DeviceTreeBlob.read(ByteBuffer.wrap(damaged));
                    DeviceTree again = DeviceTreeBlob.read(ByteBuffer.wrap(DeviceTreeBlob.write(tree)));
                    assertThat(again).isEqualTo(tree);
                    accepted[0]++;
                } catch (DeviceTreeException refusal) {
                    assertThat(refusal.offset()).isBetween(0L, (long) Integer.MAX_VALUE);
                }
            }
        });
        assertThat(accepted[0]).as("some damage is harmless").isPositive().isLessThan(30 * ROUNDS);
    }

    private static byte[] damage(byte[] blob, Random random) {
        byte[] damaged = random.nextInt(10) == 0 ? Arrays.copyOf(blob, random.nextInt(blob.length)) : blob.clone();
        int flips = 1 + random.nextInt(3);
        for (int i = 0; i < flips && damaged.length > 0; i++) {
            // Half of the flips hit the header and the first tokens, where they hurt most.
            int at = random.nextInt(random.nextBoolean() ? damaged.length : Math.min(80, damaged.length));
            damaged[at] ^= (byte) (1 << random.nextInt(8));
        }
        return damaged;
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
        fill(root, random, 1 + random.nextInt(5));
        List<MemoryReservation> reservations = new ArrayList<>();
        for (int i = random.nextInt(3); i > 0; i--) {
            reservations.add(new MemoryReservation(random.nextLong(), random.nextLong() | 1));
        }
        return DeviceTree.of(root.build(), reservations, random.nextInt());
    }

    private static void fill(NodeBuilder node, Random random, int levels) {
        for (int i = random.nextInt(5); i > 0; i--) {
            var value = new byte[random.nextInt(40)];
            random.nextBytes(value);
            node.bytes(randomName(random), value);
        }
        for (int i = levels == 0 ? 0 : random.nextInt(5); i > 0; i--) {
            String unit = random.nextBoolean() ? "@" + Integer.toHexString(random.nextInt()) : "";
            node.child(randomName(random) + unit, child -> fill(child, random, levels - 1));
        }
        if (random.nextInt(4) == 0) {
            node.property("phandle", 1 + random.nextInt(5)).property("text", randomName(random), randomName(random));
        }
    }

    private static String randomName(Random random) {
        var name = new StringBuilder();
        for (int i = 1 + random.nextInt(8); i > 0; i--) {
            name.append(NAME_CHARACTERS.charAt(random.nextInt(NAME_CHARACTERS.length())));
        }
        return name.toString();
    }
}
