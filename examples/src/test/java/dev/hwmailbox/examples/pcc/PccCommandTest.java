// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.pcc;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hwmailbox.examples.CommandLineRun;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class PccCommandTest {
    private static String golden() throws IOException {
        try (InputStream in =
                Objects.requireNonNull(PccCommandTest.class.getResourceAsStream("pcc-golden.txt"), "pcc-golden.txt")) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"pcc", "pcc --client-reports"})
    void tellsTheSameStoryInEveryRunWhoeverReports(String arguments) throws IOException {
        CommandLineRun run = CommandLineRun.of(arguments.split(" ", -1));

        assertThat(run.err()).isEmpty();
        assertThat(run.exitCode()).isZero();
        assertThat(run.out()).isEqualTo(golden());
    }

    @Test
    void helpSaysWhatTheExitCodesMean() {
        CommandLineRun run = CommandLineRun.of("pcc", "--help");

        assertThat(run.exitCode()).isZero();
        assertThat(run.out()).contains("--client-reports", "Exits 0 if everything was as it must be, 1 on a mismatch.");
    }
}
