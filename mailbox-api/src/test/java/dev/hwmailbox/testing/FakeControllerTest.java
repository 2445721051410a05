// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.testing;

import static dev.hwmailbox.testing.SendResponse.accept;
import static dev.hwmailbox.testing.SendResponse.completeAfter;
import static dev.hwmailbox.testing.SendResponse.completeNow;
import static dev.hwmailbox.testing.SendResponse.completeOn;
import static dev.hwmailbox.testing.SendResponse.fail;
import static dev.hwmailbox.testing.SendResponse.never;
import static dev.hwmailbox.testing.SendResponse.refuse;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ch.qos.logback.classic.Level;
import dev.hwmailbox.ChannelEvent;
import dev.hwmailbox.ClientOptions;
import dev.hwmailbox.Errno;
import dev.hwmailbox.InterposedScheduler;
import dev.hwmailbox.LogCapture;
import dev.hwmailbox.MailboxChannel;
import dev.hwmailbox.MailboxClient;
import dev.hwmailbox.MailboxException;
import dev.hwmailbox.ThreadedScheduler;
import dev.hwmailbox.controller.ControllerChannel;
import dev.hwmailbox.controller.TxDoneMethod;
import dev.hwmailbox.testing.FakeChannel.Attempt;
import dev.hwmailbox.testing.FakeChannel.Outcome;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The fake as its users see it: programmed by the test, seen through a client. */
class FakeControllerTest {
    private static final Duration THREE_MILLIS = Duration.ofMillis(3);

    @AutoClose
    private MailboxTestBed bed = bed(TxDoneMethod.IRQ);

    private MailboxChannel channel = bed.bind();

    private static MailboxTestBed bed(TxDoneMethod method) {
        return MailboxTestBed.builder()
                .controller(settings -> settings.txDoneMethod(method))
                .channelsMayStayOpen()
                .build();
    }

    private void use(TxDoneMethod method) {
        channel.close();
        bed.close();
        bed = bed(method);
        channel = bed.bind();
    }

    private void advance(long millis) {
        bed.scheduler().advance(Duration.ofMillis(millis));
    }

    private List<Outcome> outcomes() {
        return bed.channel().attempts().stream().map(Attempt::outcome).toList();
    }

    @Nested
    class Sending {
        @Test
        void completesAtOnceUnlessToldOtherwise() {
            channel.sendMessage("a");

            bed.client().assertEvents("+0.000 ms fake/0 txDone 'a' 0");
            assertThat(bed.channel().sent()).containsExactly("a");
        }

        @Test
        void usesEachResponseOnceAndThenTheStandardOne() {
            bed.channel()
                    .onEverySend(completeNow().status(-Errno.EPIPE))
                    .onSend(completeNow(), completeNow().status(-Errno.EIO));

            List.of("a", "b", "c", "d").forEach(channel::sendMessage);

            bed.client().assertEvents("txDone 'a' 0", "txDone 'b' EIO", "txDone 'c' EPIPE", "txDone 'd' EPIPE");
        }

        @Test
        void respondsByTheMessage() {
            bed.channel().onEverySend(message -> "bad".equals(message) ? refuse(Errno.EBUSY) : completeNow());

            channel.sendMessage("good");
            channel.sendMessage("bad");

            bed.client().assertEvents("txDone 'good' 0", "refused 'bad' EBUSY");
            channel.close();
        }

        @Test
        void completesAfterADelayButNeverInsideTheCall() {
            bed.channel().onSend(completeAfter(Duration.ZERO), completeAfter(THREE_MILLIS));

            channel.sendMessage("a");
            bed.client().assertNothingHappened();
            channel.sendMessage("b");
            advance(10);

            bed.client().assertEvents("+0.000 ms fake/0 txDone 'a' 0", "+3.000 ms fake/0 txDone 'b' 0");
        }

        @Test
        void completesOnASimulatedThreadBeforeTheCallReturns() {
            bed.channel().onSend(completeOn(bed.scheduler()::spawn).status(-Errno.EIO));

            channel.sendMessage("a");

            bed.client().assertEvents("txDone 'a' EIO");
        }

