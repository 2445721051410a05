// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import ch.qos.logback.classic.Level;
import dev.hwmailbox.controller.MailboxController;
import dev.hwmailbox.controller.TxDoneMethod;
import dev.hwmailbox.testing.VirtualScheduler;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** The poll timer; the period is 2 ms. */
class PollingTest {
    private final World world = new World(TxDoneMethod.POLL);
    private final MailboxChannel channel = world.bind();

    private List<String> advanceMillis(long millis) {
        world.takeLog();
        world.scheduler.advance(Duration.ofMillis(millis));
        return world.takeLog();
    }

    @Test
    void asksAtOnceButNotInsideTheSend() {
        channel.sendMessage("a");
        assertThat(world.takeLog()).containsExactly("prepare a", "sendData a -> 0");

        assertThat(advanceMillis(0)).containsExactly("lastTxDone 0 -> true", "txDone a 0");
        assertThat(world.scheduler.pending()).isEmpty();
    }

    @Test
    void asksAgainEveryPeriodUntilTheMessageHasLeft() {
        world.driver.lastTxDoneResults.addAll(List.of(false, false));
        channel.sendMessage("a");

        assertThat(advanceMillis(3)).containsExactly("lastTxDone 0 -> false", "lastTxDone 0 -> false");
        assertThat(advanceMillis(1)).containsExactly("lastTxDone 0 -> true", "txDone a 0");
        assertThat(advanceMillis(100)).isEmpty();
    }

    @Test
    void aNewSubmissionMovesThePhase() {
        MailboxChannel other = world.bind(1, ClientOptions.NON_BLOCKING);
        world.driver.lastTxDoneResults.addAll(List.of(false, false, false));
        channel.sendMessage("a");
        advanceMillis(1);
        other.sendMessage("b");

        assertThat(advanceMillis(1)).containsExactly("lastTxDone 0 -> false", "lastTxDone 1 -> false");
        assertThat(advanceMillis(1))
                .containsExactly("lastTxDone 0 -> true", "txDone a 0", "lastTxDone 1 -> true", "txDone b 0");
    }

    @Test
    void aFollowUpIsAskedAboutInTheNextExpiryOfTheSameTime() {
        channel.sendMessage("a");
        channel.sendMessage("b");

        assertThat(advanceMillis(0))
                .containsExactly(
                        "lastTxDone 0 -> true",
                        "prepare b",
                        "sendData b -> 0",
                        "txDone a 0",
                        "lastTxDone 0 -> true",
                        "txDone b 0");
    }

    @Test
    void aMessageSubmittedInsideAnExpiryOnALaterChannelIsAskedAboutInTheSame() {
        MailboxChannel later = world.bind(3, ClientOptions.NON_BLOCKING);
        world.on("txDone", () -> later.sendMessage("b"));
        channel.sendMessage("a");

        assertThat(advanceMillis(0))
                .containsExactly(
                        "lastTxDone 0 -> true",
                        "txDone a 0",
                        "prepare b",
                        "sendData b -> 0",
                        "lastTxDone 3 -> true",
                        "txDone b 0");
    }

    @Test
    void channelsAreAskedInOrderOfTheirIndexAcrossWordsOfTheBusySet() {
        var wide = new World(builder -> builder.txDoneMethod(TxDoneMethod.POLL).channelCount(200));
        int[] indices = {199, 0, 64, 63, 130};
        for (int index : indices) {
            wide.bind(index, ClientOptions.NON_BLOCKING).sendMessage("m");
        }
        wide.takeLog();

        wide.scheduler.runDue();

        assertThat(wide.log)
                .filteredOn(entry -> entry.startsWith("lastTxDone"))
                .containsExactly(
                        "lastTxDone 0 -> true",
                        "lastTxDone 63 -> true",
                        "lastTxDone 64 -> true",
                        "lastTxDone 130 -> true",
                        "lastTxDone 199 -> true");
    }

    @Test
    void aRefusedSubmissionDoesNotStartTheTimer() {
        world.driver.sendResults.add(-Errno.EBUSY);
        channel.sendMessage("a");

        assertThat(world.scheduler.pending()).isEmpty();
    }

    @Test
    @DisplayName("D4 never asks about a channel whose client knows")
    void neverAsksAboutAChannelWhoseClientKnows() {
        MailboxChannel knows = world.bind(1, ClientOptions.NON_BLOCKING.withKnowsTxDone());
        knows.sendMessage("b");
        channel.sendMessage("a");

        assertThat(advanceMillis(10)).containsExactly("lastTxDone 0 -> true", "txDone a 0");
    }

    @Test
    void doesNotAskAboutTheNextOwnersMessageIfThatOwnerKnows() {
        channel.sendMessage("a");
        channel.close();
        world.bind(ClientOptions.NON_BLOCKING.withKnowsTxDone()).sendMessage("b");

        assertThat(advanceMillis(10)).isEmpty();
    }

