// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatNoException;

import dev.hwmailbox.controller.TxDoneMethod;
import java.util.HashSet;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** How messages move on one channel: queue, submission, completion, refusal. */
class TransmitTest {
    private final World world = new World(TxDoneMethod.IRQ);
    private final MailboxChannel channel = world.bind();

    @Test
    void handsTheFirstMessageOverAtOnceAndQueuesTheNext() {
        assertThat(channel.sendMessage("a")).isZero();
        assertThat(channel.sendMessage("b")).isEqualTo(1);

        assertThat(world.log).containsExactly("prepare a", "sendData a -> 0");
        assertThat(channel.slotsAvailable()).isEqualTo(19);
    }

    @Test
    void submitsTheNextMessageBeforeItReportsTheOneBefore() {
        channel.sendMessage("a");
        channel.sendMessage("b");
        world.takeLog();

        world.hardware().txDone(0);

        assertThat(world.log).containsExactly("prepare b", "sendData b -> 0", "txDone a 0");
    }

    @Test
    void passesTheStatusOnUnchanged() {
        for (int status : new int[] {0, 7, -Errno.EIO, -Errno.ETIME}) {
            channel.sendMessage("m");
            world.takeLog();

            world.hardware().txDone(status);

            assertThat(world.log).containsExactly("txDone m " + World.name(status));
        }
    }

    @Test
    @DisplayName("D16 treats null as a message")
    void treatsNullAsAMessage() {
        channel.sendMessage(null);
        channel.sendMessage(null);
        world.hardware().txDone(0);
        world.hardware().txDone(0);

        assertThat(world.log)
                .containsExactly(
                        "prepare null",
                        "sendData null -> 0",
                        "prepare null",
                        "sendData null -> 0",
                        "txDone null 0",
                        "txDone null 0");
    }

    @Test
    void queuesTheSameMessageAsOftenAsItIsSent() {
        channel.sendMessage("a");
        channel.sendMessage("a");
        world.hardware().txDone(0);
        world.hardware().txDone(0);

        assertThat(world.log).filteredOn("txDone a 0"::equals).hasSize(2);
    }

    @Test
    void takesTwentyOneMessagesAndReturnsEnobufsForTheNext() {
        IntStream.range(0, 21).forEach(i -> assertThat(channel.sendMessage(i)).isEqualTo(i % 20));

        assertThat(channel.sendMessage("too many")).isEqualTo(-Errno.ENOBUFS);
        assertThat(channel.slotsAvailable()).isZero();
    }

    @Test
    void takesTwentyMessagesWhileTheControllerRefuses() {
        IntStream.range(0, 20).forEach(i -> {
            world.driver.sendResults.add(-Errno.EBUSY);
            assertThat(channel.sendMessage(i)).isEqualTo(i);
        });

        assertThat(channel.sendMessage("too many")).isEqualTo(-Errno.ENOBUFS);
    }

    @Test
    void numbersSlotsRoundTheRingAndFromZeroAfterRebinding() {
        for (int i = 0; i < 45; i++) {
            assertThat(channel.sendMessage(i)).isEqualTo(i % 20);
            world.hardware().txDone(0);
        }
        channel.close();

        assertThat(world.bind().sendMessage("first")).isZero();
    }

    @Test
    @DisplayName("D12 uses the ring length of the controller")
    void usesTheRingLengthOfTheController() {
        var small = new World(builder -> builder.txDoneMethod(TxDoneMethod.IRQ).ringLength(2));
        MailboxChannel narrow = small.bind();

        assertThat(IntStream.range(0, 4).map(narrow::sendMessage)).containsExactly(0, 1, 0, -Errno.ENOBUFS);
    }

    @Test
    @DisplayName("D12 tells once that there is room again")
    void tellsOnceThatThereIsRoomAgain() {
        IntStream.range(0, 21).forEach(channel::sendMessage);
        channel.sendMessage("no");
        channel.sendMessage("no");
        world.takeLog();

        world.hardware().txDone(0);
        world.hardware().txDone(0);

        assertThat(world.log)
                .containsExactly(
                        "prepare 1",
                        "sendData 1 -> 0",
                        "txDone 0 0",
                        "writable",
                        "prepare 2",
                        "sendData 2 -> 0",
                        "txDone 1 0");
    }

    @Test
    void doesNotTellOfRoomThatNobodyMissed() {
        IntStream.range(0, 21).forEach(channel::sendMessage);
        world.hardware().txDone(0);

        assertThat(world.log).doesNotContain("writable");
    }