        @Test
        void leavesAnAcceptedMessageToTheTest() {
            bed.channel().onSend(accept(), never());
            channel.sendMessage("a");
            channel.sendMessage("b");
            advance(1000);
            assertThat(outcomes()).containsExactly(Outcome.ACCEPTED);

            bed.channel().complete(-Errno.EIO);
            bed.channel().complete();

            bed.client().assertEvents("txDone 'a' EIO", "txDone 'b' 0");
            assertThat(outcomes()).containsExactly(Outcome.COMPLETED, Outcome.COMPLETED);
        }

        @Test
        void threadsMayOvertakeEachOtherInsideASend() {
            Set<String> orders = new HashSet<>();

            Exploration.run(100, chance -> {
                FakeController fake = FakeController.create(chance);
                List<String> log = new ArrayList<>();
                for (int i = 0; i < 2; i++) {
                    FakeChannel sender = fake.channel(i).onEverySend(message -> {
                        log.add("begins " + message);
                        return completeNow();
                    });
                    MailboxChannel bound = sender.hardware().bindClient(new MailboxClient() {});
                    String message = "ab".substring(i, i + 1);
                    chance.spawn(() -> {
                        bound.sendMessage(message);
                        log.add("ends " + message);
                    });
                }
                chance.runUntilIdle();
                orders.add(String.join(", ", log));
            });

            assertThat(orders)
                    .contains(
                            "begins a, ends a, begins b, ends b",
                            "begins a, begins b, ends a, ends b",
                            "begins a, begins b, ends b, ends a");
        }

        @Test
        void refusesAndIsTriedAgainWhenItSaysSo() {
            bed.channel().onSend(refuse(Errno.EBUSY).retryAfter(THREE_MILLIS));

            assertThat(channel.sendMessage("a")).isZero();
            advance(10);

            bed.client().assertEvents("+0.000 ms fake/0 refused 'a' EBUSY", "+3.000 ms fake/0 txDone 'a' 0");
            assertThat(bed.channel().sent()).containsExactly("a");
            assertThat(outcomes()).containsExactly(Outcome.REFUSED, Outcome.COMPLETED);
            assertThat(bed.channel().attempts().get(0)).hasToString("+0.000 ms  #1 'a' REFUSED EBUSY");
            assertThat(bed.channel().lastAttempt()).hasToString("+3.000 ms  #2 'a' COMPLETED 0");
        }

        @Test
        void isTriedAgainWhenTheTestMakesRoom() {
            bed.channel().onSend(refuse(Errno.EBUSY));
            channel.sendMessage("a");

            bed.channel().resubmit();

            bed.client().assertEvents("refused 'a' EBUSY", "txDone 'a' 0");
        }

        @Test
        void throwsLikeADriverWithADefect() {
            bed.channel().onSend(fail(new IllegalStateException("defect")));

            try (var logged = new LogCapture()) {
                channel.sendMessage("a");
                assertThat(logged.at(Level.ERROR)).containsExactly("fake/0: sendData threw");
            }

            bed.client().assertEvents("refused 'a' EIO");
            channel.close();
        }

        @Test
        void losesACompletion() {
            bed.channel().onSend(completeNow().lost());

            channel.sendMessage("a");
            advance(1000);

            bed.client().assertNothingHappened();
            assertThat(outcomes()).containsExactly(Outcome.LOST);
            assertThat(bed.channel().sent()).containsExactly("a");
            channel.close();
        }

        @Test
        void aDoubledCompletionMeansNothingIfItSaysOfWhichMessageItIs() {
            bed.channel().onSend(completeAfter(THREE_MILLIS).twice(), accept());
            channel.sendMessage("a");
            channel.sendMessage("b");

            advance(10);

            bed.client().assertEvents("txDone 'a' 0");
            channel.close();
        }

        @Test
        void aDoubledCompletionEndsTheNextMessageIfItDoesNot() {
            bed.controller().withoutTxIds();
            bed.channel().onSend(completeAfter(THREE_MILLIS).twice(), accept());
            channel.sendMessage("a");
            channel.sendMessage("b");

            advance(10);

            bed.client().assertEvents("txDone 'a' 0", "txDone 'b' 0");
        }