    @Test
    void aChannelThatIsNotPolledDoesNotStartTheTimer() {
        world.bind(1, ClientOptions.NON_BLOCKING.withKnowsTxDone()).sendMessage("b");
        var irq = new World(TxDoneMethod.IRQ);
        irq.bind().sendMessage("c");

        assertThat(world.scheduler.pending()).isEmpty();
        assertThat(irq.scheduler.pending()).isEmpty();
    }

    @Test
    void aClosedChannelIsSkipped() {
        world.driver.lastTxDoneResults.add(false);
        channel.sendMessage("a");
        advanceMillis(1);
        channel.close();

        assertThat(advanceMillis(10)).isEmpty();
        assertThat(world.scheduler.pending()).isEmpty();
    }

    @Test
    void aChannelBoundAgainIsAskedAboutItsOwnMessageOnly() {
        channel.sendMessage("a");
        channel.close();
        world.bind().sendMessage("b");

        assertThat(advanceMillis(0)).containsExactly("lastTxDone 0 -> true", "txDone b 0");
    }

    @Test
    void closingTheControllerStopsTheTimer() {
        channel.sendMessage("a");
        assertThat(world.scheduler.pending()).containsExactly(new VirtualScheduler.Pending("c poll", Duration.ZERO));

        world.controller.close();

        assertThat(world.scheduler.pending()).isEmpty();
    }

    @Test
    void aDriverThatThrowsIsAskedAgain() {
        world.on("lastTxDone", () -> {
            throw new IllegalStateException("driver");
        });
        channel.sendMessage("a");

        try (var logged = new LogCapture()) {
            assertThat(advanceMillis(1)).containsExactly("lastTxDone 0 -> true");
            assertThat(logged.at(Level.ERROR)).containsExactly("c/0: lastTxDone threw");
        }
        assertThat(advanceMillis(1)).containsExactly("lastTxDone 0 -> true", "txDone a 0");
    }

    @Test
    void anErrorOfTheDriverReachesTheSchedulerAfterTheOtherChannelsWereAsked() {
        world.bind(1, ClientOptions.NON_BLOCKING).sendMessage("b");
        channel.sendMessage("a");
        world.on("lastTxDone", () -> {
            throw new AssertionError("driver");
        });

        try (var logged = new LogCapture()) {
            assertThat(catchThrowable(() -> advanceMillis(0))).isInstanceOf(AssertionError.class);
            assertThat(logged.at(Level.ERROR)).hasSize(1);
        }
        assertThat(world.takeLog()).endsWith("lastTxDone 1 -> true", "txDone b 0");
        assertThat(advanceMillis(2)).containsExactly("lastTxDone 0 -> true", "txDone a 0");
    }

    @Test
    void aChannelBoundAnewWhileItsControllerClosesIsPolled() {
        world.on(
                "event CLOSED",
                () -> world.controller
                        .channel(0)
                        .bindClient(world.new LoggingClient(ClientOptions.NON_BLOCKING))
                        .sendMessage("a"));

        world.controller.close();

        assertThat(advanceMillis(1)).containsExactly("lastTxDone 0 -> true", "txDone a 0");
        assertThat(world.scheduler.pending()).isEmpty();
    }

    @Test
    void nothingStaysPendingWhenAControllerIsClosedOverAMessage() {
        channel.sendMessage("a");

        world.controller.close();

        assertThat(world.scheduler.pending()).isEmpty();
    }

    @Test
    void aTimerThatCannotBeArmedKeepsNoReportBack() {
        var threadsLeft = new AtomicBoolean(true);
        var exhausted = new InterposedScheduler(world.scheduler, () -> {
            if (!threadsLeft.get()) {
                throw new IllegalStateException("no thread left");
            }
        });
        MailboxController controller = MailboxController.builder(world.driver, exhausted)
                .name("c")
                .channelCount(2)
                .txDoneMethod(TxDoneMethod.POLL)
                .build();
        MailboxClient client = world.new LoggingClient(ClientOptions.NON_BLOCKING);
        MailboxChannel one = controller.channel(0).bindClient(client);
        one.sendMessage("a");
        one.sendMessage("b");

        threadsLeft.set(false);
        try (var logged = new LogCapture()) {
            assertThat(advanceMillis(1))
                    .containsExactly("lastTxDone 0 -> true", "prepare b", "sendData b -> 0", "txDone a 0");
            assertThat(logged.at(Level.ERROR)).containsExactly("c/0: arming the poll timer threw");
        }

        threadsLeft.set(true);
        controller.channel(1).bindClient(client).sendMessage("c");
        assertThat(advanceMillis(1)).contains("txDone b 0", "txDone c 0");
    }
}
