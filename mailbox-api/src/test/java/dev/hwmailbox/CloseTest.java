// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.hwmailbox.controller.TxDoneMethod;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Binding and the end of a binding. */
class CloseTest {
    private final World world = new World(TxDoneMethod.IRQ);
    private final MailboxChannel channel = world.bind();

    private MailboxException bindFails() {
        return catchThrowableOfType(MailboxException.class, world::bind);
    }

    @Test
    void dropsEverythingWithoutReportAndTellsTheClient() {
        channel.sendMessage("flying");
        channel.sendMessage("queued");
        world.takeLog();

        channel.close();

        assertThat(world.log).containsExactly("shutdown", "event ABANDONED", "event CLOSED");
        assertThat(channel.isClosed()).isTrue();
        assertThat(world.hardware().isBound()).isFalse();
    }

    @Test
    void abandonsNothingWhenEverythingIsReported() {
        channel.sendMessage("a");
        world.hardware().txDone(0);
        world.takeLog();

        channel.close();

        assertThat(world.log).containsExactly("shutdown", "event CLOSED");
    }

    @Test
    void closingAgainDoesNothing() {
        channel.close();
        world.takeLog();

        channel.close();

        assertThat(world.log).isEmpty();
    }

    @Test
    void closingAStaleHandleDoesNotTouchTheNextOwner() {
        channel.close();
        MailboxChannel next = world.bind();

        channel.close();

        assertThat(next.sendMessage("a")).isZero();
        assertThat(world.log).doesNotContain("shutdown");
    }

    @Test
    void answersEinvalAfterClose() {
        channel.close();
        world.takeLog();

        assertThat(channel.sendMessage("a")).isEqualTo(-Errno.EINVAL);
        assertThat(channel.flush(Duration.ZERO)).isEqualTo(-Errno.EINVAL);
        assertThat(channel.slotsAvailable()).isEqualTo(-Errno.EINVAL);
        assertThat(world.log).isEmpty();
    }

    @Test
    void dropsWhatIsReceivedOrReportedAfterClose() {
        channel.sendMessage("a");
        long late = world.driver.lastTxId();
        channel.close();
        world.takeLog();

        world.hardware().receivedData("late");
        world.hardware().txDone(0);
        world.hardware().txDone(late, 0);
        world.hardware().raiseEvent(ChannelEvent.PEER_RESET);

        assertThat(world.log).isEmpty();
    }

    @Test
    @DisplayName("D7 a late report does not touch the next owner")
    void aLateReportDoesNotTouchTheNextOwner() {
        channel.sendMessage("a");
        long late = world.driver.lastTxId();
        channel.close();
        MailboxChannel next = world.bind();
        next.sendMessage("b");
        world.takeLog();

        world.hardware().txDone(late, 0);

        assertThat(world.log).isEmpty();
    }

    @Test
    void deliversWhatIsReceivedDuringShutdown() {
        world.on("shutdown", () -> world.hardware().receivedData("last"));

        channel.close();

        assertThat(world.log).containsExactly("shutdown", "rx last", "event CLOSED");
    }