        @Test
        void completesLateWithTheOldTransmission() {
            bed.client().options(ClientOptions.blocking(THREE_MILLIS));
            channel.close();
            channel = bed.bind();
            bed.channel().onEverySend(never());
            assertThat(channel.sendMessage("slow")).isEqualTo(-Errno.ETIME);
            Attempt slow = bed.channel().lastAttempt();
            bed.client().takeEvents();

            bed.scheduler().spawn(() -> channel.sendMessage("next"));
            bed.channel().completeLate(slow, 0);
            bed.client().assertNothingHappened();
            bed.controller().withoutTxIds();
            bed.channel().completeLate(slow, 0);

            bed.client().assertEvents("txDone 'next' 0");
            bed.scheduler().runWoken();
        }

        @Test
        void answersForTheOtherSide() {
            bed.channel()
                    .onEverySend(completeNow()
                            .replyAfter(THREE_MILLIS, message -> message + "?")
                            .status(0));

            channel.sendMessage("a");
            advance(5);

            bed.client().assertEvents("+0.000 ms fake/0 txDone 'a' 0", "+3.000 ms fake/0 received 'a?'");
        }

        @Test
        void answersToBytesAsTheyWere() {
            bed.channel().onSend(completeNow().replyAfter(THREE_MILLIS, message -> message));
            byte[] buffer = {1};

            channel.sendMessage(buffer);
            buffer[0] = 9; // it has been reported, so the client may use it again
            advance(3);

            bed.client().assertReceived(new byte[] {1});
        }

        @Test
        void keepsBytesAsTheyWere() {
            ByteBuffer bytes = ByteBuffer.wrap(new byte[] {1, 2, 3});
            byte[] array = {4};

            channel.sendMessage(bytes);
            channel.sendMessage(array);
            bytes.put(0, (byte) 9);
            array[0] = 9;

            assertThat(bed.channel().sent()).containsExactly(ByteBuffer.wrap(new byte[] {1, 2, 3}), new byte[] {4});
            assertThat(bytes.remaining()).isEqualTo(3);
        }
    }

    @Nested
    class Rules {
        @Test
        void isSilentAfterShutdown() {
            bed.channel()
                    .onSend(completeAfter(THREE_MILLIS).replyAfter(THREE_MILLIS, message -> message))
                    .receiveAfter(THREE_MILLIS, "late");
            channel.sendMessage("a");
            channel.close();
            channel = bed.bind();
            bed.client().takeEvents();

            advance(10);

            bed.client().assertNothingHappened();
            assertThat(bed.scheduler().pending()).isEmpty();
            assertThat(outcomes()).containsExactly(Outcome.ABANDONED);
        }

        @Test
        void isSilentAboutAMessageThatCameAfterShutdown() {
            bed.channel().onEverySend(message -> {
                channel.close(); // as another thread may at this moment
                return completeAfter(THREE_MILLIS).replyAfter(THREE_MILLIS, sent -> sent);
            });
            channel.sendMessage("a");
            channel = bed.bind();
            bed.client().takeEvents();

            advance(10);

            bed.client().assertNothingHappened();
            assertThat(outcomes()).containsExactly(Outcome.ABANDONED);
        }

        @Test
        void isSilentThoughATimerIsArmedAfterItWasCancelled() {
            VirtualScheduler scheduler = bed.scheduler();
            Runnable[] beforeArming = new Runnable[1];
            FakeController fake =
                    FakeController.create(new InterposedScheduler(scheduler, () -> beforeArming[0].run()));
            fake.channel(0).onSend(accept().replyAfter(THREE_MILLIS, message -> message));
            ControllerChannel hardware = fake.controller().channel(0);
            RecordingClient client = RecordingClient.create(scheduler);
            MailboxChannel closing = hardware.bindClient(client);
            beforeArming[0] = closing::close; // as another thread may at this moment

            closing.sendMessage("a");
            hardware.bindClient(client);
            client.takeEvents();
            advance(10);

            client.assertNothingHappened();
        }

