// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.console;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class ShellTest {
    private final Shell shell = new Shell(7);

    @ParameterizedTest
    @CsvSource({
        "'',''",
        "'  echo  two  words ','two  words\n'",
        "echo,'\n'",
        "vmid,'7\n'",
        "UNAME,'hwmailbox-guest 0.1\n'",
        "count 2,'1\n2\n'",
        "count 0,''",
        "frobnicate now,'frobnicate: no such command\n'"
    })
    void runsCommands(String line, String output) {
        assertThat(shell.run(line)).isEqualTo(output.replace("\\n", "\n") + "vm7$ ");
        assertThat(shell.isOver()).isFalse();
    }

    @ParameterizedTest
    @CsvSource({"count", "count x", "count -1", "count 10001", "count 99999999999"})
    void refusesToCountWhatItCannot(String line) {
        assertThat(shell.run(line)).startsWith("count: a number up to 10000 is wanted");
    }

    @Test
    void exitIsTheLastCommand() {
        assertThat(shell.run("exit")).isEqualTo("bye\n");
        assertThat(shell.isOver()).isTrue();
    }
}
