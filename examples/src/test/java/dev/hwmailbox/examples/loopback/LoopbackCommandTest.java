// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.loopback;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hwmailbox.examples.CommandLineRun;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class LoopbackCommandTest {
    private static String golden(String name) throws IOException {
        try (InputStream in = Objects.requireNonNull(LoopbackCommandTest.class.getResourceAsStream(name), name)) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    @ParameterizedTest
    @CsvSource({"loopback, loopback-golden.txt", "loopback --shared-memory, shared-memory-golden.txt"})
    void tellsTheSameStoryInEveryRun(String arguments, String golden) throws IOException {
        CommandLineRun run = CommandLineRun.of(arguments.split(" ", -1));

        assertThat(run.err()).isEmpty();
        assertThat(run.exitCode()).isZero();
        assertThat(run.out()).isEqualTo(golden(golden));
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 16, 17, 128})
    void sendsWhatItIsTold(int size) {
        CommandLineRun run = CommandLineRun.of("loopback", "m".repeat(size));

        assertThat(run.exitCode()).isZero();
        assertThat(run.lastLine()).isEqualTo("ok: bytes " + size);
        assertThat(run.out().lines().filter(line -> line.contains("reads: c8"))).hasSize(2 * ((size + 15) / 16));
    }

    @Test
    void countsBytesNotCharacters() {
        assertThat(CommandLineRun.of("loopback", "\u00e9").lastLine()).isEqualTo("ok: bytes 2");
    }

    @Test
    void refusesAMessageThatIsTooLong() {
        CommandLineRun run = CommandLineRun.of("loopback", "m".repeat(129));

        assertThat(run.exitCode()).isEqualTo(2);
        assertThat(run.out()).isEmpty();
        assertThat(run.err()).startsWith("MESSAGE has more than 128 bytes").contains("Usage:");
    }

    @Test
    void helpSaysWhatTheExitCodesMean() {
        CommandLineRun run = CommandLineRun.of("loopback", "--help");

        assertThat(run.exitCode()).isZero();
        assertThat(run.out()).contains("MESSAGE", "--shared-memory", "Exits 0 if everything was as it must be");
    }
}
