// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hwmailbox.controller.TxDoneMethod;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class FlushAndPeekTest {
    private final World world = new World(TxDoneMethod.IRQ);
    private final MailboxChannel channel = world.bind();

    @Test
    void flushCompletesAsOftenAsTheControllerReports() {
        channel.sendMessage("a");
        channel.sendMessage("b");
        world.takeLog();
        world.on("flush", () -> {
            world.hardware().txDone(0);
            world.hardware().txDone(0);
        });

        assertThat(channel.flush(Duration.ofMillis(5))).isZero();

        assertThat(world.log)
                .containsExactly("flush 5000000", "prepare b", "sendData b -> 0", "txDone a 0", "txDone b 0");
    }

    @Test
    void aFailedFlushEndsTheMessageInFlightWithItsResultWhateverTheMethod() {
        for (TxDoneMethod method : TxDoneMethod.values()) {
            var any = new World(method);
            MailboxChannel mine = any.bind();
            mine.sendMessage("a");
            any.takeLog();
            any.driver.flushResult = -Errno.ETIME;

            assertThat(mine.flush(Duration.ZERO)).isEqualTo(-Errno.ETIME);

            assertThat(any.log).containsExactly("flush 0", "txDone a -ETIME");
        }
    }

    @Test
    void aFailedFlushWithNothingInFlightRetriesARefusedMessage() {
        world.driver.sendResults.add(-Errno.EBUSY);
        channel.sendMessage("a");
        world.takeLog();
        world.driver.flushResult = -Errno.EIO;

        channel.flush(Duration.ZERO);

        assertThat(world.log).containsExactly("flush 0", "prepare a", "sendData a -> 0");
    }

    @Test
    void aPositiveResultIsReturnedAsItIs() {
        world.driver.flushResult = 7;

        assertThat(channel.flush(Duration.ZERO)).isEqualTo(7);
    }

    @Test
    void returnsEnotsuppWithoutTheOperation() {
        world.driver.canFlush = false;

        assertThat(channel.flush(Duration.ZERO)).isEqualTo(-Errno.ENOTSUPP);
        assertThat(world.log).isEmpty();
    }

    @Test
    void cutsALongTimeoutAndRefusesANegativeOne() {
        channel.flush(Duration.ofSeconds(Long.MAX_VALUE));

        assertThat(world.log).containsExactly("flush " + Long.MAX_VALUE / 2);
        assertThatThrownBy(() -> channel.flush(Duration.ofMillis(-1))).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void peekDeliversInsideTheCall() {
        world.on("peekData", () -> world.hardware().receivedData("data"));

        assertThat(channel.peekData()).isTrue();
        assertThat(channel.peekData()).isFalse();

        assertThat(world.log).containsExactly("peekData", "rx data", "peekData");
    }

    @Test
    void aClosedChannelStillAsksForData() {
        channel.close();
        MailboxChannel next = world.bind();
        world.on("peekData", () -> world.hardware().receivedData("for the next owner"));

        assertThat(channel.peekData()).isTrue();

        assertThat(world.log).containsExactly("peekData", "rx for the next owner");
        assertThat(next.isClosed()).isFalse();
    }

    @Test
    void nullIsLegalReceivedData() {
        world.hardware().receivedData(null);

        assertThat(world.log).containsExactly("rx null");
    }
}
