// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.boot;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.hwmailbox.examples.CommandLineRun;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(value = 2, unit = TimeUnit.MINUTES)
final class BootCommandTest {
    @Test
    void printsTheSameTimelineInEveryRun() throws IOException {
        CommandLineRun run = CommandLineRun.of("boot");

        assertThat(run.err()).isEmpty();
        assertThat(run.exitCode()).isZero();
        assertThat(run.out()).isEqualTo(golden());
        assertThat(CommandLineRun.of("boot").out()).isEqualTo(run.out());
    }

    @Test
    void readmeShowsTheRealOutput() throws IOException {
        assertThat(Files.readString(Path.of("../README.md"))).contains("$ mvn -q -Pboot package\n" + golden());
    }

    @Test
    void printsTheSameAsJsonLines() throws IOException {
        CommandLineRun run = CommandLineRun.of("boot", "--json");

        assertThat(run.exitCode()).isZero();
        List<String> texts = new ArrayList<>();
        ObjectMapper mapper = new ObjectMapper();
        String[] lines = run.out().split("\n", -1);
        for (String line : lines) {
            if (!line.isEmpty()) {
                JsonNode event = mapper.readTree(line);
                if (event.has("what")) {
                    texts.add(String.format(
                            Locale.ROOT,
                            "%12.3f us  %-6s %s",
                            event.get("time_ns").asLong() / 1000.0,
                            event.get("who").asText(),
                            event.get("what").asText()));
                } else {
                    assertThat(event.get("result").asText()).isEqualTo("ok");
                    assertThat(event.get("messages_sent").asInt()).isEqualTo(1000);
                    assertThat(event.get("messages_received").asInt()).isEqualTo(1000);
                }
            }
        }
        List<String> golden = golden().lines().toList();
        assertThat(texts).isEqualTo(golden.subList(0, golden.size() - 1));
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 8, 255})
    void losesNothingWhateverTheDepth(int depth) {
        CommandLineRun run = CommandLineRun.of("boot", "--depth", Integer.toString(depth));

        assertThat(run.err()).isEmpty();
        assertThat(run.exitCode()).isZero();
        assertThat(run.lastLine()).contains("messages sent 1000", "messages received 1000", "queue depth " + depth);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 8})
    void losesNothingOnThreads(int depth) {
        CommandLineRun run = CommandLineRun.of("boot", "--threads", "--depth", Integer.toString(depth));

        assertThat(run.err()).isEmpty();
        assertThat(run.exitCode()).isZero();
        assertThat(run.lastLine()).startsWith("ok: ").contains("messages sent 1000", "messages received 1000");
    }

    @ParameterizedTest
    @ValueSource(strings = {"--json", "--threads"})
    void restartsThePeerWithItsChannelOpenAndLosesNothing(String how) {
        CommandLineRun run = CommandLineRun.of("boot", "--restart", how);

        assertThat(run.err()).isEmpty();
        assertThat(run.exitCode()).isZero();
        assertThat(run.out().lines().filter(line -> line.contains("closed: its queues are gone")))
                .hasSize(2);
        assertThat(run.out()
                        .lines()
                        .filter(line -> line.contains(" appeared: VM 128, "))
                        .map(line -> line.substring(line.indexOf(" appeared")))
                        .distinct())
                .as("each life has queues of its own")
                .hasSize(2);
        assertThat(run.lastLine()
                        .replaceAll("[\"{}]|result:", "")
                        .replace('_', ' ')
                        .replace(":", " "))
                .contains("ok", "messages sent 2000", "messages received 2000");
    }

    @ParameterizedTest
    @ValueSource(strings = {"0", "256", "-1", "x"})
    void refusesDepthThatNoQueueHas(String depth) {
        CommandLineRun run = CommandLineRun.of("boot", "--depth", depth);

        assertThat(run.exitCode()).isEqualTo(2);
        assertThat(run.err()).contains("--depth");
        assertThat(run.out()).isEmpty();
    }

    @Test
    void refusesMissingFileInOneLine() {
        expectRefusal("no-such-file.dtb", "no-such-file.dtb: no such file");
    }

    @Test
    void refusesDirectoryInOneLine(@TempDir Path directory) {
        CommandLineRun run = CommandLineRun.of("boot", "--dtb", directory.toString());

        assertThat(run.exitCode()).isEqualTo(2);
        assertThat(run.err().strip().lines()).hasSize(1);
    }

    @Test
    void refusesFileThatIsNoBlobInOneLine(@TempDir Path directory) throws IOException {
        Path file = Files.writeString(
                directory.resolve("notes.dtb"), "this is no devicetree, but it is long enough to hold one");

        expectRefusal(file.toString(), "not a flattened devicetree: magic 0x74686973, expected 0xd00dfeed");
    }

    @Test
    void refusesTruncatedBlobInOneLine(@TempDir Path directory) throws IOException {
        byte[] blob = bundled();
        Path file = Files.write(directory.resolve("cut.dtb"), Arrays.copyOf(blob, blob.length - 1));

        expectRefusal(file.toString(), "totalsize 670 does not fit: 669 bytes are there");
    }

    @Test
    void missingSubcommandIsAUsageError() {
        CommandLineRun run = CommandLineRun.of();

        assertThat(run.exitCode()).isEqualTo(2);
        assertThat(run.err()).contains("missing subcommand", "Usage:");
    }

    private static void expectRefusal(String file, String reason) {
        CommandLineRun run = CommandLineRun.of("boot", "--dtb", file);

        assertThat(run.exitCode()).isEqualTo(2);
        assertThat(run.out()).isEmpty();
        assertThat(run.err().strip().lines()).hasSize(1);
        assertThat(run.err()).contains(file, reason);
    }

    private static byte[] bundled() throws IOException {
        try (InputStream in = Objects.requireNonNull(
                BootCommand.class.getResourceAsStream("final-example.dtb"), "final-example.dtb")) {
            return in.readAllBytes();
        }
    }

    private static String golden() throws IOException {
        try (InputStream in = Objects.requireNonNull(
                BootCommandTest.class.getResourceAsStream("boot-golden.txt"), "boot-golden.txt")) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }
}