    @Test
    @DisplayName("D13 keeps a refused message the oldest and retries it on the next send")
    void keepsARefusedMessageTheOldestAndRetriesItOnTheNextSend() {
        world.driver.sendResults.add(-Errno.EBUSY);
        channel.sendMessage("a");
        channel.sendMessage("b");

        assertThat(world.log)
                .containsExactly(
                        "prepare a", "sendData a -> -EBUSY", "refused a -EBUSY", "prepare a", "sendData a -> 0");
    }

    @Test
    void treatsAnyAnswerButZeroAsARefusal() {
        for (int answer : new int[] {-Errno.EAGAIN, -Errno.EIO, 1}) {
            world.driver.sendResults.add(answer);
            channel.sendMessage("a");
            assertThat(world.takeLog()).contains("refused a " + World.name(answer));
            world.hardware().resubmit();
            world.hardware().txDone(0);
            world.takeLog();
        }
    }

    @Test
    void retriesARefusedMessageOnACompletionWithNothingInFlight() {
        world.driver.sendResults.add(-Errno.EBUSY);
        channel.sendMessage("a");
        world.takeLog();

        world.hardware().txDone(0);

        assertThat(world.log).containsExactly("prepare a", "sendData a -> 0");
    }

    @Test
    @DisplayName("D13 retries a refused message when the controller asks for it")
    void retriesARefusedMessageWhenTheControllerAsksForIt() {
        world.driver.sendResults.add(-Errno.EBUSY);
        channel.sendMessage("a");
        world.takeLog();

        world.hardware().resubmit();
        world.hardware().resubmit();

        assertThat(world.log).containsExactly("prepare a", "sendData a -> 0");
    }

    @Test
    void reportsTheMessageBeforeAlthoughTheNextIsRefused() {
        channel.sendMessage("a");
        channel.sendMessage("b");
        world.driver.sendResults.add(-Errno.EBUSY);
        world.takeLog();

        world.hardware().txDone(0);

        assertThat(world.log).containsExactly("prepare b", "sendData b -> -EBUSY", "refused b -EBUSY", "txDone a 0");
    }

    @Test
    void completesWhateverIsInFlightWithoutATransmissionNumber() {
        channel.sendMessage("a");
        channel.sendMessage("b");
        world.hardware().txDone(0);
        world.hardware().txDone(-Errno.EIO);

        assertThat(world.log).contains("txDone a 0", "txDone b -EIO");
    }

    @Test
    void ignoresACompletionWhoseTransmissionIsNotInFlight() {
        channel.sendMessage("a");
        long first = world.driver.lastTxId();
        channel.sendMessage("b");
        world.hardware().txDone(first, 0);
        world.takeLog();

        world.hardware().txDone(first, -Errno.EIO);
        assertThat(world.log).isEmpty();

        world.hardware().txDone(world.driver.lastTxId(), 0);
        assertThat(world.log).containsExactly("txDone b 0");
    }

    @Test
    void aLateCompletionWithItsNumberDoesNotRetryARefusedMessage() {
        channel.sendMessage("a");
        world.hardware().txDone(0);
        world.driver.sendResults.add(-Errno.EBUSY);
        channel.sendMessage("b");
        world.takeLog();

        world.hardware().txDone(world.driver.txIds.get(0), 0);
        world.hardware().txDone(world.driver.lastTxId(), 0);

        assertThat(world.log).isEmpty();
    }

    @Test
    void neverUsesATransmissionNumberTwiceOnAChannel() {
        for (int owner = 0; owner < 3; owner++) {
            MailboxChannel mine = owner == 0 ? channel : world.bind();
            world.driver.sendResults.add(-Errno.EBUSY);
            mine.sendMessage("a");
            mine.sendMessage("b");
            mine.close();
        }

        assertThat(world.driver.txIds).hasSize(6).allMatch(id -> id > 0);
        assertThat(new HashSet<>(world.driver.txIds)).hasSize(6);
    }

    @Test
    void namesTheChannelByControllerAndIndex() {
        assertThat(channel).hasToString("c/0");
        assertThat(world.hardware()).hasToString("c/0");
    }

    @Test
    void aReportByAnotherThreadDuringARefusedAttemptIsWorthOneMoreAttempt() {
        List<Runnable> reports =
                List.of(() -> world.hardware().txDone(0), () -> world.hardware().txDone(world.driver.lastTxId(), 0));
        for (Runnable report : reports) {
            var other = new Workers();
            world.takeLog();
            world.driver.sendResults.add(-Errno.EBUSY);
            world.on("sendData", () -> {
                other.start(report::run);
                assertThatNoException().isThrownBy(other::join);
            });

            channel.sendMessage("a");

            assertThat(world.log)
                    .containsExactly(
                            "prepare a", "sendData a -> -EBUSY", "refused a -EBUSY", "prepare a", "sendData a -> 0");
            world.hardware().txDone(0);
            other.close();
        }
    }
}
