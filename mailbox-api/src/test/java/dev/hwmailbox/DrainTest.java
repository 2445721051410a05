// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.hwmailbox.controller.TxDoneMethod;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Closing that waits for what is on its way, in virtual time. */
class DrainTest {
    private static final Duration SECOND = Duration.ofSeconds(1);

    private final World world = new World(TxDoneMethod.IRQ);
    private final MailboxChannel channel = world.bind();
    private final List<Integer> results = new ArrayList<>();

    private void drain() {
        results.add(channel.close(CloseMode.DRAIN, SECOND));
    }

    private void drainOnAnotherThread() {
        world.scheduler.spawn(this::drain);
        world.scheduler.runDue();
    }

    private void sent() {
        world.hardware().txDone(0);
        world.scheduler.runWoken();
    }

    @Test
    void closesAtOnceAChannelAtRest() {
        drain();

        assertThat(results).containsExactly(0);
        assertThat(world.takeLog()).containsExactly("shutdown", "event CLOSED");
        assertThat(world.scheduler.elapsed()).isZero();
        assertThat(world.hardware().isBound()).isFalse();
    }

    @Test
    void waitsForTheMessageInFlightAndThoseBehindIt() {
        channel.sendMessage("flying");
        channel.sendMessage("queued");
        world.takeLog();

        drainOnAnotherThread();
        sent();
        assertThat(results).isEmpty();
        assertThat(channel.isClosed()).isFalse();
        sent();

        assertThat(results).containsExactly(0);
        assertThat(world.takeLog())
                .containsExactly(
                        "prepare queued",
                        "sendData queued -> 0",
                        "txDone flying 0",
                        "txDone queued 0",
                        "shutdown",
                        "event CLOSED");
    }

    @Test
    void waitsForTheReportToLeaveTheClient() {
        List<Boolean> closedInside = new ArrayList<>();
        channel.sendMessage("a");
        drainOnAnotherThread();
        world.on("txDone", () -> {
            world.scheduler.runDue();
            closedInside.add(channel.isClosed());
        });

        sent();

        assertThat(closedInside).containsExactly(false);
        assertThat(results).containsExactly(0);
    }

    @Test
    void waitsForARefusedMessageUntilTheDriverTakesIt() {
        world.driver.sendResults.add(-Errno.EAGAIN);
        channel.sendMessage("refused");
        drainOnAnotherThread();

        world.hardware().resubmit();
        assertThat(results).isEmpty();
        sent();

        assertThat(results).containsExactly(0);
    }

    @Test
    void closesOverTheRestWhenAStalledPeerDoesNotTakeItInTime() {
        channel.sendMessage("flying");
        channel.sendMessage("queued");
        world.takeLog();

        drain();

        assertThat(results).containsExactly(-Errno.ETIME);
        assertThat(world.scheduler.elapsed()).isEqualTo(SECOND);
        assertThat(world.takeLog()).containsExactly("shutdown", "event ABANDONED", "event CLOSED");
    }

    @Test
    void doesNotWaitWithoutTimeButStillCloses() {
        channel.sendMessage("flying");

        assertThat(channel.close(CloseMode.DRAIN, Duration.ZERO)).isEqualTo(-Errno.ETIME);

        assertThat(channel.isClosed()).isTrue();
    }

    @Test
    void takesNoMoreMessagesMeanwhile() {
        channel.sendMessage("flying");
        drainOnAnotherThread();
        world.takeLog();

        assertThat(channel.sendMessage("late")).isEqualTo(-Errno.EINVAL);
        assertThat(channel.sendAll(List.of("late", "too"))).isEqualTo(-Errno.EINVAL);
        assertThat(channel.sendMessageAsync("late")).isCompletedExceptionally();
        assertThat(channel.slotsAvailable()).isEqualTo(-Errno.EINVAL);
        assertThat(world.takeLog()).isEmpty();
        sent();

        assertThat(results).containsExactly(0);
    }

