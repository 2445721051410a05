// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hwmailbox.controller.TxDoneMethod;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Sends that wait, in virtual time, with a timeout of 10 ms. */
class BlockingSendTest {
    private static final ClientOptions TEN_MILLIS = ClientOptions.blocking(Duration.ofMillis(10));

    private final World world = new World(TxDoneMethod.IRQ);
    private final MailboxChannel channel = world.bind(TEN_MILLIS);
    private final List<String> results = new ArrayList<>();

    @AfterEach
    void endThreads() {
        world.close();
    }

    private void after(long millis, Runnable event) {
        world.scheduler.timer("test", event).arm(Duration.ofMillis(millis).toNanos());
    }

    private void spawnSend(Object message) {
        world.scheduler.spawn(() -> results.add(message + " " + World.name(channel.sendMessage(message))));
    }

    private Duration elapsed() {
        return world.scheduler.elapsed();
    }

    @Test
    void returnsTheSlotWhenTheMessageIsReported() {
        after(3, () -> world.hardware().txDone(0));

        assertThat(channel.sendMessage("a")).isZero();

        assertThat(elapsed()).isEqualTo(Duration.ofMillis(3));
        assertThat(world.log).containsExactly("prepare a", "sendData a -> 0", "txDone a 0");
    }

    @Test
    void returnsANegativeStatus() {
        after(3, () -> world.hardware().txDone(-Errno.EIO));

        assertThat(channel.sendMessage("a")).isEqualTo(-Errno.EIO);
    }

    @Test
    void takesAPositiveStatusForSuccess() {
        after(3, () -> world.hardware().txDone(5));

        assertThat(channel.sendMessage("a")).isZero();
    }

    @Test
    void returnsEtimeAndReportsTheMessageInFlightWithIt() {
        assertThat(channel.sendMessage("a")).isEqualTo(-Errno.ETIME);

        assertThat(elapsed()).isEqualTo(Duration.ofMillis(10));
        assertThat(world.log).containsExactly("prepare a", "sendData a -> 0", "txDone a -ETIME");
    }

    @Test
    @DisplayName("D11 waits forever only if told to")
    void waitsForeverOnlyIfToldTo() {
        MailboxChannel patient = world.bind(1, ClientOptions.blocking(ClientOptions.NO_TIMEOUT));
        world.scheduler
                .timer("hardware", () -> world.controller.channel(1).txDone(0))
                .arm(Duration.ofDays(1000).toNanos());

        assertThat(patient.sendMessage("a")).isZero();

        assertThat(elapsed()).isEqualTo(Duration.ofDays(1000));
    }

    @Test
    void aReportExactlyAtTheDeadlineCounts() {
        after(10, () -> world.hardware().txDone(0));

        assertThat(channel.sendMessage("a")).isZero();
    }

    @Test
    @DisplayName("D9 an etime reported by the controller wakes the sender at once")
    void anEtimeReportedByTheControllerWakesTheSenderAtOnce() {
        after(1, () -> world.hardware().txDone(-Errno.ETIME));

        assertThat(channel.sendMessage("a")).isEqualTo(-Errno.ETIME);

        assertThat(elapsed()).isEqualTo(Duration.ofMillis(1));
    }

    @Test
    void aTimeoutOfZeroIsOneHour() {
        var patient = new World(TxDoneMethod.IRQ);

        assertThat(patient.bind(ClientOptions.blocking(Duration.ZERO)).sendMessage("a"))
                .isEqualTo(-Errno.ETIME);

        assertThat(patient.scheduler.elapsed()).isEqualTo(Duration.ofHours(1));
    }

    @Test
    @DisplayName("D2 a late report of a timed out message does not touch the next")
    void aLateReportOfATimedOutMessageDoesNotTouchTheNext() {
        channel.sendMessage("a");
        long late = world.driver.lastTxId();
        after(1, () -> world.hardware().txDone(late, -Errno.EIO));
        after(2, () -> world.hardware().txDone(world.driver.lastTxId(), 0));

        assertThat(channel.sendMessage("b")).isEqualTo(1);
    }

    @Test
    @DisplayName("D3 a timed out message that was refused leaves the queue unreported")
    void aTimedOutMessageThatWasRefusedLeavesTheQueueUnreported() {
        world.driver.sendResults.add(-Errno.EBUSY);

        assertThat(channel.sendMessage("a")).isEqualTo(-Errno.ETIME);

        assertThat(world.takeLog()).containsExactly("prepare a", "sendData a -> -EBUSY", "refused a -EBUSY");
        assertThat(channel.slotsAvailable()).isEqualTo(20);
        world.hardware().txDone(0);
        assertThat(world.log).isEmpty();
    }

    @Test
    void slotNumbersGoOnAfterATimedOutMessageWasRemoved() {
        world.driver.sendResults.add(-Errno.EBUSY);
        channel.sendMessage("a");
        after(1, () -> world.hardware().txDone(0));

        assertThat(channel.sendMessage("b")).isEqualTo(1);
    }

