// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ch.qos.logback.classic.Level;
import dev.hwmailbox.controller.TxDoneMethod;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Sends that throw, and sends that answer later. */
@SuppressWarnings("FutureReturnValueIgnored") // what depends on a future here only writes the log
class AsyncSendTest {
    private final World world = new World(TxDoneMethod.IRQ);
    private final MailboxChannel channel = world.bind();

    private static void assertFails(CompletableFuture<Integer> future, int errno) {
        assertThat(future).isCompletedExceptionally();
        MailboxException failure =
                (MailboxException) future.handle((slot, thrown) -> thrown).join();
        assertThat(Errno.name(failure.errno())).isEqualTo(Errno.name(errno));
    }

    @Test
    void sendMessageOrThrowReturnsTheSlot() {
        assertThat(channel.sendMessageOrThrow("a")).isZero();
        assertThat(channel.sendMessageOrThrow("b")).isEqualTo(1);
    }

    @Test
    void sendMessageOrThrowThrowsWhatSendMessageReturns() {
        channel.close();

        assertThatThrownBy(() -> channel.sendMessageOrThrow("a"))
                .isInstanceOf(MailboxException.class)
                .hasMessage("EINVAL: message not sent (c/0)");
    }

    @Test
    void theFutureEndsWithTheSlotAfterTheCallback() {
        channel.sendMessage("first");
        CompletableFuture<Integer> future = channel.sendMessageAsync("a");
        future.thenRun(() -> world.log.add("future"));
        world.takeLog();

        world.hardware().txDone(0);
        assertThat(future).isNotDone();
        world.hardware().txDone(0);

        assertThat(future).isCompletedWithValue(1);
        assertThat(world.log).endsWith("txDone a 0", "future");
    }

    @Test
    void aMessageThatIsReportedInsideTheAttemptIsDoneAtOnce() {
        world.on("sendData", () -> world.hardware().txDone(3));

        assertThat(channel.sendMessageAsync("a")).isCompletedWithValue(0);
        assertThat(world.scheduler.pending()).isEmpty();
    }

    @Test
    void aNegativeStatusFailsTheFuture() {
        CompletableFuture<Integer> future = channel.sendMessageAsync("a");

        world.hardware().txDone(-Errno.EIO);

        assertFails(future, Errno.EIO);
    }

    @Test
    void failsAtOnceWithEnobufsWhenTheQueueIsFullAndWithEinvalWhenClosed() {
        IntStream.range(0, 21).forEach(channel::sendMessage);

        assertFails(channel.sendMessageAsync("too many"), Errno.ENOBUFS);

        channel.close();
        assertFails(channel.sendMessageAsync("too late"), Errno.EINVAL);
    }

    @Test
    void aMessageInFlightEndsWithEtimeAfterTheTimeout() {
        CompletableFuture<Integer> future = channel.sendMessageAsync("a", Duration.ofMillis(5));
        channel.sendMessage("b");
        world.takeLog();

        world.scheduler.advance(Duration.ofMillis(4));
        assertThat(future).isNotDone();
        world.scheduler.advance(Duration.ofMillis(1));

        assertFails(future, Errno.ETIME);
        assertThat(world.log).containsExactly("prepare b", "sendData b -> 0", "txDone a -ETIME");
    }

    @Test
    void aQueuedMessageLeavesTheQueueAfterTheTimeout() {
        channel.sendMessage("a");
        CompletableFuture<Integer> future = channel.sendMessageAsync("b", Duration.ofMillis(5));
        channel.sendMessage("c");
        world.takeLog();

        world.scheduler.advance(Duration.ofMillis(5));
        world.hardware().txDone(0);

        assertFails(future, Errno.ETIME);
        assertThat(world.log).containsExactly("prepare c", "sendData c -> 0", "txDone a 0");
    }

    @Test
    void aReportStopsTheTimer() {
        CompletableFuture<Integer> future = channel.sendMessageAsync("a", Duration.ofMillis(5));

        world.hardware().txDone(0);

        assertThat(future).isCompletedWithValue(0);
        assertThat(world.scheduler.pending()).isEmpty();
    }