    @Test
    void stillReceivesMeanwhile() {
        channel.sendMessage("flying");
        drainOnAnotherThread();
        world.takeLog();

        world.hardware().receivedData("answer");

        assertThat(world.takeLog()).containsExactly("rx answer");
    }

    @Test
    void tellsNobodyThatThereIsRoomWhenNoneMayBeUsed() {
        for (int i = 0; i <= MailboxChannel.TX_QUEUE_LENGTH; i++) {
            channel.sendMessage(i);
        }
        assertThat(channel.sendMessage("too many")).isEqualTo(-Errno.ENOBUFS);
        drainOnAnotherThread();
        world.takeLog();

        for (int i = 0; i <= MailboxChannel.TX_QUEUE_LENGTH; i++) {
            sent();
        }

        assertThat(results).containsExactly(0);
        assertThat(world.takeLog()).doesNotContain("writable");
    }

    @ParameterizedTest
    @ValueSource(strings = {"prepare", "sendData", "refused", "txDone", "rx"})
    void isRefusedInsideACallbackWhichItWouldWaitFor(String call) {
        world.driver.sendResults.add(call.equals("refused") ? -Errno.EAGAIN : 0);
        world.on(call, this::drain);

        channel.sendMessage("a");
        world.hardware().receivedData("b");
        world.hardware().txDone(0);

        assertThat(results).containsExactly(-Errno.EDEADLK);
        assertThat(channel.isClosed()).isFalse();
        assertThat(world.scheduler.elapsed()).isZero();
        assertThat(channel.sendMessage("nothing has changed")).isNotNegative();
    }

    @Test
    void isRefusedInsideANestedReceiveAndAllowedAfterIt() {
        world.on("rx", () -> {
            world.hardware().receivedData("inner");
            drain();
        });

        world.hardware().receivedData("outer");
        drain();

        assertThat(results).containsExactly(-Errno.EDEADLK, 0);
    }

    @Test
    void mayBeCalledFromACallbackOfAnotherChannel() {
        MailboxChannel other = world.bind(1, ClientOptions.NON_BLOCKING);
        world.on("rx", () -> results.add(other.close(CloseMode.DRAIN, SECOND)));

        world.hardware().receivedData("a");

        assertThat(results).containsExactly(0);
    }

    @Test
    void answersEinvalToASecondDrainWhichDoesNotDisturbTheFirst() {
        channel.sendMessage("flying");
        drainOnAnotherThread();

        assertThat(channel.close(CloseMode.DRAIN, SECOND)).isEqualTo(-Errno.EINVAL);
        assertThat(channel.isClosed()).isFalse();
        sent();

        assertThat(results).containsExactly(0);
    }

    @Test
    void answersEinvalOnceClosed() {
        channel.close();

        drain();

        assertThat(results).containsExactly(-Errno.EINVAL);
    }

    @Test
    void answersEshutdownIfSomebodyClosesMeanwhile() {
        channel.sendMessage("flying");
        drainOnAnotherThread();
        world.takeLog();

        channel.close();
        world.scheduler.runWoken();

        assertThat(results).containsExactly(-Errno.ESHUTDOWN);
        assertThat(world.scheduler.elapsed()).isZero();
        assertThat(world.takeLog()).containsExactly("shutdown", "event ABANDONED", "event CLOSED");
    }

    @Test
    void answersEintrToAnInterruptAndClosesAndKeepsTheFlag() {
        World real = new World(builder -> builder.txDoneMethod(TxDoneMethod.IRQ), new CallerRunsScheduler());
        MailboxChannel waits = real.bind();
        waits.sendMessage("flying");
        Thread.currentThread().interrupt();

        int result = waits.close(CloseMode.DRAIN, Duration.ofMinutes(5));

        assertThat(Thread.interrupted()).isTrue();
        assertThat(result).isEqualTo(-Errno.EINTR);
        assertThat(waits.isClosed()).isTrue();
    }

