// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

final class SequencesTest {
    private static final int ALL = 0x10000;

    private final Sequences sequences = new Sequences();

    @Test
    void goRoundAndSkipThoseInUse() {
        int first = sequences.reserve();
        for (int i = 1; i < ALL; i++) {
            assertThat(sequences.reserve()).isEqualTo(i);
            sequences.release(i);
        }

        assertThat(first).isZero();
        assertThat(sequences.reserve()).as("0 is in use").isEqualTo(1);
        sequences.release(first);
        sequences.release(first);
        assertThat(sequences.reserved()).isEqualTo(1);
    }

    @Test
    void startFromZeroAfterARestartWithNoneInUse() {
        sequences.reserve();
        sequences.reserve();

        sequences.restart();

        assertThat(sequences.reserved()).isZero();
        assertThat(sequences.reserve()).isZero();
    }

    @Test
    void areRefusedWhenAllAreInUse() {
        for (int i = 0; i < ALL; i++) {
            sequences.reserve();
        }

        assertThatThrownBy(sequences::reserve).isInstanceOf(IllegalStateException.class);
    }
}
