// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hwmailbox.gunyah.hypervisor.SoftwareHypervisor.Census;
import dev.hwmailbox.gunyah.rm.protocol.RmMessage;
import dev.hwmailbox.gunyah.rm.protocol.RmMessageId;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.LongStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Requests at random: each gets exactly one reply, and nobody else notices. The seed is in the name of each case;
 * {@code -Dhwmailbox.seed=N} sets another.
 */
final class HostileGuestTest {
    private static final int REQUESTS = 100_000;
    private static final long DEFAULT_SEED = 20240229;

    /** The guest's own end; it comes by itself if it asks for it, so it is left out. */
    private static final int VM_EXIT = 0x56000085;

    private final List<String> failures = new ArrayList<>();
    private final RmTestBed bed = new RmTestBed(
            new RmServerListener() {
                @Override
                public void reply(int vmid, RmMessage reply, String reason) {
                    if (reason.contains("Exception")) {
                        failures.add(reply + " " + reason);
                    }
                }
            },
            options -> options);
    private final Random random = new Random();
    private final List<Integer> ids = messageIds();
    private final List<Integer> loans = new ArrayList<>();

    static LongStream seeds() {
        return LongStream.of(Long.getLong("hwmailbox.seed", DEFAULT_SEED));
    }

    @ParameterizedTest(name = "seed {0}")
    @MethodSource("seeds")
    void everyRequestOfAGuestGetsOneReplyAndHarmsNobody(long seed) {
        random.setSeed(seed);
        int victim = bed.boot(0, TestTree.minimal().queuePair(1).blob());
        bed.ok(RmTestBed.VM_ALLOC, 4);
        bed.prepare(4, 1, TestTree.minimal().queuePair(2).console().blob());
        bed.ok(RmTestBed.VM_INIT, 4);
        bed.ok(RmTestBed.VM_START, 4);
        for (int i = 0; i < 3; i++) {
            bed.lend(2 + i, 4, victim);
            loans.add(bed.ok(RmMessageId.VM_IRQ_LEND, 4, 70 + i, 0).word());
        }
        RawGuest guest = bed.guest(4);
        Census before = bed.census();
        byte[] resources = bed.ok(RmTestBed.VM_GET_RESOURCES, victim).data();

        Set<Integer> accepted = new TreeSet<>();
        int refused = 0;
        for (int i = 0; i < REQUESTS; i++) {
            int id = randomId();
            byte[] payload = randomPayload(victim);
            if (bed.call(guest, id, payload).error() == 0) {
                accepted.add(id);
            } else {
                refused++;
            }
            if (i % 100 == 0) {
                bed.hostEnd.receive().clear();
            }
        }

        assertThat(failures).isEmpty();
        assertThat(refused).as("refused").isBetween(REQUESTS / 2, REQUESTS - 1);
        assertThat(accepted.stream().map(RmMessageId::name))
                .as("at random the guest gets as far as this")
                .contains("MEM_SHARE", "MEM_ACCEPT", "MEM_RELEASE", "MEM_NOTIFY", "VM_IRQ_ACCEPT", "VM_CONSOLE_WRITE");
        bed.notifications();
        assertThat(bed.state(victim)).isEqualTo(3);
        assertThat(bed.call(bed.guest(victim), RmTestBed.VM_GET_VMID, new byte[0])
                        .word())
                .isEqualTo(victim);
        assertThat(bed.ok(RmTestBed.VM_GET_RESOURCES, victim).data()).isEqualTo(resources);
        assertThat(bed.census()).isEqualTo(before);
    }

    @ParameterizedTest(name = "seed {0}")
    @MethodSource("seeds")
    void everyRequestOfTheHostGetsOneReplyAndTheServerGoesOn(long seed) {
        random.setSeed(seed);
        int vmid = bed.boot(0, TestTree.minimal().console().blob());
        for (int i = 0; i < 3; i++) {
            bed.lend(1 + i, vmid);
            loans.add(bed.ok(RmMessageId.VM_IRQ_LEND, vmid, 70 + i, 0).word());
        }

        for (int i = 0; i < REQUESTS / 5; i++) {
            bed.call(bed.hostEnd, randomId(), randomPayload(vmid));
            bed.notifications.clear();
        }

        assertThat(failures).isEmpty();
        assertThat(bed.ok(RmTestBed.VM_GET_VMID).word()).isEqualTo(RmTestBed.HOST);
    }

