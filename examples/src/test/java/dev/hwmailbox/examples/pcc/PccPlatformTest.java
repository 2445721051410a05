// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.pcc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hwmailbox.Errno;
import dev.hwmailbox.examples.pcc.PccSubspace.Role;
import dev.hwmailbox.examples.pcc.PccSubspace.Trigger;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The machine in memory, and the rows of its table. */
final class PccPlatformTest {
    private static final int LINE = 3;

    private final PccPlatform platform =
            new PccPlatform(PccBed.MEMORY, PccBed.MEMORY_SIZE, PccBed.TABLE, Runnable::run);
    private final List<String> log = new ArrayList<>();

    private PccHardware.InterruptHandler handler(String name) {
        return () -> log.add(name);
    }

    @ParameterizedTest
    @CsvSource({"0, 1024, true", "1023, 1, true", "0, 1025, false", "1023, 2, false", "-1, 1, false", "1024, 1, false"})
    void mapsWhatLiesInTheMemory(long offset, int size, boolean mapped) {
        ByteBuffer window = platform.map(PccBed.MEMORY + offset, size);

        assertThat(window != null).isEqualTo(mapped);
        assertThat(platform.mapped()).hasSize(mapped ? 1 : 0);
    }

    @Test
    void mappingsShareTheMemory() {
        ByteBuffer one = Objects.requireNonNull(platform.map(PccBed.MEMORY, 8));
        ByteBuffer other = Objects.requireNonNull(platform.map(PccBed.MEMORY + 4, 4));

        other.putInt(0, 42);

        assertThat(one.getInt(4)).isEqualTo(42);
        platform.unmap(PccBed.MEMORY);
        assertThat(platform.mapped()).containsExactly(PccBed.MEMORY + 4);
    }

    @ParameterizedTest
    @CsvSource({"true, true, 0", "true, false, EBUSY", "false, true, EBUSY", "false, false, EBUSY"})
    void aLineIsSharedOnlyIfBothWantIt(boolean first, boolean second, String expected) {
        assertThat(platform.requestInterrupt(LINE, first, handler("first"))).isZero();

        int result = platform.requestInterrupt(LINE, second, handler("second"));

        assertThat(result == 0 ? "0" : Errno.name(result)).isEqualTo(expected);
        assertThat(platform.handlers(LINE)).isEqualTo(result == 0 ? 2 : 1);
    }

    @Test
    void aLineThatWasFreedCanBeHadInAnyWay() {
        PccHardware.InterruptHandler first = handler("first");
        platform.requestInterrupt(LINE, true, first);
        platform.freeInterrupt(LINE, first);
        platform.freeInterrupt(LINE, first);

        assertThat(platform.requestInterrupt(LINE, false, handler("second"))).isZero();
    }

    @Test
    void runsOfALineNeverOverlap() {
        platform.requestInterrupt(PccBed.OWN_LINE, false, () -> {
            platform.acknowledgeInterrupt(2);
            log.add("begins");
            if (log.size() < 5) {
                platform.complete(2, 0);
            }
            return log.add("ends");
        });

        platform.complete(2, 0);

        assertThat(log).containsExactly("begins", "ends", "begins", "ends", "begins", "ends");
    }

    @Test
    void aHandlerThatDoesNotAcknowledgeIsCalledOnce() {
        platform.requestInterrupt(PccBed.OWN_LINE, false, handler("called"));

        platform.complete(2, 0);

        assertThat(log).containsExactly("called");
        assertThat(platform.unclaimed()).isZero();
    }

    @Test
    void anInterruptWaitsForSomebodyToHearIt() {
        platform.complete(2, 0);

        platform.requestInterrupt(PccBed.OWN_LINE, false, handler("called"));

        assertThat(log).containsExactly("called");
    }

    @Test
    void anInterruptThatWasAcknowledgedIsNotHeard() {
        platform.complete(2, 0);
        platform.acknowledgeInterrupt(2);

        platform.requestInterrupt(PccBed.OWN_LINE, false, handler("called"));

        assertThat(log).isEmpty();
    }

    @Test
    void neighboursAreServedWhateverOneOfThemThrows() {
        platform.requestInterrupt(PccBed.SHARED_LINE, true, () -> {
            throw new AssertionError("thrown by the first");
        });
        platform.requestInterrupt(PccBed.SHARED_LINE, true, handler("second"));

        assertThatThrownBy(() -> platform.complete(0, 0)).hasMessage("thrown by the first");
        assertThatThrownBy(() -> platform.complete(1, 0)).hasMessage("thrown by the first");

        assertThat(log).containsExactly("second", "second");
    }

    @Test
    void anErrorIsThereOnce() {
        platform.complete(0, -Errno.EIO);

        assertThat(platform.takeError(0)).isEqualTo(-Errno.EIO);
        assertThat(platform.takeError(0)).isZero();
    }

    @Test
    void describesItself() {
        assertThat(platform).hasToString("6 subspaces, 1024 bytes of memory at 0xffff0000");
    }

    @ParameterizedTest
    @CsvSource({"0, 0, 0, 0", "1, -1, 0, 0", "1, 0, -1, 0", "1, 0, 0, -1"})
    void aRowMakesSense(int windowSize, long latency, int maxRequestRate, long minTurnaround) {
        assertThatThrownBy(() -> new PccSubspace(
                        Role.INITIATOR,
                        PccBed.MEMORY,
                        windowSize,
                        LINE,
                        Trigger.EDGE,
                        Duration.ofNanos(latency),
                        maxRequestRate,
                        Duration.ofNanos(minTurnaround)))
                .isInstanceOf(IllegalArgumentException.class);
    }
}
