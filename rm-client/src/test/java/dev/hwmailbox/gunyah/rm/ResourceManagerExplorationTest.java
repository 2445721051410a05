// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hwmailbox.Errno;
import dev.hwmailbox.MailboxException;
import dev.hwmailbox.gunyah.rm.protocol.RmMessage;
import dev.hwmailbox.gunyah.rm.protocol.RmMessageId;
import dev.hwmailbox.gunyah.rm.protocol.VmidReply;
import dev.hwmailbox.gunyah.rm.testing.FakeReply;
import dev.hwmailbox.gunyah.rm.testing.ResourceManagerTestBed;
import dev.hwmailbox.testing.Exploration;
import dev.hwmailbox.testing.VirtualScheduler;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Callers, restarts and a channel that goes, in any order that threads could have. */
final class ResourceManagerExplorationTest {
    private static final int SEEDS = 100;
    private static final int CALLERS = 4;
    private static final int NEWS = 0x56100008;
    private static final Set<String> ENDS = Set.of("3", "ECONNRESET", "ESHUTDOWN", "ETIMEDOUT");

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void everyCallEndsOnceAndTheClientGoesOn(boolean overGunyah) {
        int orders = Exploration.run(SEEDS, scheduler -> explore(scheduler, overGunyah));

        assertThat(orders).isGreaterThan(SEEDS / 2);
    }

    private static void explore(VirtualScheduler scheduler, boolean overGunyah) {
        var builder = ResourceManagerTestBed.builder()
                .scheduler(scheduler)
                .options(ResourceManagerOptions.builder().maxOutstanding(2).build());
        List<String> ends = new ArrayList<>();
        List<Integer> generations = new ArrayList<>();
        try (ResourceManagerTestBed bed = (overGunyah ? builder.overGunyah() : builder).build()) {
            bed.fake()
                    .on(RmMessageId.VM_GET_VMID, FakeReply.ok(new VmidReply(3)).after(Duration.ofMillis(1)));
            bed.resourceManager().addListener(recording(generations));
            for (int i = 0; i < CALLERS; i++) {
                scheduler.spawn(() -> ends.add(outcome(bed.resourceManager())));
            }
            scheduler.spawn(bed::restart);
            scheduler.spawn(() -> bed.fake().tell(NEWS, new byte[600]));
            scheduler.spawn(bed::disconnect);
            scheduler.runUntilIdle();

            assertThat(ends).hasSize(CALLERS).allMatch(ENDS::contains);
            assertThat(generations)
                    .isSorted()
                    .last()
                    .isEqualTo(bed.resourceManager().generation());
            assertThat(outcome(bed.resourceManager())).isEqualTo("3");
        }
    }

    private static RmNotificationListener recording(List<Integer> generations) {
        return new RmNotificationListener() {
            @Override
            public void notified(RmMessage notification) {}

            @Override
            public void restarted(int generation) {
                generations.add(generation);
            }
        };
    }

    private static String outcome(ResourceManager client) {
        try {
            return Integer.toString(client.vmid());
        } catch (MailboxException e) {
            return Errno.name(e.errno());
        }
    }
}