    @ParameterizedTest(name = "seed {0}")
    @MethodSource("seeds")
    void framesThatAreNoRequestsAreNotAnswered(long seed) {
        random.setSeed(seed);
        int vmid = bed.boot(0, TestTree.minimal().blob());
        RawGuest guest = bed.guest(vmid);
        for (int i = 0; i < 20_000; i++) {
            byte[] frame = new byte[1 + random.nextInt(240)];
            random.nextBytes(frame);
            if (random.nextBoolean() && frame.length > 1) {
                frame[0] = 0x21;
                frame[1] = (byte) ((frame[1] & ~3) | (random.nextBoolean() ? 2 : 3));
            }
            if (frame.length >= 8 && frame[0] == 0x21 && (frame[1] & 3) <= 1) {
                frame[0] = 0x22;
            }
            guest.sendFrame(frame);
            bed.scheduler.runUntilIdle();
        }

        assertThat(guest.receive()).isEmpty();
        assertThat(bed.call(guest, RmTestBed.VM_GET_VMID, new byte[0]).word()).isEqualTo(vmid);
    }

    private int randomId() {
        int id;
        do {
            id = random.nextInt(10) == 0 ? random.nextInt() : ids.get(random.nextInt(ids.size()));
        } while (id == VM_EXIT || id == 0);
        return id;
    }

    /** Small numbers and the VMIDs there are, so that many requests get past the first check. */
    private byte[] randomPayload(int victim) {
        int[] likely = {0, 1, 2, 3, 4, victim, 255, 0x1000, 0x80000000, 0x80001000, 1 << 16 | victim, 6 << 16 | victim};
        int[] words = new int[random.nextInt(20) == 0 ? random.nextInt(20) : random.nextInt(12)];
        for (int i = 0; i < words.length; i++) {
            words[i] = random.nextInt(8) == 0 ? random.nextInt() : likely[random.nextInt(likely.length)];
        }
        byte[] payload = RmTestBed.words(words);
        return switch (random.nextInt(10)) {
            case 0 -> Arrays.copyOf(payload, random.nextInt(payload.length + 4));
            case 1 -> lend(victim);
            case 2 -> memory();
            case 3 -> interrupt();
            case 4 -> noise();
            default -> payload;
        };
    }

    private byte[] lend(int victim) {
        return RmTestBed.words(
                random.nextInt(3),
                0,
                1,
                victim | random.nextInt(8) << 16,
                1,
                0x80000000 + 0x1000 * random.nextInt(20),
                random.nextInt(2),
                0x1000 * random.nextInt(4),
                0,
                0);
    }

    /** Accepts, releases or announces memory that is lent to the guest, or says something like it. */
    private byte[] memory() {
        int flags = random.nextBoolean() ? 0x80 : random.nextInt(0x100);
        int kind = random.nextBoolean() ? random.nextInt(16) : random.nextInt(3) << 8 | flags << 16;
        int[] words = {random.nextInt(8), kind, 0, 0, 0, 0};
        return RmTestBed.words(Arrays.copyOf(words, random.nextBoolean() ? 6 : 1 + random.nextInt(3)));
    }

    private byte[] interrupt() {
        int[] words = {
            loans.get(random.nextInt(loans.size())),
            random.nextBoolean() ? -1 : 1 << random.nextInt(11),
            random.nextInt(2)
        };
        return RmTestBed.words(Arrays.copyOf(words, 1 + random.nextInt(words.length)));
    }

    private byte[] noise() {
        byte[] bytes = new byte[random.nextInt(600)];
        random.nextBytes(bytes);
        return bytes;
    }

    private static List<Integer> messageIds() {
        List<Integer> ids = new ArrayList<>();
        for (Field field : RmMessageId.class.getFields()) {
            if (Modifier.isStatic(field.getModifiers()) && field.getType() == int.class) {
                try {
                    ids.add(field.getInt(null));
                } catch (IllegalAccessException e) {
                    throw new AssertionError(e);
                }
            }
        }
        assertThat(ids).hasSizeGreaterThan(50);
        return ids;
    }
}