    @Test
    void blockedSendersAndFuturesEndBeforeIt() {
        World blocking = new World(TxDoneMethod.IRQ);
        MailboxChannel waits = blocking.bind(ClientOptions.blocking(Duration.ofSeconds(9)));
        List<String> ends = new ArrayList<>();
        blocking.scheduler.spawn(() -> ends.add("blocked " + waits.sendMessage("a")));
        blocking.scheduler.runDue();
        CompletableFuture<Void> future = waits.sendMessageAsync("b").thenAccept(slot -> ends.add("future " + slot));
        blocking.scheduler.spawn(() -> ends.add("drain " + waits.close(CloseMode.DRAIN, SECOND)));
        blocking.scheduler.runDue();

        blocking.hardware().txDone(0);
        blocking.scheduler.runWoken();
        blocking.hardware().txDone(0);
        blocking.scheduler.runWoken();

        assertThat(future).isCompleted();
        assertThat(ends).containsExactly("blocked 0", "future 1", "drain 0");
    }

    @Test
    void endsWhenTheLastMessageIsTakenOffTheChannel() {
        world.driver.sendResults.add(-Errno.EAGAIN);
        CompletableFuture<Integer> future = channel.sendMessageAsync("refused");
        drainOnAnotherThread();

        future.cancel(false);
        world.scheduler.runWoken();

        assertThat(results).containsExactly(0);
    }

    @Test
    void endsWhenTheLastMessageTimesOut() {
        CompletableFuture<Integer> future = channel.sendMessageAsync("flying", Duration.ofMillis(5));

        drain();

        assertThat(future).isCompletedExceptionally();
        assertThat(results).containsExactly(0);
        assertThat(world.scheduler.elapsed()).isEqualTo(Duration.ofMillis(5));
    }

    @Test
    void waitsForAPolledMessage() {
        World polled = new World(TxDoneMethod.POLL);
        MailboxChannel asked = polled.bind();
        polled.driver.lastTxDoneResults.addAll(List.of(false, false, true));
        asked.sendMessage("a");

        assertThat(asked.close(CloseMode.DRAIN, SECOND)).isZero();

        assertThat(polled.takeLog()).contains("txDone a 0").endsWith("shutdown", "event CLOSED");
        assertThat(polled.scheduler.elapsed()).isBetween(Duration.ofMillis(4), Duration.ofMillis(8));
    }

    @Test
    void leavesNoTimer() {
        channel.sendMessage("flying");
        drainOnAnotherThread();

        sent();

        assertThat(world.scheduler.pending()).isEmpty();
    }

    @Test
    void letsTheChannelBeBoundAgain() {
        channel.sendMessage("flying");
        drain();

        MailboxChannel next = world.bind();

        assertThat(next.sendMessage("a")).isZero();
        assertThat(next.close(CloseMode.DRAIN, Duration.ZERO)).isEqualTo(-Errno.ETIME);
    }

    @Test
    void abortClosesAtOnceAndSaysIfThereWasNothingToClose() {
        channel.sendMessage("flying");
        world.takeLog();

        assertThat(channel.close(CloseMode.ABORT, SECOND)).isZero();
        assertThat(channel.close(CloseMode.ABORT, SECOND)).isEqualTo(-Errno.EINVAL);

        assertThat(world.takeLog()).containsExactly("shutdown", "event ABANDONED", "event CLOSED");
        assertThat(world.scheduler.elapsed()).isZero();
    }

    @Test
    void abortIsAllowedInsideACallback() {
        world.on("rx", () -> results.add(channel.close(CloseMode.ABORT, Duration.ZERO)));

        world.hardware().receivedData("a");

        assertThat(results).containsExactly(0);
        assertThat(world.takeLog()).containsExactly("rx a", "shutdown", "event CLOSED");
    }

    @Test
    void refusesANegativeTimeout() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> channel.close(CloseMode.DRAIN, Duration.ofNanos(-1)))
                .withMessageContaining("timeout");
        assertThat(channel.isClosed()).isFalse();
    }
}
