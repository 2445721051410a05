// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.story;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hwmailbox.examples.CommandLineRun;
import dev.hwmailbox.examples.machine.VirtualPlatform;
import dev.hwmailbox.examples.timeline.Timeline;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/** The subcommands that tell a story: always the same one, and never a good end where there is none. */
class StoryCommandTest {
    @ParameterizedTest
    @ValueSource(strings = {"gpio", "membuf", "proxy", "serial", "sockets"})
    void tellsTheSameStoryInEveryRun(String name) throws IOException {
        CommandLineRun run = CommandLineRun.of(name);

        assertThat(run.err()).isEmpty();
        assertThat(run.exitCode()).isZero();
        assertThat(run.out()).isEqualTo(golden(name));
        assertThat(run.lastLine()).startsWith("ok: ");
    }

    @ParameterizedTest
    @ValueSource(strings = {"gpio", "membuf", "proxy", "serial", "sockets"})
    void tellsItAsJsonLinesToo(String name) throws IOException {
        CommandLineRun run = CommandLineRun.of(name, "--json");

        assertThat(run.exitCode()).isZero();
        assertThat(run.out().lines()).hasSameSizeAs(golden(name).lines().toList());
        assertThat(run.out().lines())
                .allSatisfy(line -> assertThat(line).startsWith("{\"").endsWith("}"));
        assertThat(run.lastLine()).startsWith("{\"result\":\"ok\",");
    }

    @ParameterizedTest
    @ValueSource(strings = {"gpio", "membuf", "proxy", "serial", "sockets"})
    void refusesWhatItDoesNotKnow(String name) {
        assertThat(CommandLineRun.of(name, "--nonsense").exitCode()).isEqualTo(2);
    }

    private static String golden(String name) throws IOException {
        String resource = "/dev/hwmailbox/examples/%s/%1$s-golden.txt".formatted(name);
        try (InputStream in = Objects.requireNonNull(StoryCommandTest.class.getResourceAsStream(resource), resource)) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    @Command(name = "sad")
    private static final class Sad extends StoryCommand {
        @Override
        protected Map<String, Object> tell(VirtualPlatform platform, Timeline timeline) {
            expect("messages", 1, 1);
            expect("messages", 1, 2);
            platform.time().execute(() -> expect("replies", "none", "some"));
            platform.time().execute(() -> {
                throw new IllegalStateException("out of a callback");
            });
            platform.time().runDue();
            return Map.of();
        }
    }

    @Test
    void aStoryThatIsNotAsItMustBeExitsWithOne() {
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();

        int exitCode = new CommandLine(new Sad())
                .setOut(new PrintWriter(out, true))
                .setErr(new PrintWriter(err, true))
                .execute();

        assertThat(exitCode).isEqualTo(1);
        assertThat(out.toString()).isEmpty();
        assertThat(err.toString().lines())
                .containsExactly(
                        "sad failed: messages: 1, expected 2",
                        "sad failed: replies: none, expected some",
                        "sad failed: thrown: java.lang.IllegalStateException: out of a callback");
    }
}