        @Test
        void reportsNothingOnAnotherThreadAfterShutdown() {
            Runnable[] report = new Runnable[1];
            bed.controller().withoutTxIds();
            bed.channel().onSend(completeOn(task -> report[0] = task), accept());
            channel.sendMessage("a");
            channel.close();
            channel = bed.bind();
            channel.sendMessage("next owner's");
            bed.client().takeEvents();

            report[0].run();

            bed.client().assertNothingHappened();
            channel.close();
        }

        @Test
        void thereMustBeSomethingToComplete() {
            assertThatThrownBy(() -> bed.channel().complete())
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessage("nothing is in flight on fake/0");
            assertThatThrownBy(() -> bed.channel().lastAttempt())
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessage("nothing has been sent on fake/0");
        }

        @Test
        void responsesThatMakeNoSenseAreRefused() {
            assertThatThrownBy(() -> accept().lost()).hasMessage("no completion is reported: accept");
            assertThatThrownBy(() -> refuse(5).twice()).hasMessage("no completion is reported: refuse EIO");
            assertThatThrownBy(() -> never().status(-5)).hasMessage("no completion is reported: never");
            assertThatThrownBy(() -> completeNow().retryAfter(THREE_MILLIS))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessage("nothing is refused that could be tried again: completeNow");
            assertThatThrownBy(() -> refuse(16).replyAfter(THREE_MILLIS, message -> message))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessage("a message that is not accepted gets no reply: refuse EBUSY");
            assertThatThrownBy(() -> refuse(-16)).hasMessage("not a positive errno: -16");
            assertThatThrownBy(() -> completeAfter(Duration.ofMillis(-1))).hasMessageContaining("negative delay");
        }

        @Test
        void responsesTellHowTheyWereMade() {
            assertThat(completeAfter(THREE_MILLIS).status(-Errno.EIO).twice())
                    .hasToString("completeAfter PT0.003S EIO twice");
            assertThat(refuse(Errno.EBUSY).retryAfter(THREE_MILLIS)).hasToString("refuse EBUSY retryAfter PT0.003S");
            assertThat(completeNow().lost().replyAfter(THREE_MILLIS, message -> message))
                    .hasToString("completeNow lost replyAfter PT0.003S");
            assertThat(bed.controller()).hasToString("FakeController[fake[4 channels]]");
        }

        @Test
        void thereMustBeSuchAChannel() {
            assertThatThrownBy(() -> bed.controller().channel(4)).isInstanceOf(IndexOutOfBoundsException.class);
        }
    }

    @Nested
    class Methods {
        @Test
        void aPolledChannelIsFoundDoneWhenItIs() {
            use(TxDoneMethod.POLL);
            bed.channel().onSend(completeAfter(THREE_MILLIS));

            channel.sendMessage("a");
            channel.sendMessage("b");
            advance(10);

            bed.client().assertEvents("+3.000 ms fake/0 txDone 'a' 0", "+3.000 ms fake/0 txDone 'b' 0");
        }

        @Test
        void aPolledChannelAnswersFalselyIfToldTo() {
            use(TxDoneMethod.POLL);
            bed.channel().onLastTxDone(false, true).onSend(completeNow(), never());

            channel.sendMessage("a");
            advance(0);
            bed.client().assertNothingHappened();
            advance(1);
            bed.client().assertEvents("+1.000 ms fake/0 txDone 'a' 0");

            channel.sendMessage("b");
            bed.channel().onLastTxDone(true);
            advance(0);
            bed.client().assertTxDone("b", 0);
        }

        @Test
        void aLostCompletionOfAPolledChannelIsNeverFound() {
            use(TxDoneMethod.POLL);
            bed.channel().onSend(completeNow().lost());

            channel.sendMessage("a");
            advance(100);

            bed.client().assertNothingHappened();
            channel.close();
        }

        @Test
        void theTestCompletesAPolledChannel() {
            use(TxDoneMethod.POLL);
            bed.channel().onSend(accept());
            channel.sendMessage("a");
            advance(5);

            bed.channel().complete();
            advance(5);

            bed.client().assertTxDone("a", 0);
            assertThatThrownBy(() -> bed.channel().completeLate(bed.channel().lastAttempt(), 0))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessage("fake/0 does not report by interrupt: POLL");
        }