    @Test
    void startsNoTransmissionDuringShutdown() {
        channel.sendMessage("a");
        channel.sendMessage("b");
        world.takeLog();
        world.on("shutdown", () -> {
            world.hardware().txDone(0);
            assertThat(channel.sendMessage("c")).isEqualTo(-Errno.EINVAL);
            channel.close();
        });

        channel.close();

        assertThat(world.log).containsExactly("shutdown", "event ABANDONED", "event CLOSED");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "prepare",
                "sendData",
                "txDone",
                "rx",
                "refused",
                "writable",
                "flush",
                "peekData",
                "event PEER_RESET"
            })
    void canBeClosedFromInsideEveryCall(String call) {
        if (call.equals("writable")) {
            for (int i = 0; i < 22; i++) {
                channel.sendMessage(i);
            }
        } else {
            channel.sendMessage("a");
            channel.sendMessage("b");
        }
        world.takeLog();
        world.driver.sendResults.add(call.equals("refused") ? -Errno.EBUSY : 0);
        world.on(call, channel::close);

        world.hardware().receivedData("data");
        channel.flush(Duration.ZERO);
        channel.peekData();
        world.hardware().raiseEvent(ChannelEvent.PEER_RESET);
        world.hardware().txDone(0);

        assertThat(world.log).containsOnlyOnce("event CLOSED").containsOnlyOnce("shutdown");
        assertThat(world.log.get(world.log.size() - 1)).isIn("event CLOSED", "peekData");
        assertThat(world.hardware().isBound()).isFalse();
        assertThat(world.bind().sendMessage("next owner")).isZero();
    }

    @Test
    void doesNotCallSendDataWhenClosedInTxPrepare() {
        world.on("prepare", channel::close);

        channel.sendMessage("a");

        assertThat(world.log).containsExactly("prepare a", "shutdown", "event ABANDONED", "event CLOSED");
    }

    @Test
    void theMessageBeforeIsNotReportedWhenClosedDuringTheNextAttempt() {
        channel.sendMessage("a");
        channel.sendMessage("b");
        world.takeLog();
        world.on("sendData", channel::close);

        world.hardware().txDone(0);

        assertThat(world.log)
                .containsExactly("prepare b", "sendData b -> 0", "shutdown", "event ABANDONED", "event CLOSED");
    }

    @Test
    @DisplayName("D14 reports what it drops to a client that asks for it")
    void reportsWhatItDropsToAClientThatAsksForIt() {
        MailboxChannel reporting = world.bind(1, ClientOptions.NON_BLOCKING.withReportAbandoned());
        reporting.sendMessage("flying");
        reporting.sendMessage("queued");
        reporting.sendMessage(null);
        world.takeLog();

        reporting.close();

        assertThat(world.log)
                .containsExactly(
                        "shutdown",
                        "txDone flying -ESHUTDOWN",
                        "txDone queued -ESHUTDOWN",
                        "txDone null -ESHUTDOWN",
                        "event ABANDONED",
                        "event CLOSED");
    }

    @Test
    void reportsAMessageThatWasDoneWithItsOwnStatusWhenClosedDuringTheNextAttempt() {
        MailboxChannel reporting = world.bind(1, ClientOptions.NON_BLOCKING.withReportAbandoned());
        reporting.sendMessage("a");
        reporting.sendMessage("b");
        world.takeLog();
        world.on("sendData", reporting::close);

        world.controller.channel(1).txDone(-Errno.EIO);

        assertThat(world.log)
                .containsExactly(
                        "prepare b",
                        "sendData b -> 0",
                        "shutdown",
                        "txDone a -EIO",
                        "txDone b -ESHUTDOWN",
                        "event ABANDONED",
                        "event CLOSED");
    }

    @Test
    void aSenderWhoseMessageWasDoneGetsItsStatusWhenClosedDuringTheNextAttempt() {
        CompletableFuture<Integer> first = channel.sendMessageAsync("a");
        CompletableFuture<Integer> second = channel.sendMessageAsync("b");
        world.on("sendData", channel::close);

        world.hardware().txDone(0);

        assertThat(first).isCompletedWithValue(0);
        assertThat(second).isCompletedExceptionally();
    }

    @Test
    void cannotBeBoundAgainBeforeTheLastAttemptHasReturned() {
        List<MailboxException> failures = new ArrayList<>();
        world.on("sendData", () -> {
            channel.close();
            failures.add(bindFails());
        });

        channel.sendMessage("a");

        assertThat(failures).extracting(MailboxException::errno).containsExactly(Errno.EBUSY);
        assertThat(world.hardware().isBound()).isFalse();
        world.bind();
    }

    @Test
    void dropsWhatIsReceivedWhileTheLastAttemptIsStillOnItsWay() {
        world.on("sendData", () -> {
            channel.close();
            world.hardware().receivedData("late");
        });

        channel.sendMessage("a");

        assertThat(world.log).doesNotContain("rx late");
    }

    @Test
    void canBeBoundAgainFromTheLastCallback() {
        world.on(
                "event CLOSED",
                () -> assertThat(world.bind().sendMessage("next")).isZero());

        channel.close();

        assertThat(world.log).contains("prepare next", "sendData next -> 0");
    }

    @Test
    void bindingABoundChannelFailsWithEbusy() {
        MailboxException failure = bindFails();

        assertThat(failure.errno()).isEqualTo(Errno.EBUSY);
        assertThat(failure).hasMessage("EBUSY: channel has an owner (c/0)");
    }

    @Test
    @DisplayName("D5 a failed startup unbinds without shutdown")
    void aFailedStartupUnbindsWithoutShutdown() {
        channel.close();
        world.takeLog();
        world.driver.startupResult = -Errno.EIO;

        MailboxException failure = bindFails();

        assertThat(failure.errno()).isEqualTo(Errno.EIO);
        assertThat(failure).hasMessage("EIO: startup failed (c/0)");
        assertThat(world.log).containsExactly("startup");
        world.driver.startupResult = 0;
        assertThat(world.bind().sendMessage("a")).isZero();
    }

    @Test
    void aPositiveStartupResultIsAFailureToo() {
        channel.close();
        world.driver.startupResult = 1;

        MailboxException failure = bindFails();

        assertThat(failure.errno()).isEqualTo(-1);
        assertThat(failure).hasMessage("result 1: startup failed (c/0)");
    }

    @Test
    void aStartupThatThrowsFailsTheBindingWithEio() {
        channel.close();
        var cause = new IllegalStateException("no hardware");
        world.on("startup", () -> {
            throw cause;
        });

        MailboxException failure = bindFails();

        assertThat(failure.errno()).isEqualTo(Errno.EIO);
        assertThat(failure).hasCause(cause);
        assertThat(world.hardware().isBound()).isFalse();
    }

    @Test
    void theStartupsOwnMailboxExceptionPassesThrough() {
        channel.close();
        var own = new MailboxException(Errno.ENXIO, "no such queue");
        world.on("startup", () -> {
            throw own;
        });

        assertThat(bindFails()).isSameAs(own);
    }

    @Test
    void anErrorInStartupPassesThroughAndLeavesTheChannelFree() {
        channel.close();
        world.on("startup", () -> {
            throw new AssertionError("driver");
        });

        assertThat(catchThrowableOfType(AssertionError.class, world::bind)).hasMessage("driver");
        assertThat(world.hardware().isBound()).isFalse();
    }

    @Test
    void dataCanArriveAndBeAnsweredDuringStartup() {
        channel.close();
        world.on("startup", () -> world.hardware().receivedData("early"));
        world.on("rx", () -> world.log.add("rx while binding"));
        world.takeLog();

        world.controller.channel(0).bindClient(world.new LoggingClient(ClientOptions.NON_BLOCKING));

        assertThat(world.log).containsExactly("startup", "rx early", "rx while binding");
    }

    @Test
    void closingDuringStartupFailsTheBindingWithEshutdown() {
        channel.close();
        world.takeLog();
        world.on("startup", world.controller::close);

        assertThat(bindFails().errno()).isEqualTo(Errno.ESHUTDOWN);

        assertThat(world.log).containsExactly("startup", "shutdown", "event CLOSED");
        assertThat(world.hardware().isBound()).isFalse();
    }

    @Test
    void closingDuringAStartupThatFailsDoesNotShutDown() {
        channel.close();
        world.takeLog();
        world.driver.startupResult = -Errno.ENOMEM;
        world.on("startup", world.controller::close);

        assertThat(bindFails().errno()).isEqualTo(Errno.ENOMEM);

        assertThat(world.log).containsExactly("startup");
        assertThat(world.hardware().isBound()).isFalse();
    }

    @Test
    void eachEventIsToldOncePerBinding() {
        world.hardware().raiseEvent(ChannelEvent.PEER_RESET);
        world.hardware().raiseEvent(ChannelEvent.PEER_RESET);
        world.hardware().raiseEvent(ChannelEvent.ABANDONED);
        channel.sendMessage("a");
        channel.close();

        assertThat(world.log)
                .filteredOn(entry -> entry.startsWith("event"))
                .containsExactly("event PEER_RESET", "event ABANDONED", "event CLOSED");
    }

    @Test
    void aMessageSentDuringAStartupThatFailsIsAbandonedAsByAClose() {
        channel.close();
        var answers = new ArrayList<String>();
        world.driver.startupResult = -Errno.EIO;
        world.on("startup", () -> world.hardware().receivedData("early"));
        MailboxClient client = new MailboxClient() {
            @Override
            public ClientOptions options() {
                return ClientOptions.NON_BLOCKING.withReportAbandoned();
            }

            @Override
            public void rxCallback(MailboxChannel starting, @Nullable Object message) {
                starting.sendMessage("reply");
            }

            @Override
            public void txDone(MailboxChannel starting, @Nullable Object message, int status) {
                answers.add(message + " " + World.name(status));
            }

            @Override
            public void event(MailboxChannel starting, ChannelEvent event) {
                answers.add(event.name());
            }
        };

        MailboxException failure = catchThrowableOfType(
                MailboxException.class, () -> world.controller.channel(0).bindClient(client));

        assertThat(failure).hasMessageStartingWith("EIO");
        assertThat(answers).containsExactly("reply -ESHUTDOWN", "ABANDONED");
    }
}
