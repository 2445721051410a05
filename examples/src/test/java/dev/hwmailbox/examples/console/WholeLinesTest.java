// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.console;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

final class WholeLinesTest {
    private final WholeLines lines = new WholeLines();

    @Test
    void aLineThatComesInPiecesIsGivenWhole() {
        assertThat(lines.add("one\n\ntw")).isEqualTo("one\n\n");
        assertThat(lines.add("")).isEmpty();
        assertThat(lines.add("o\nthree")).isEqualTo("two\n");
    }

    @Test
    void theRestIsGivenOnce() {
        assertThat(lines.add("vm128$ ")).isEmpty();

        assertThat(lines.rest()).isEqualTo("vm128$ ");
        assertThat(lines.rest()).isEmpty();
        assertThat(lines.add("next\n")).isEqualTo("next\n");
    }
}
