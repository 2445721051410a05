// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.console;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hwmailbox.examples.CommandLineRun;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
final class ConsoleCommandTest {
    @TempDir
    private Path directory;

    private CommandLineRun play(String script) throws IOException {
        return CommandLineRun.of(
                "console",
                "--script",
                Files.writeString(directory.resolve("script"), script).toString());
    }

    private static String resource(String name) throws IOException {
        try (InputStream in = Objects.requireNonNull(ConsoleCommandTest.class.getResourceAsStream(name), name)) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    @Test
    void playsAScriptTheSameInEveryRun() throws IOException {
        CommandLineRun run = play(resource("tour.txt"));

        assertThat(run.err()).isEmpty();
        assertThat(run.exitCode()).isEqualTo(ConsoleCommand.EXIT_OK);
        assertThat(run.out()).isEqualTo(resource("tour-golden.txt"));
    }

    @Test
    void anExpectationThatIsNotMetIsToldWithWhatTheVmSaidInstead() throws IOException {
        CommandLineRun run = play("# comment\nexpect $\nsend echo one\n\nexpect two\n");

        assertThat(run.exitCode()).isEqualTo(ConsoleCommand.EXIT_MISMATCH);
        assertThat(run.err()).contains("line 5: expected \"two\", but the VM said \"", "one\nvm128$");
    }

    @Test
    void whatWasDroppedIsToldEvenWhenAnExpectationIsNotMet() throws IOException {
        CommandLineRun run = play("expect nope\n");

        assertThat(run.exitCode()).isEqualTo(ConsoleCommand.EXIT_MISMATCH);
        assertThat(run.lastLine()).isEqualTo("--> dropped: 0 bytes of output, 0 bytes typed; reopened 0 times");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "x", "xx", "xxx"})
    void charactersThatFallOnTheBorderOfTwoFramesStayWholeBothWays(String before) throws IOException {
        String text = before + "\u00e9\ud83d\ude00".repeat(60);

        CommandLineRun run = play("expect $\nsend echo " + text + "\nexpect " + text + "\n");

        assertThat(run.exitCode()).as(run.err()).isEqualTo(ConsoleCommand.EXIT_OK);
    }

    @Test
    void whatTheFormerLifeSaidMeetsNoExpectationOfTheNext() throws IOException {
        CommandLineRun run =
                play("expect $\nsend echo before\nexpect before\nsend echo again\nrestart\nexpect again\n");

        assertThat(run.exitCode()).isEqualTo(ConsoleCommand.EXIT_MISMATCH);
        assertThat(run.err()).contains("line 6: expected \"again\"", "hello from VM 128");
    }

    @Test
    void aVmThatWritesMoreThanAnybodyReadsLosesOutputThatIsCounted() throws IOException {
        CommandLineRun run = play("expect $\nsend count 10000\nexpect 10\nsend echo still here\nexpect still here\n");

        assertThat(run.exitCode()).as(run.err()).isEqualTo(ConsoleCommand.EXIT_OK);
        assertThat(run.lastLine()).matches("--> dropped: [1-9]\\d* bytes of output, 0 bytes typed; reopened 0 times");
    }

    @Test
    void whatIsTypedIntoAVmThatHasExitedIsDroppedOrRefusedAndTold() throws IOException {
        CommandLineRun run = play("expect $\nsend exit\nawait-exit\nsend echo anybody\nexpect anybody\n");

        assertThat(run.exitCode()).isEqualTo(ConsoleCommand.EXIT_MISMATCH);
        assertThat(run.err()).contains("line 5: expected \"anybody\"");
    }

    @ParameterizedTest
    @CsvSource({
        "frobnicate, no such step: frobnicate",
        "expect, expect what?",
        "restart now, restart takes no text: now",
        "await-exit please, await-exit takes no text: please"
    })
    void aScriptThatCannotBeReadIsRefusedByItsLine(String line, String why) throws IOException {
        CommandLineRun run = play("send a\n" + line + "\n");

        assertThat(run.exitCode()).isEqualTo(ConsoleCommand.EXIT_INPUT);
        assertThat(run.err()).contains("line 2: " + why);
        assertThat(run.out()).isEmpty();
    }

    @Test
    void aScriptThatIsNotThereIsTold() {
        CommandLineRun run = CommandLineRun.of(
                "console", "--script", directory.resolve("none").toString());

        assertThat(run.exitCode()).isEqualTo(ConsoleCommand.EXIT_INPUT);
        assertThat(run.err()).contains("none: cannot be read");
    }
}