    @Test
    void theNextMessageIsSubmittedWhenATimedOutHeadIsRemoved() {
        world.driver.sendResults.add(-Errno.EBUSY);
        spawnSend("a");
        world.scheduler.advance(Duration.ofMillis(5));
        world.driver.sendResults.add(-Errno.EBUSY);
        spawnSend("b");
        world.takeLog();

        world.scheduler.advance(Duration.ofMillis(5));

        assertThat(world.log).containsExactly("prepare b", "sendData b -> 0");
        world.hardware().txDone(0);
        world.scheduler.runWoken();
        assertThat(results).containsExactly("a -ETIME", "b 1");
    }

    @Test
    @DisplayName("D1 a timeout takes out its own message only and keeps the order of the others")
    void aTimeoutTakesOutItsOwnMessageOnlyAndKeepsTheOrderOfTheOthers() {
        spawnSend("flying");
        world.scheduler.advance(Duration.ofMillis(5));
        world.hardware().txDone(0);
        world.scheduler.runWoken();
        spawnSend("first");
        spawnSend("second");
        world.scheduler.advance(Duration.ofMillis(6));
        spawnSend("third");
        world.hardware().txDone(world.driver.lastTxId(), 0);
        world.scheduler.runWoken();
        assertThat(results).containsExactly("flying 0", "first 1");

        world.scheduler.advance(Duration.ofMillis(4));
        assertThat(results).endsWith("second -ETIME");

        world.hardware().txDone(0);
        world.scheduler.runWoken();
        assertThat(results).endsWith("third 3");
    }

    @Test
    void aTimedOutMessageInTheMiddleOfTheQueueIsNeverTransmitted() {
        var others = new World(TxDoneMethod.IRQ);
        MailboxChannel patient = others.bind(ClientOptions.blocking(Duration.ofMillis(10)));
        for (String message : List.of("a", "b", "c", "d")) {
            others.scheduler.spawn(() -> results.add(message + " " + World.name(patient.sendMessage(message))));
            others.scheduler.advance(Duration.ofMillis(1));
        }
        others.scheduler.advance(Duration.ofMillis(5));
        others.hardware().txDone(0); // a, at 9 ms: b is in flight
        others.scheduler.advance(Duration.ofMillis(2)); // b ends at 11 ms: c is in flight
        others.hardware().txDone(0);
        others.scheduler.advance(Duration.ofMillis(20));

        assertThat(results).containsExactly("a 0", "b -ETIME", "c 2", "d -ETIME");
        assertThat(others.log)
                .filteredOn(entry -> entry.startsWith("txDone"))
                .containsExactly("txDone a 0", "txDone b -ETIME", "txDone c 0", "txDone d -ETIME");
        others.close();
    }

    @Test
    @DisplayName("D1 each sender gets the status of its own message")
    void eachSenderGetsTheStatusOfItsOwnMessage() {
        spawnSend("a");
        spawnSend("b");
        world.hardware().txDone(-Errno.EIO);
        world.hardware().txDone(0);
        world.scheduler.runWoken();

        assertThat(results).containsExactly("a -EIO", "b 1");
    }

    @Test
    void theClientIsToldBeforeTheSenderGoesOn() {
        spawnSend("a");
        world.on("txDone", () -> {
            world.scheduler.runWoken();
            assertThat(results).isEmpty();
        });

        world.hardware().txDone(0);
        world.scheduler.runWoken();

        assertThat(results).containsExactly("a 0");
    }

    @Test
    @DisplayName("D8 returns eshutdown when the channel is closed")
    void returnsEshutdownWhenTheChannelIsClosed() {
        spawnSend("flying");
        spawnSend("queued");
        spawnSend("queued too");
        world.scheduler.advance(Duration.ofMillis(2));
        world.takeLog();

        channel.close();
        world.scheduler.runWoken();

        assertThat(results).containsExactly("flying -ESHUTDOWN", "queued -ESHUTDOWN", "queued too -ESHUTDOWN");
        assertThat(world.log).containsExactly("shutdown", "event ABANDONED", "event CLOSED");
        world.scheduler.advance(Duration.ofMillis(20));
        assertThat(world.log).hasSize(3);
    }

    @Test
    @DisplayName("D8 returns eshutdown when the controller is unregistered")
    void returnsEshutdownWhenTheControllerIsUnregistered() {
        var registry = new Mailboxes();
        registry.register(new World(TxDoneMethod.IRQ).controller);
        var other = new World(TxDoneMethod.IRQ);
        registry.register(other.controller);
        MailboxChannel mine = other.bind(TEN_MILLIS);
        other.scheduler
                .timer("unregister", registry::close)
                .arm(Duration.ofMillis(4).toNanos());

        assertThat(mine.sendMessage("a")).isEqualTo(-Errno.ESHUTDOWN);

        assertThat(other.scheduler.elapsed()).isEqualTo(Duration.ofMillis(4));
    }

    @Test
    void returnsEshutdownIfTheChannelIsClosedInsideItsOwnAttempt() {
        world.on("sendData", channel::close);

        assertThat(channel.sendMessage("a")).isEqualTo(-Errno.ESHUTDOWN);

        assertThat(elapsed()).isZero();
        assertThat(world.log)
                .containsExactly("prepare a", "sendData a -> 0", "shutdown", "event ABANDONED", "event CLOSED");
    }