        @Test
        void onAnAckChannelTheClientReports() {
            use(TxDoneMethod.ACK);
            channel.sendMessage("a");

            assertThatThrownBy(() -> bed.channel().complete())
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessage("fake/0 leaves completion to its client");
            assertThatThrownBy(() -> bed.channel().onSend(accept(), completeNow()))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("fake/0 leaves completion to its client: completeNow");
            assertThatThrownBy(() -> bed.channel().onEverySend(completeNow()))
                    .isInstanceOf(IllegalArgumentException.class);
            channel.clientTxDone(0);

            bed.client().assertEvents("txDone 'a' 0");
        }
    }

    @Nested
    class Receiving {
        @Test
        void deliversWhatTheTestInjects() {
            bed.channel().receive("now");
            bed.channel().receive(null);
            bed.channel().receiveAfter(THREE_MILLIS, "later");
            advance(5);

            bed.client().assertReceived("now", null, "later");
            bed.client()
                    .assertEvents(
                            "+0.000 ms fake/0 received 'now'",
                            "+0.000 ms fake/0 received null",
                            "+3.000 ms fake/0 received 'later'");
        }

        @Test
        void raisesEvents() {
            bed.channel().raise(ChannelEvent.PEER_RESET);

            bed.client().assertEvents("event PEER_RESET");
        }

        @Test
        void deliversOneForEachPeek() {
            bed.channel().onPeek("a", null);

            assertThat(channel.peekData()).isTrue();
            assertThat(channel.peekData()).isTrue();
            assertThat(channel.peekData()).isFalse();

            bed.client().assertReceived("a", null);
        }
    }

    @Nested
    class Flushing {
        @Test
        void reportsEverythingQueued() {
            bed.channel().onEverySend(accept());
            List.of("a", "b", "c").forEach(channel::sendMessage);

            assertThat(channel.flush(THREE_MILLIS)).isZero();

            bed.client().assertEvents("txDone 'a' 0", "txDone 'b' 0", "txDone 'c' 0");
            assertThat(bed.scheduler().elapsed()).isZero();
        }

        @Test
        void fails() {
            bed.channel().onSend(accept()).onFlush(-Errno.EIO, 0);
            channel.sendMessage("a");

            assertThat(channel.flush(THREE_MILLIS)).isEqualTo(-Errno.EIO);
            assertThat(channel.flush(THREE_MILLIS)).isZero();

            bed.client().assertEvents("txDone 'a' EIO");
        }

        @Test
        void takesTime() {
            bed.channel().onSend(accept()).flushTakes(THREE_MILLIS);
            channel.sendMessage("a");

            assertThat(channel.flush(THREE_MILLIS)).isZero();

            bed.client().assertEvents("+3.000 ms fake/0 txDone 'a' 0");
        }

        @Test
        void runsOutOfTime() {
            bed.channel().onSend(accept()).flushTakes(THREE_MILLIS);
            channel.sendMessage("a");

            assertThat(channel.flush(Duration.ofMillis(2))).isEqualTo(-Errno.ETIME);

            bed.client().assertEvents("+2.000 ms fake/0 txDone 'a' ETIME");
        }

        @Test
        void endsThoughTheClientSendsOnAndOn() {
            bed.channel().onEverySend(accept());
            bed.client().onTxDone((to, message, status) -> to.sendMessage("next"));
            channel.sendMessage("first");

            assertThat(channel.flush(THREE_MILLIS)).isEqualTo(-Errno.ETIME);

            assertThat(bed.channel().sent()).hasSizeBetween(100_001, 100_002);
            channel.close();
        }

        @Test
        void leavesReportsToTheClientOfAnAckChannel() {
            use(TxDoneMethod.ACK);
            channel.sendMessage("a");

            assertThat(channel.flush(THREE_MILLIS)).isZero();

            bed.client().assertNothingHappened();
            channel.close();
        }

        @Test
        void isNotThereIfTheControllerCannot() {
            bed.controller().withoutFlush();

            assertThat(channel.flush(THREE_MILLIS)).isEqualTo(-Errno.ENOTSUPP);
        }
    }

