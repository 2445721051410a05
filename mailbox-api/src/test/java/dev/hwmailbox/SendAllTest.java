// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import ch.qos.logback.classic.Level;
import dev.hwmailbox.controller.TxDoneMethod;
import java.time.Duration;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class SendAllTest {
    private final World world = new World(TxDoneMethod.IRQ);

    @Test
    void queuesAllInOrderAndReturnsTheFirstSlot() {
        MailboxChannel channel = world.bind();
        channel.sendMessage("before");

        assertThat(channel.sendAll(Arrays.asList("a", null, "c"))).isEqualTo(1);
        assertThat(channel.sendMessage("after")).isEqualTo(4);
        IntStream.range(0, 5).forEach(i -> world.hardware().txDone(0));

        assertThat(world.log)
                .filteredOn(entry -> entry.startsWith("txDone"))
                .containsExactly("txDone before 0", "txDone a 0", "txDone null 0", "txDone c 0", "txDone after 0");
    }

    @Test
    void nothingComesInBetweenEvenFromInsideTheFirstAttempt() {
        MailboxChannel channel = world.bind();
        world.on("sendData", () -> channel.sendMessage("intruder"));

        channel.sendAll(List.of("a", "b"));
        IntStream.range(0, 3).forEach(i -> world.hardware().txDone(0));

        assertThat(world.log)
                .filteredOn(entry -> entry.startsWith("sendData"))
                .containsExactly("sendData a -> 0", "sendData b -> 0", "sendData intruder -> 0");
    }

    @Test
    void queuesNothingWhenThereIsNotRoomForAllAndTellsWhenThereIsRoomAgain() {
        MailboxChannel channel = world.bind();
        IntStream.range(0, 20).forEach(channel::sendMessage);
        world.takeLog();

        assertThat(channel.sendAll(List.of("a", "b"))).isEqualTo(-Errno.ENOBUFS);

        assertThat(channel.slotsAvailable()).isEqualTo(1);
        world.hardware().txDone(0);
        assertThat(world.log).endsWith("writable");
        assertThat(channel.sendAll(List.of("a", "b"))).isZero();
    }

    @Test
    void refusesWhatTheQueueCanNeverHoldWithEmsgsize() {
        MailboxChannel channel = world.bind();

        assertThat(channel.sendAll(Collections.nCopies(21, "a"))).isEqualTo(-Errno.EMSGSIZE);
        assertThat(channel.sendAll(Collections.nCopies(20, "a"))).isZero();
    }

    @Test
    void refusesAnEmptyListAndAClosedChannelWithEinval() {
        MailboxChannel channel = world.bind();

        assertThat(channel.sendAll(List.of())).isEqualTo(-Errno.EINVAL);

        channel.close();
        assertThat(channel.sendAll(List.of("a"))).isEqualTo(-Errno.EINVAL);
    }

    @Test
    void isNotTriedAgainBeforeAMessageHasLeft() {
        MailboxChannel channel = world.bind();
        IntStream.range(0, 15).forEach(channel::sendMessage);
        assertThat(channel.sendAll(Collections.nCopies(10, "a"))).isEqualTo(-Errno.ENOBUFS);
        world.takeLog();

        channel.sendMessage("b");
        assertThat(world.takeLog()).isEmpty();

        world.hardware().txDone(0);
        assertThat(world.log).endsWith("txDone 0 0", "writable");
    }

    @Test
    void aBlockingClientWaitsForAll() {
        MailboxChannel channel = world.bind(ClientOptions.blocking(Duration.ofMillis(10)));
        complete(Duration.ofMillis(2), 0, 0, 0);

        assertThat(channel.sendAll(List.of("a", "b", "c"))).isZero();

        assertThat(world.scheduler.elapsed()).isEqualTo(Duration.ofMillis(6));
    }

    @Test
    void aBlockingClientGetsTheFirstNegativeStatus() {
        MailboxChannel channel = world.bind(ClientOptions.blocking(Duration.ofMillis(10)));
        complete(Duration.ofMillis(1), 0, -Errno.EIO, -Errno.EPROTO);

        assertThat(channel.sendAll(List.of("a", "b", "c"))).isEqualTo(-Errno.EIO);
    }

    @Test
    void aBlockingClientGivesUpAllThatIsLeftAfterOneTimeout() {
        MailboxChannel channel = world.bind(ClientOptions.blocking(Duration.ofMillis(10)));
        complete(Duration.ofMillis(4), 0);

        assertThat(channel.sendAll(List.of("a", "b", "c"))).isEqualTo(-Errno.ETIME);

        assertThat(world.scheduler.elapsed()).isEqualTo(Duration.ofMillis(10));
        assertThat(world.log)
                .filteredOn(entry -> entry.startsWith("sendData") || entry.startsWith("txDone"))
                .as("the last is never transmitted")
                .containsExactly("sendData a -> 0", "sendData b -> 0", "txDone a 0", "txDone b -ETIME");
        assertThat(channel.slotsAvailable()).isEqualTo(20);
    }

    @Test
    @SuppressWarnings("FutureReturnValueIgnored") // only fills the queue
    void noneStaysBehindWhenACallbackFailsBadlyWhileOneIsGivenUp() {
        MailboxChannel channel = world.bind(ClientOptions.blocking(Duration.ofMillis(10)));
        IntStream.range(0, 18).forEach(channel::sendMessageAsync);
        world.scheduler
                .timer("another", () -> channel.sendMessageAsync("no room"))
                .arm(1);
        world.on("writable", () -> {
            throw new AssertionError("expected");
        });

        try (var logged = new LogCapture()) {
            assertThat(catchThrowable(() -> channel.sendAll(List.of("a", "b", "c"))))
                    .hasMessage("expected");
            assertThat(logged.at(Level.ERROR)).containsExactly("c/0: writable callback threw");
        }

        assertThat(channel.slotsAvailable()).isEqualTo(3);
    }

    @Test
    void noneStaysBehindWhenTheDriverFailsBadly() {
        MailboxChannel channel = world.bind(ClientOptions.blocking(Duration.ofMillis(10)));
        world.on("sendData", () -> {
            throw new AssertionError("expected");
        });

        assertThat(catchThrowable(() -> channel.sendAll(List.of("a", "b", "c"))))
                .hasMessage("expected");

        assertThat(channel.slotsAvailable()).isEqualTo(MailboxChannel.TX_QUEUE_LENGTH);
        world.log.clear();
        world.hardware().resubmit();
        world.hardware().txDone(0);
        assertThat(world.log).isEmpty();
    }

    /** Has the hardware report one message after the other, each some time after the one before. */
    private void complete(Duration each, int... statuses) {
        for (int i = 0; i < statuses.length; i++) {
            int status = statuses[i];
            world.scheduler
                    .timer("hardware", () -> world.hardware().txDone(status))
                    .arm(each.toNanos() * (i + 1));
        }
    }
}
