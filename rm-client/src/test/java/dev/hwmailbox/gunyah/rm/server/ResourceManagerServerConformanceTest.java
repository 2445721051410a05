// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.Test;

/** The recorded conversations, all of them, without a deviation. */
final class ResourceManagerServerConformanceTest {
    @Test
    void repliesAndNotificationsAreTheRecordedOnes() {
        CallReplay replay = CallReplay.of(RecordedCalls.records());

        assertThat(replay.failures()).isEmpty();
        assertThat(replay.scenarios())
                .containsExactlyInAnyOrder(
                        "query", "alloc", "state", "lifecycle", "exit", "console", "memory", "irq", "status");
        assertThat(replay.records()).isEqualTo(278);
        assertThat(replay.counts())
                .containsExactlyInAnyOrderEntriesOf(Map.of(
                        "call",
                        256,
                        "wait",
                        5,
                        "cause",
                        17,
                        "repeated call",
                        60,
                        "notification",
                        62,
                        "attach",
                        5,
                        "detach",
                        2));
    }
}