    @Test
    void waitsWithoutLimitUnlessToldOtherwise() {
        CompletableFuture<Integer> future = channel.sendMessageAsync("a");

        assertThat(world.scheduler.pending()).isEmpty();
        world.scheduler.advance(Duration.ofDays(365));

        assertThat(future).isNotDone();
    }

    @Test
    void cancellingTakesAQueuedMessageOffTheChannel() {
        channel.sendMessage("a");
        CompletableFuture<Integer> future = channel.sendMessageAsync("b", Duration.ofMillis(5));
        world.takeLog();

        assertThat(future.cancel(false)).isTrue();
        world.hardware().txDone(0);

        assertThat(world.log).containsExactly("txDone a 0");
        assertThat(channel.slotsAvailable()).isEqualTo(20);
        assertThat(world.scheduler.pending()).isEmpty();
    }

    @Test
    void cancellingReportsAMessageInFlightWithEcanceled() {
        CompletableFuture<Integer> future = channel.sendMessageAsync("a");
        channel.sendMessage("b");
        world.takeLog();

        future.cancel(true);

        assertThat(world.log).containsExactly("prepare b", "sendData b -> 0", "txDone a -ECANCELED");
    }

    @Test
    void aFutureThatSomebodyElseCompletesTakesItsMessageAlong() {
        CompletableFuture<Integer> future = channel.sendMessageAsync("a");

        future.complete(99);

        assertThat(world.log).endsWith("txDone a -ECANCELED");
        assertThat(future).isCompletedWithValue(99);
    }

    @Test
    void closingEndsFuturesWithEshutdownTheOneInFlightFirst() {
        CompletableFuture<Integer> first = channel.sendMessageAsync("a", Duration.ofMillis(5));
        CompletableFuture<Integer> second = channel.sendMessageAsync("b", Duration.ofMillis(5));
        first.whenComplete((slot, thrown) -> world.log.add("first"));
        second.whenComplete((slot, thrown) -> world.log.add("second"));
        world.takeLog();

        channel.close();

        assertFails(first, Errno.ESHUTDOWN);
        assertFails(second, Errno.ESHUTDOWN);
        assertThat(world.log).containsExactly("shutdown", "first", "second", "event ABANDONED", "event CLOSED");
        assertThat(world.scheduler.pending()).isEmpty();
    }

    @Test
    void cancellingAfterCloseDoesNothing() {
        CompletableFuture<Integer> future = channel.sendMessageAsync("a");
        channel.close();
        world.takeLog();

        future.cancel(true);

        assertThat(world.log).isEmpty();
    }

    @Test
    void theNextSendMayComeFromTheFuture() {
        channel.sendMessageAsync("a").thenCompose(slot -> channel.sendMessageAsync("b"));
        world.takeLog();

        world.hardware().txDone(0);

        assertThat(world.log).containsExactly("txDone a 0", "prepare b", "sendData b -> 0");
    }

    @Test
    void doesNotBlockForAClientThatBlocks() {
        MailboxChannel blocking = world.bind(1, ClientOptions.blocking(Duration.ofSeconds(1)));

        assertThat(blocking.sendMessageAsync("a")).isNotDone();
        assertThat(world.scheduler.elapsed()).isZero();
    }

    @Test
    void refusesANegativeTimeout() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> channel.sendMessageAsync("a", Duration.ofMillis(-1)))
                .withMessage("negative timeout: PT-0.001S");
    }

    @Test
    void theFutureEndsInTimeThoughACallbackAfterItFailsBadly() {
        IntStream.range(0, 20).forEach(i -> channel.sendMessage("queued " + i));
        CompletableFuture<Integer> future = channel.sendMessageAsync("last", Duration.ofMillis(5));
        channel.sendMessage("no room");
        world.on("writable", () -> {
            throw new AssertionError("expected");
        });

        try (var logged = new LogCapture()) {
            assertThatThrownBy(() -> world.scheduler.advance(Duration.ofMillis(5)))
                    .hasMessage("expected");
            assertThat(logged.at(Level.ERROR)).containsExactly("c/0: writable callback threw");
        }

        assertFails(future, Errno.ETIME);
    }
}
