// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import ch.qos.logback.classic.Level;
import dev.hwmailbox.ClientOptions;
import dev.hwmailbox.Completion;
import dev.hwmailbox.Errno;
import dev.hwmailbox.LogCapture;
import dev.hwmailbox.MailboxChannel;
import dev.hwmailbox.MailboxClient;
import dev.hwmailbox.MailboxException;
import dev.hwmailbox.controller.TxDoneMethod;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class MailboxTestBedTest {
    private static final Duration SECOND = Duration.ofSeconds(1);

    /** What a test leaves over, as closing its bed reports it. */
    private static List<String> leftOver(MailboxTestBed bed) {
        Throwable failure = catchThrowable(bed::close);
        assertThat(failure).isInstanceOf(AssertionError.class);
        String[] lines = String.valueOf(failure.getMessage()).split("\n  - ", -1);
        assertThat(lines[0]).isEqualTo("left over at the end of the test:");
        assertThat(bed.scheduler().pending()).isEmpty();
        assertThat(bed.mailboxes()).hasToString("Mailboxes[]");
        return List.of(lines).subList(1, lines.length);
    }

    @Test
    void joinsEverythingATestNeeds() {
        try (MailboxTestBed bed = MailboxTestBed.create()) {
            assertThat(bed.mailboxes()).hasToString("Mailboxes[fake[4 channels]]");
            assertThat(bed.channel()).isSameAs(bed.controller().channel(0));
            MailboxChannel first = bed.bind();
            MailboxChannel second = bed.bind(1);

            first.sendMessage("a");
            bed.scheduler().advance(SECOND);
            second.sendMessage("b");

            bed.client().assertEvents("+0.000 ms fake/0 txDone 'a' 0", "+1000.000 ms fake/1 txDone 'b' 0");
            assertThat(bed).asString().contains("elapsed=PT1S", "fake[4 channels]", "fake/1  txDone 'b' 0");
            first.close();
            second.close();
        }
    }

    @Test
    void recordsWhatHappensToTheClientUnderTest() {
        List<String> heard = new ArrayList<>();
        try (MailboxTestBed bed = MailboxTestBed.create()) {
            MailboxClient underTest = new MailboxClient() {
                @Override
                public void rxCallback(MailboxChannel channel, @Nullable Object message) {
                    heard.add("heard " + message);
                }
            };
            MailboxChannel channel = bed.bind(underTest);
            MailboxChannel other = bed.bind(2, underTest);

            bed.channel().receive("a");
            bed.controller().channel(2).receive("b");

            assertThat(heard).containsExactly("heard a", "heard b");
            bed.client().assertEvents("fake/0 received 'a'", "fake/2 received 'b'");
            channel.close();
            other.close();
        }
    }

    @Test
    void canBeMadeOtherwise() {
        var scheduler = new VirtualScheduler(42);
        try (MailboxTestBed bed = MailboxTestBed.builder()
                .scheduler(scheduler)
                .controller(settings -> settings.name("door").channelCount(1).txDoneMethod(TxDoneMethod.ACK))
                .build()) {
            assertThat(bed.scheduler()).isSameAs(scheduler);
            try (MailboxChannel channel = bed.bind()) {
                assertThat(channel).hasToString("door/0");
                assertThat(bed.controller().controller().txDoneMethod(0)).isEqualTo(TxDoneMethod.ACK);
            }
        }
        assertThatThrownBy(() -> MailboxTestBed.builder()
                        .controller(settings -> settings.channelCount(0))
                        .build())
                .isInstanceOf(MailboxException.class);
    }

    @Test
    void closingAgainDoesNothing() {
        MailboxTestBed bed = MailboxTestBed.create();
        bed.bind();
        assertThat(leftOver(bed)).containsExactly("channel fake/0 is still open");

        assertThatCode(bed::close).doesNotThrowAnyException();
    }

    @Test
    void namesChannelsThatAreStillOpenAndWhatWasOnThem() {
        MailboxTestBed bed = MailboxTestBed.create();
        bed.channel().onSend(SendResponse.accept());
        MailboxChannel first = bed.bind();
        bed.bind(2, new MailboxClient() {});

        first.sendMessage("a");

        assertThat(leftOver(bed))
                .containsExactly(
                        "channel fake/0 is still open",
                        "channel fake/2 is still open",
                        "messages queued or in flight on fake/0");
        assertThat(first.isClosed()).isTrue();
    }

    @Test
    void closesTheControllerEvenIfTheTestHasUnregisteredIt() {
        MailboxTestBed bed = MailboxTestBed.create();
        bed.mailboxes().unregister(bed.controller().controller());
        MailboxChannel channel = bed.bind();

        assertThat(leftOver(bed)).containsExactly("channel fake/0 is still open");

        assertThat(channel.isClosed()).isTrue();
    }

    @Test
    void channelsMayStayOpenButWithoutMessages() {
        MailboxTestBed bed = MailboxTestBed.builder().channelsMayStayOpen().build();
        bed.bind();
        assertThatCode(bed::close).doesNotThrowAnyException();

        MailboxTestBed busy = MailboxTestBed.builder().channelsMayStayOpen().build();
        busy.channel().onSend(SendResponse.refuse(Errno.EBUSY));
        busy.bind().sendMessage("a");
        assertThat(leftOver(busy)).containsExactly("messages queued or in flight on fake/0");
    }

    @Test
    void namesThreadsThatStillWaitAndEndsThem() {
        MailboxTestBed bed = MailboxTestBed.create();
        bed.client().options(ClientOptions.blocking(SECOND));
        bed.channel().onSend(SendResponse.never());
        MailboxChannel channel = bed.bind();
        List<Integer> results = new ArrayList<>();

        bed.scheduler().spawn("sender", () -> results.add(channel.sendMessage("a")));

        assertThat(leftOver(bed))
                .containsExactly(
                        "thread 'sender' still waits",
                        "channel fake/0 is still open",
                        "messages queued or in flight on fake/0");
        assertThat(results).containsExactly(-Errno.ESHUTDOWN);
    }

    @Test
    void namesTasksThatWaitForTheirTime() {
        MailboxTestBed bed = MailboxTestBed.create();
        bed.scheduler().timer("retry", () -> {}).arm(SECOND.toNanos());
        AtomicInteger runs = new AtomicInteger();
        bed.scheduler().execute(runs::incrementAndGet);

        Throwable failure = catchThrowable(bed::close);

        assertThat(failure).hasMessage("left over at the end of the test:\n  - pending: retry, due in PT1S");
        assertThat(runs).hasValue(1);
    }

    @Test
    void tasksMayStayPending() {
        MailboxTestBed bed = MailboxTestBed.builder().tasksMayStayPending().build();
        bed.scheduler().timer("retry", () -> {}).arm(SECOND.toNanos());

        assertThatCode(bed::close).doesNotThrowAnyException();
    }

    @Test
    void aPollTimerOfAClosedChannelIsNotLeftOver() {
        MailboxTestBed bed = MailboxTestBed.builder()
                .controller(settings -> settings.txDoneMethod(TxDoneMethod.POLL))
                .build();
        bed.channel().onSend(SendResponse.never());
        MailboxChannel channel = bed.bind();
        channel.sendMessage("a");
        bed.scheduler().runDue();
        channel.close();
        assertThat(bed.scheduler().pending()).hasSize(1);

        assertThatCode(bed::close).doesNotThrowAnyException();
    }

    @Test
    void showsExceptionsThatWereOnlyLogged() {
        try (var logged = new LogCapture()) {
            MailboxTestBed bed = MailboxTestBed.create();
            bed.client().onReceive((channel, message) -> {
                throw new IllegalStateException("client");
            });
            MailboxChannel channel = bed.bind();
            bed.scheduler().execute(() -> {
                throw new IllegalStateException("task");
            });

            bed.scheduler().runDue();
            bed.channel().receive("a");
            channel.close();

            assertThat(leftOver(bed))
                    .containsExactly(
                            "thrown: java.lang.IllegalStateException: task",
                            "thrown: java.lang.IllegalStateException: client");
            assertThat(logged.at(Level.ERROR)).hasSize(2);
        }
    }

    @Test
    void exceptionsMayBeExpected() {
        try (var logged = new LogCapture()) {
            MailboxTestBed bed =
                    MailboxTestBed.builder().exceptionsAreExpected().build();
            bed.scheduler().execute(() -> {
                throw new IllegalStateException("task");
            });

            assertThatCode(bed::close).doesNotThrowAnyException();
            assertThat(logged.at(Level.ERROR)).hasSize(1);
        }
    }

    @Test
    void whatIsThrownWhileClosingIsShownToo() {
        MailboxTestBed bed = MailboxTestBed.builder().channelsMayStayOpen().build();
        bed.bind();
        bed.channel().onShutdown(() -> {
            throw new AssertionError("shutdown");
        });
        bed.scheduler().spawn("waiter", () -> {
            bed.scheduler().await(new Completion(), SECOND.toNanos());
        });

        Throwable failure;
        try (var logged = new LogCapture()) {
            failure = catchThrowable(bed::close);
            assertThat(logged.at(Level.ERROR)).hasSize(1);
        }

        assertThat(failure)
                .hasMessage("left over at the end of the test:\n  - thread 'waiter' still waits"
                        + "\n  - thrown: java.lang.AssertionError: shutdown");
        assertThat(failure.getSuppressed()).hasSize(1);
        assertThat(bed.scheduler().waitingThreads()).isEmpty();
    }

    @Test
    void aTestThatFailsFirstIsNotHidden() {
        assertThatThrownBy(() -> {
                    try (MailboxTestBed bed = MailboxTestBed.create()) {
                        bed.bind();
                        throw new IllegalStateException("the test");
                    }
                })
                .hasMessage("the test")
                .satisfies(failure ->
                        assertThat(failure.getSuppressed()[0]).hasMessageContaining("channel fake/0 is still open"));
    }

    @Test
    void findsAThreadThatASeedLetsBeginAtTheEnd() {
        for (long seed = 0; seed < 20; seed++) {
            VirtualScheduler scheduler = VirtualScheduler.exploring(seed);
            MailboxTestBed bed = MailboxTestBed.create(scheduler);
            scheduler.spawn("late", () -> scheduler.await(new Completion(), Long.MAX_VALUE));

            assertThat(leftOver(bed)).as("seed %d", seed).containsExactly("thread 'late' still waits");
        }
    }
}
