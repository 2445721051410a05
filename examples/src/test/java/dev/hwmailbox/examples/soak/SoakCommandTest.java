// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.soak;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hwmailbox.examples.CommandLineRun;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(value = 2, unit = TimeUnit.MINUTES)
final class SoakCommandTest {
    /** Too few for the heap to be judged: classes are loaded, code is compiled. */
    @Test
    void callsAndRestartsGoWell() {
        CommandLineRun run = CommandLineRun.of("soak", "--calls", "500", "--restarts", "40");

        assertThat(run.err()).doesNotContain("message", "census", "channel");
        assertThat(run.out()).contains("40 restarts, 500 calls").contains("14 free slots");
    }

    @Test
    void tooFewRestartsAreRefused() {
        CommandLineRun run = CommandLineRun.of("soak", "--restarts", "19");

        assertThat(run.exitCode()).isEqualTo(2);
        assertThat(run.err()).contains("--restarts must be at least 20");
    }
}