    @Test
    void returnsEinvalAtOnceOnAClosedChannel() {
        channel.close();

        assertThat(channel.sendMessage("a")).isEqualTo(-Errno.EINVAL);
        assertThat(elapsed()).isZero();
    }

    @Test
    void returnsEnobufsAtOnceWhenTheQueueIsFull() {
        for (int i = 0; i < 21; i++) {
            spawnSend(i);
        }

        assertThat(channel.sendMessage("too many")).isEqualTo(-Errno.ENOBUFS);
        assertThat(elapsed()).isZero();
    }

    @Test
    void anInterruptEndsTheWaitWithEintrAndKeepsTheFlag() {
        after(3, Thread.currentThread()::interrupt);

        assertThat(channel.sendMessage("a")).isEqualTo(-Errno.EINTR);

        assertThat(Thread.interrupted()).isTrue();
        assertThat(elapsed()).isEqualTo(Duration.ofMillis(3));
        assertThat(world.log).endsWith("txDone a -EINTR");
    }

    @Test
    void worksOnAPolledChannel() {
        var polled = new World(TxDoneMethod.POLL);
        polled.driver.lastTxDoneResults.addAll(List.of(false, false));

        assertThat(polled.bind(TEN_MILLIS).sendMessage("a")).isZero();

        assertThat(polled.scheduler.elapsed()).isEqualTo(Duration.ofMillis(4));
    }

    @Test
    void aTimeoutDuringTheAttemptOfAnotherThreadEndsTheMessageOnceItIsAccepted() {
        world.driver.sendResults.add(-Errno.EBUSY);
        spawnSend("a");
        world.takeLog();
        // The driver takes its time over the second attempt, which another thread makes, and the sender gives up
        // meanwhile.
        world.on(
                "sendData",
                () -> world.scheduler.await(
                        new Completion(), Duration.ofMillis(20).toNanos()));

        world.hardware().resubmit();

        assertThat(results).containsExactly("a -ETIME");
        assertThat(world.log).containsExactly("prepare a", "sendData a -> 0", "txDone a -ETIME");
    }

    @Test
    void aTimeoutDuringTheAttemptOfAnotherThreadRemovesTheMessageIfItIsRefused() {
        world.driver.sendResults.addAll(List.of(-Errno.EBUSY, -Errno.EBUSY));
        spawnSend("a");
        world.on(
                "sendData",
                () -> world.scheduler.await(
                        new Completion(), Duration.ofMillis(20).toNanos()));
        world.takeLog();

        world.hardware().resubmit();

        assertThat(results).containsExactly("a -ETIME");
        assertThat(world.log).containsExactly("prepare a", "sendData a -> -EBUSY", "refused a -EBUSY");
        assertThat(channel.slotsAvailable()).isEqualTo(20);
    }

    @Test
    void aTimeoutDuringTheReportByAnotherThreadReturnsTheReportedStatus() {
        spawnSend("a");
        world.on(
                "txDone",
                () -> world.scheduler.await(
                        new Completion(), Duration.ofMillis(20).toNanos()));

        world.hardware().txDone(0);

        assertThat(results).containsExactly("a 0");
        assertThat(world.log).filteredOn(entry -> entry.startsWith("txDone")).containsExactly("txDone a 0");
    }

    @Test
    void aReportByAnotherThreadDuringARefusedAttemptIsWorthOneMoreAttempt() {
        world.driver.sendResults.addAll(List.of(-Errno.EBUSY, -Errno.EBUSY));
        // The driver lets another thread in, which reports although nothing is in flight yet.
        world.on("sendData", () -> world.scheduler.spawn(() -> world.hardware().txDone(0)));

        assertThat(channel.sendMessage("a")).isEqualTo(-Errno.ETIME);

        assertThat(world.log)
                .filteredOn(entry -> entry.startsWith("sendData"))
                .containsExactly("sendData a -> -EBUSY", "sendData a -> -EBUSY");
    }

    @Test
    void aSendByAnotherThreadDuringARefusedAttemptIsWorthOneMoreAttempt() {
        world.driver.sendResults.add(-Errno.EBUSY);
        world.on("sendData", () -> spawnSend("b"));
        after(1, () -> world.hardware().txDone(0));
        after(2, () -> world.hardware().txDone(0));

        assertThat(channel.sendMessage("a")).isZero();
        world.scheduler.advance(Duration.ofMillis(5));

        assertThat(results).containsExactly("b 1");
    }

    @Test
    void aReportByAnotherThreadDuringAReportWaitsForItsTurn() {
        spawnSend("a");
        spawnSend("b");
        world.takeLog();
        world.on("txDone", () -> {
            world.scheduler.spawn(() -> world.hardware().txDone(0));
            world.log.add("end of report a");
        });

        world.hardware().txDone(0);
        world.scheduler.runWoken();

        assertThat(world.log)
                .containsExactly("prepare b", "sendData b -> 0", "txDone a 0", "end of report a", "txDone b 0");
        assertThat(results).containsExactly("a 0", "b 1");
    }
}