    @Nested
    class StartingUp {
        @Test
        void failsOnceAndThenSucceeds() {
            channel.close();
            bed.channel().onStartup(() -> -Errno.ENXIO, () -> {
                throw new MailboxException(Errno.EACCES, "no");
            });

            assertThatThrownBy(bed::bind).hasMessage("ENXIO: startup failed (fake/0)");
            assertThatThrownBy(bed::bind).hasMessage("EACCES: no");
            channel = bed.bind();

            assertThat(channel.isClosed()).isFalse();
        }

        @Test
        void deliversWhileItStartsAndWhileItShutsDown() {
            channel.close();
            bed.client().takeEvents();
            bed.channel()
                    .onStartup(() -> {
                        bed.channel().receive("early");
                        return 0;
                    })
                    .onShutdown(() -> bed.channel().receive("last"));

            channel = bed.bind();
            channel.close();

            bed.client().assertEvents("received 'early'", "received 'last'", "event CLOSED");
        }
    }

    @Test
    @Timeout(60)
    void worksInRealTimeWithRealThreads() {
        ExecutorService threads = Executors.newFixedThreadPool(2);
        try (var scheduler = new ThreadedScheduler()) {
            FakeController fake = FakeController.create(scheduler, settings -> settings.channelCount(1));
            fake.channel(0).onEverySend(completeOn(threads)).onSend(completeAfter(Duration.ofMillis(1)));
            RecordingClient client =
                    RecordingClient.create(scheduler).options(ClientOptions.blocking(Duration.ofSeconds(30)));
            MailboxChannel real = fake.controller().channel(0).bindClient(client);

            for (int i = 0; i < 200; i++) {
                assertThat(real.sendMessage(i)).isNotNegative();
                client.assertTxDone(i, 0);
                client.takeEvents();
            }

            assertThat(fake.channel(0).attempts())
                    .hasSize(200)
                    .allMatch(attempt -> attempt.outcome() == Outcome.COMPLETED);
            real.close();
        } finally {
            threads.shutdownNow();
        }
    }

    @Test
    void aTimerDoesNotReportAgainWhatAFlushHasReported() {
        bed.controller().withoutTxIds();
        bed.channel().onEverySend(completeAfter(THREE_MILLIS));
        channel.sendMessage("a");
        advance(1);

        assertThat(channel.flush(THREE_MILLIS)).isZero();
        channel.sendMessage("b");
        advance(3);

        bed.client().assertEvents("+1.000 ms txDone 'a' 0", "+4.000 ms txDone 'b' 0");
    }

    @Test
    void aTimerDoesNotChangeWhatTheTestHasReported() {
        bed.channel().onEverySend(completeAfter(THREE_MILLIS));
        channel.sendMessage("a");
        bed.channel().complete(-Errno.EIO);
        advance(3);

        assertThat(bed.channel().lastAttempt().status()).isEqualTo(-Errno.EIO);
    }

    @Test
    void aReplyReadsAMessageOfItsOwn() {
        bed.channel()
                .onEverySend(completeNow()
                        .replyAfter(
                                Duration.ZERO,
                                message -> message instanceof ByteBuffer buffer ? buffer.getInt() : null));
        channel.sendMessage(
                ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putInt(7).flip());
        bed.scheduler().runDue();

        bed.client().assertReceived(7);
        assertThat(bed.channel().lastAttempt().message())
                .isInstanceOfSatisfying(
                        ByteBuffer.class,
                        buffer -> assertThat(buffer.remaining()).isEqualTo(4));
    }

    @Test
    void aFlushFinishesALongQueue() {
        FakeController fake = FakeController.create(bed.scheduler(), settings -> settings.ringLength(3000));
        fake.channel(0).onEverySend(accept());
        RecordingClient client = RecordingClient.create(bed.scheduler());
        MailboxChannel longQueue = fake.controller().channel(0).bindClient(client);
        for (int i = 0; i < 2000; i++) {
            longQueue.sendMessage(i);
        }

        assertThat(longQueue.flush(THREE_MILLIS)).isZero();

        assertThat(client.events()).hasSize(2000);
    }
}
