// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hwmailbox.testing.VirtualScheduler;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Three VMs start, stop and are reset while interrupts are lost, late or doubled, hypercalls refused, frames lost,
 * repeated or damaged, slots exhausted, calls cancelled or out of time; while the Resource Manager restarts, guests do
 * not read, and the host's controller sleeps and wakes; in random order of whatever is due. Whatever happens:
 *
 * <ul>
 *   <li>Every call ends exactly once, and its answer is the one to its own question.
 *   <li>When all is taken back, no slot, capability, queue, interrupt, VMID or memory parcel is left: the census is
 *       that of the beginning, and a new VM is given the number and interrupts that the first one had.
 *   <li>A message reaches only the VM and the queue it was sent to; between host and guest, only in the life of the
 *       guest it was sent in. (What waits between two guests survives a reset of either: the queue does.)
 *   <li>Messages of a queue arrive in the order of sending, none of them twice.
 *   <li>Whoever survives the end of a VM at the other end of a channel is told exactly once: by the channel's end, or
 *       by PEER_RESET if the queues stay; nothing is heard after the end.
 *   <li>The first request of each life of the Resource Manager has sequence 0.
 *   <li>The server, unless it is to lose replies as the published one, answers every request exactly once.
 * </ul>
 *
 * <p>{@code -Dhwmailbox.seeds=10000} runs more, {@code -Dhwmailbox.seed=N} one alone; both, so many
 * from N on.
 */
final class RmExplorationTest {
    private static final Logger TALLY = LoggerFactory.getLogger("conformance");
    private static final Logger LOG = LoggerFactory.getLogger(RmExplorationTest.class);
    private static final int SEEDS =
            Integer.getInteger("hwmailbox.seeds", Long.getLong("hwmailbox.seed") == null ? 100 : 1);
    private static final int DISTURBANCES = 60;

    /** Violations that are told of in full. */
    private static final int SHOWN = 10;

    @Test
    void whateverGoesWrongNothingIsLostMixedUpOrLeft() {
        Long one = Long.getLong("hwmailbox.seed");
        long first = one == null ? 0 : one;
        long end = first + SEEDS;
        long steps = 0;
        long faults = 0;
        long messages = 0;
        long bound = 0;
        List<Throwable> violations = new ArrayList<>();
        for (long seed = first; seed < end; seed++) {
            try (VirtualScheduler scheduler = VirtualScheduler.exploring(seed)) {
                var world = new ExplorationWorld(seed, scheduler);
                world.run(DISTURBANCES);
                world.close();
                steps += world.steps;
                faults += world.faults();
                messages += world.traffic.messages;
                bound += world.traffic.bound;
            } catch (RuntimeException | AssertionError e) {
                LOG.error("seed {}", seed, e);
                violations.add(new AssertionError("seed " + seed + ": " + e.getMessage(), e));
            }
        }
        TALLY.info(
                "exploration rm: {} seeds, {} steps, {} faults, {} violations",
                SEEDS,
                steps,
                faults,
                violations.size());
        if (!violations.isEmpty()) {
            throw new AssertionError(
                    violations.stream().map(Throwable::getMessage).limit(SHOWN).collect(Collectors.joining("\n")),
                    violations.get(0));
        }
        if (SEEDS > 1) {
            // The stories must not fall asleep.
            assertThat(faults).isGreaterThan(20L * SEEDS);
            assertThat(bound).as("channels").isGreaterThan(SEEDS);
            assertThat(messages).as("messages").isGreaterThan(SEEDS);
        }
    }
}
