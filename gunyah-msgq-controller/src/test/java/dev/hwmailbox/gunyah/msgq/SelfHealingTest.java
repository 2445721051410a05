// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.msgq;

import static dev.hwmailbox.gunyah.msgq.RecordingClient.bytes;
import static dev.hwmailbox.gunyah.msgq.RecordingClient.message;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hwmailbox.ChannelEvent;
import dev.hwmailbox.CloseMode;
import dev.hwmailbox.Errno;
import dev.hwmailbox.MailboxChannel;
import dev.hwmailbox.MailboxException;
import dev.hwmailbox.gunyah.GunyahError;
import dev.hwmailbox.gunyah.hypervisor.SoftwareHypervisor;
import dev.hwmailbox.gunyah.hypervisor.StaleMessages;
import dev.hwmailbox.gunyah.msgq.QueuePairBed.Pair;
import dev.hwmailbox.gunyah.testing.FaultyHypercalls;
import dev.hwmailbox.gunyah.testing.FaultyInterrupts;
import dev.hwmailbox.gunyah.testing.Hypercall;
import dev.hwmailbox.gunyah.testing.HypercallFault;
import dev.hwmailbox.gunyah.testing.InterruptFault;
import dev.hwmailbox.gunyah.testing.Occurrence;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Completion levels, and channels that go on whatever is lost, refused, revoked or reset. */
final class SelfHealingTest {
    private static final Duration DELAY = GunyahMsgqController.DEFAULT_RETRY_DELAY;
    private static final Duration BUDGET = Duration.ofMillis(35);

    private final QueuePairBed bed = new QueuePairBed();
    private final FaultyInterrupts interrupts = FaultyInterrupts.over(bed.near.interrupts(), bed.scheduler);
    private final FaultyHypercalls hypercalls = FaultyHypercalls.over(bed.near.hypercalls());
    private final EventClient client = new EventClient();

    /** Writes down events, too, and what is done with its name. */
    private static class EventClient extends RecordingClient {
        final List<ChannelEvent> events = new ArrayList<>();
        final List<String> ended = new ArrayList<>();

        @Override
        public void txDone(MailboxChannel channel, @Nullable Object message, int status) {
            super.txDone(channel, message, status);
            String name = message instanceof MsgqMessage m
                    ? new String(m.buffer(), m.offset(), m.length(), StandardCharsets.US_ASCII)
                    : String.valueOf(message);
            ended.add(name + " " + (status == 0 ? "ok" : Errno.name(status)));
        }

        @Override
        public void event(MailboxChannel channel, ChannelEvent event) {
            events.add(event);
        }
    }

    private GunyahMsgqController controller(Consumer<GunyahMsgqController.Builder> settings) {
        var builder = GunyahMsgqController.builder(hypercalls, interrupts, bed.scheduler);
        settings.accept(builder);
        return builder.build();
    }

    private MailboxChannel open(Pair pair, CompletionLevel level) {
        return controller(builder -> builder.completionLevel(level)).requestChannel(client, pair.near());
    }

    private void far(Pair pair, String expected) {
        assertThat(new String(bed.rawReceive(pair.nearToFar()), StandardCharsets.US_ASCII))
                .isEqualTo(expected);
    }

    // ---- levels ----

    @Test
    void acceptedIsDoneEvenIfTheQueueIsFullNow() {
        Pair pair = bed.pair(1);
        MailboxChannel channel = open(pair, CompletionLevel.ACCEPTED);

        channel.sendMessage(message("fills"));
        assertThat(client.ended).containsExactly("fills ok");
        channel.sendMessage(message("waits"));
        bed.scheduler.advance(DELAY.multipliedBy(3));
        assertThat(client.ended).hasSize(1);
        far(pair, "fills");
        bed.scheduler.runDue();

        assertThat(client.ended).containsExactly("fills ok", "waits ok");
        far(pair, "waits");
    }

    @Test
    void readyIsDoneWhenThereIsRoomForTheNext() {
        Pair pair = bed.pair(2);
        MailboxChannel channel = open(pair, CompletionLevel.READY);

        channel.sendMessage(message("a"));
        channel.sendMessage(message("b"));
        assertThat(client.ended).containsExactly("a ok");
        far(pair, "a");
        bed.scheduler.runDue();

        assertThat(client.ended).containsExactly("a ok", "b ok");
    }

    @Test
    void takenIsDoneWhenThePeerHasTakenItOneAtATime() {
        Pair pair = bed.pair(8);
        MailboxChannel channel = open(pair, CompletionLevel.TAKEN);
        channel.sendMessage(message("a"));
        channel.sendMessage(message("b"));
        bed.scheduler.advance(DELAY.multipliedBy(5));
        assertThat(client.ended).isEmpty();

        far(pair, "a");
        bed.scheduler.runDue();
        assertThat(client.ended).containsExactly("a ok");
        bed.scheduler.advance(DELAY.multipliedBy(5));
        assertThat(client.ended).containsExactly("a ok");
        far(pair, "b");
        bed.scheduler.runDue();

        assertThat(client.ended).containsExactly("a ok", "b ok");
        bed.scheduler.advance(Duration.ofSeconds(1));
        assertThat(bed.scheduler.pending()).isEmpty();
    }

    @Test
    void takenWaitsForWhatWasInTheQueueBefore() {
        Pair pair = bed.pair(8);
        bed.rawSend(pair.nearToFar(), bytes("old 1"));
        bed.rawSend(pair.nearToFar(), bytes("old 2"));
        MailboxChannel channel = open(pair, CompletionLevel.TAKEN);
        channel.sendMessage(message("new"));
        bed.scheduler.advance(DELAY.multipliedBy(3));

        far(pair, "old 1");
        bed.scheduler.advance(DELAY.multipliedBy(3));
        int before = bed.sends.get();
        far(pair, "old 2");
        bed.scheduler.runDue();

        assertThat(before).isEqualTo(2); // those beside the controller
        assertThat(client.ended).isEmpty();
        far(pair, "new");
        bed.scheduler.runDue();
        assertThat(client.ended).containsExactly("new ok");
    }

    @Test
    void takenIsDoneAllTheSameIfTheInterruptIsLost() {
        Pair pair = bed.pair(8);
        MailboxChannel channel = open(pair, CompletionLevel.TAKEN);
        bed.scheduler.runDue();
        channel.sendMessage(message("a"));
        interrupts.inject(pair.near().txVirq(), Occurrence.nth(1), InterruptFault.dropped());
        far(pair, "a");
        bed.scheduler.runDue();
        assertThat(client.ended).isEmpty();

        bed.scheduler.advance(DELAY);

        assertThat(interrupts.injected()).isOne();
        assertThat(client.ended).containsExactly("a ok");
    }

    @Test
    void takenStartsAllTheSameIfTheFirstInterruptIsLost() {
        Pair pair = bed.pair(8);
        interrupts.inject(pair.near().txVirq(), Occurrence.nth(1), InterruptFault.dropped());
        MailboxChannel channel = open(pair, CompletionLevel.TAKEN);
        bed.scheduler.runDue();
        assertThat(interrupts.injected()).isOne();

        channel.sendMessage(message("a"));
        bed.scheduler.advance(DELAY);

        far(pair, "a");
    }

    @Test
    void takenEndsWithTheQueuesErrorIfItGoesWhileTheFirstWaitsForItToRunEmpty() {
        Pair pair = bed.pair(8);
        bed.rawSend(pair.nearToFar(), bytes("old"));
        MailboxChannel channel = open(pair, CompletionLevel.TAKEN);
        channel.sendMessage(message("a"));
        bed.scheduler.runDue();

        bed.revokeAll(pair.nearToFar());
        bed.scheduler.advance(DELAY);

        assertThat(client.ended).containsExactly("a EACCES");
        assertThat(client.events).containsExactly(ChannelEvent.PEER_RESET);
    }

    // ---- lost interrupts ----

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 8, 100, 129, 255})
    void lostInterruptOfTheMessageThatFillsTheQueueIsMadeUpFor(int depth) {
        Pair pair = bed.pair(depth);
        MailboxChannel channel = open(pair, CompletionLevel.READY);
        interrupts.inject(pair.near().txVirq(), Occurrence.nth(1), InterruptFault.dropped());
        for (int i = 0; i < depth; i++) {
            channel.sendMessage(message("m" + i));
        }
        assertThat(client.ended).hasSize(depth - 1);

        far(pair, "m0");
        bed.scheduler.runDue();
        assertThat(client.ended).hasSize(depth - 1);
        bed.scheduler.advance(DELAY);

        assertThat(interrupts.injected()).isOne();
        assertThat(client.ended).hasSize(depth);
        assertThat(client.done).containsOnly("ok");
    }

    @Test
    void neverSaysThatThereIsRoomWhileThereIsNone() {
        Pair pair = bed.pair(3);
        MailboxChannel channel = open(pair, CompletionLevel.READY);
        for (int i = 0; i < 3; i++) {
            channel.sendMessage(message("m" + i));
        }

        bed.scheduler.advance(DELAY.multipliedBy(50));

        assertThat(client.ended).containsExactly("m0 ok", "m1 ok");
        // Looked after once a delay, and no more than that.
        assertThat(bed.scheduler.pending()).hasSize(1);
    }

    @Test
    void everyOtherInterruptLostCostsTimeButNoMessage() {
        Pair pair = bed.pair(1);
        interrupts.inject(pair.near().txVirq(), Occurrence.everyNth(2), InterruptFault.dropped());
        MailboxChannel channel = open(pair, CompletionLevel.READY);
        for (int i = 0; i < 15; i++) {
            channel.sendMessage(message("m" + i));
        }

        for (int i = 0; i < 15; i++) {
            bed.scheduler.advance(DELAY.multipliedBy(2));
            far(pair, "m" + i);
        }
        bed.scheduler.advance(DELAY.multipliedBy(2));

        assertThat(client.done).hasSize(15).containsOnly("ok");
        assertThat(interrupts.injected()).isPositive();
    }

    @Test
    void lostReceiveInterruptIsMadeUpForByTheNext() {
        Pair pair = bed.pair(8);
        open(pair, CompletionLevel.READY);
        bed.scheduler.runDue();
        interrupts.inject(pair.near().rxVirq(), Occurrence.nth(1), InterruptFault.dropped());

        bed.rawSend(pair.farToNear(), bytes("unheard"));
        bed.scheduler.runDue();
        assertThat(client.received).isEmpty();
        bed.scheduler.execute(() -> bed.near.interrupts().raise(pair.near().rxVirq()));
        bed.scheduler.runUntilIdle();

        assertThat(client.received).containsExactly("unheard");
    }

    // ---- budget ----

    @Test
    void refusedMessageEndsWithEagainOnceTheBudgetIsUsedUpAndTheNextHasItsOwn() {
        Pair pair = bed.pair(1);
        MailboxChannel channel =
                controller(builder -> builder.fullBudget(BUDGET)).requestChannel(client, pair.near());
        bed.rawSend(pair.nearToFar(), bytes("someone else's"));
        channel.sendMessage(message("a"));
        channel.sendMessage(message("b"));

        bed.scheduler.advance(BUDGET.minusNanos(1));
        assertThat(client.ended).isEmpty();
        bed.scheduler.advance(Duration.ofNanos(1));
        assertThat(client.ended).containsExactly("a EAGAIN");
        bed.scheduler.advance(BUDGET.minusNanos(1));
        assertThat(client.ended).hasSize(1);
        bed.scheduler.advance(Duration.ofNanos(1));

        assertThat(client.ended).containsExactly("a EAGAIN", "b EAGAIN");
        assertThat(client.events).isEmpty();
        far(pair, "someone else's");
        channel.sendMessage(message("c"));
        far(pair, "c");
        bed.scheduler.runUntilIdle();
    }

    @ParameterizedTest
    @CsvSource({"READY, a ok", "TAKEN, a ETIME"})
    void waitingMessageEndsOnceTheBudgetIsUsedUp(CompletionLevel level, String end) {
        Pair pair = bed.pair(1);
        MailboxChannel channel = controller(
                        builder -> builder.fullBudget(BUDGET).completionLevel(level))
                .requestChannel(client, pair.near());
        bed.scheduler.runDue();

        channel.sendMessage(message("a"));
        bed.scheduler.advance(BUDGET);
        assertThat(client.ended).isEmpty();
        bed.scheduler.advance(DELAY.multipliedBy(2));

        assertThat(client.ended).containsExactly(end);
        assertThat(bed.scheduler.pending()).isEmpty();
    }

    @Test
    void messageBehindOneThatWasNotTakenInTimeWaitsUntilItIs() {
        Pair pair = bed.pair(8);
        MailboxChannel channel = controller(
                        builder -> builder.fullBudget(BUDGET).completionLevel(CompletionLevel.TAKEN))
                .requestChannel(client, pair.near());
        bed.scheduler.runDue();
        channel.sendMessage(message("a"));
        channel.sendMessage(message("b"));
        bed.scheduler.advance(BUDGET.plus(DELAY.multipliedBy(2)));
        assertThat(client.ended).containsExactly("a ETIME");
        assertThat(bed.sends.get()).isOne();

        far(pair, "a");
        bed.scheduler.runDue();
        far(pair, "b");
        bed.scheduler.runDue();

        assertThat(client.ended).containsExactly("a ETIME", "b ok");
    }

    @Test
    void budgetBeginsAnewWithEveryMessage() {
        Pair pair = bed.pair(1);
        MailboxChannel channel =
                controller(builder -> builder.fullBudget(BUDGET)).requestChannel(client, pair.near());
        for (int i = 0; i < 5; i++) {
            channel.sendMessage(message("m" + i));
        }

        for (int i = 0; i < 5; i++) {
            bed.scheduler.advance(BUDGET.minusNanos(1));
            far(pair, "m" + i);
            bed.scheduler.runDue();
        }

        assertThat(client.done).hasSize(5).containsOnly("ok");
    }

    // ---- revoked ----

    @Test
    void capabilityRevokedWhileAMessageWaitsForRoomEndsItAndSaysSoOnce() {
        Pair pair = bed.pair(1);
        MailboxChannel channel = open(pair, CompletionLevel.READY);
        channel.sendMessage(message("a"));
        channel.sendMessage(message("b"));

        bed.revokeAll(pair.nearToFar());
        bed.scheduler.advance(DELAY);
        channel.sendMessage(message("c"));

        assertThat(client.ended).containsExactly("a EACCES", "b EACCES", "c EACCES");
        assertThat(client.events).containsExactly(ChannelEvent.PEER_RESET);
        bed.scheduler.advance(DELAY);
        assertThat(bed.scheduler.pending()).isEmpty();
    }

    @Test
    void clientThatDrainsWhenItHearsOfALossDoesNotWaitForItself() {
        List<Integer> drained = new ArrayList<>();
        EventClient draining = new EventClient() {
            @Override
            public void event(MailboxChannel channel, ChannelEvent event) {
                super.event(channel, event);
                if (event == ChannelEvent.PEER_RESET) {
                    drained.add(channel.close(CloseMode.DRAIN, Duration.ofHours(1)));
                }
            }
        };
        Pair pair = bed.pair(1);
        controller(builder -> {}).requestChannel(draining, pair.near()).sendMessage(message("a"));

        bed.revokeAll(pair.nearToFar());
        bed.scheduler.advance(DELAY);

        assertThat(drained).containsExactly(0);
        assertThat(draining.ended).containsExactly("a EACCES");
        assertThat(bed.scheduler.elapsed()).isEqualTo(DELAY);
    }

    @Test
    void capabilityRevokedWhileAMessageIsRefusedEndsIt() {
        Pair pair = bed.pair(1);
        MailboxChannel channel = open(pair, CompletionLevel.READY);
        bed.rawSend(pair.nearToFar(), bytes("someone else's"));
        channel.sendMessage(message("a"));

        bed.revokeAll(pair.nearToFar());
        bed.scheduler.advance(DELAY);

        assertThat(client.ended).containsExactly("a EACCES");
        assertThat(client.events).containsExactly(ChannelEvent.PEER_RESET);
    }

    @Test
    void capabilityRevokedWhileIdleShowsWithTheNextMessage() {
        Pair pair = bed.pair(1);
        MailboxChannel channel = open(pair, CompletionLevel.READY);

        bed.revokeAll(pair.nearToFar());
        assertThat(client.events).isEmpty();
        channel.sendMessage(message("a"));

        assertThat(client.ended).containsExactly("a EACCES");
        assertThat(client.events).containsExactly(ChannelEvent.PEER_RESET);
    }

    @Test
    void capabilityRevokedWhileReceivingSaysSoOnce() {
        Pair pair = bed.pair(8);
        open(pair, CompletionLevel.READY);
        bed.rawSend(pair.farToNear(), bytes("a"));
        bed.revokeAll(pair.farToNear());

        bed.scheduler.runUntilIdle();
        bed.rawSend(pair.farToNear(), bytes("b"));
        bed.scheduler.runUntilIdle();

        assertThat(client.received).isEmpty();
        assertThat(client.events).containsExactly(ChannelEvent.PEER_RESET);
    }

    @ParameterizedTest
    @CsvSource({"2, EINVAL", "20, EINVAL", "30, EACCES", "10, ENOMEM", "-2, EOPNOTSUPP", "4711, EINVAL"})
    void otherErrorsEndOneMessageAndSayNothingOfThePeer(int gunyahError, String errno) {
        Pair pair = bed.pair(8);
        MailboxChannel channel = open(pair, CompletionLevel.READY);
        hypercalls.inject(Hypercall.SEND, Occurrence.nth(1), HypercallFault.status(gunyahError));

        channel.sendMessage(message("a"));
        channel.sendMessage(message("b"));

        assertThat(client.ended).containsExactly("a " + errno, "b ok");
        assertThat(client.events).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            ints = {
                GunyahError.ARGUMENT_INVALID,
                GunyahError.OBJECT_STATE,
                GunyahError.CSPACE_CAP_NULL,
                GunyahError.CSPACE_CAP_REVOKED,
                GunyahError.CSPACE_WRONG_OBJECT_TYPE,
                GunyahError.CSPACE_INSUFFICIENT_RIGHTS
            })
    void errorsThatTellOfALostQueueTellTheClient(int gunyahError) {
        Pair pair = bed.pair(8);
        MailboxChannel channel = open(pair, CompletionLevel.READY);
        hypercalls.inject(Hypercall.SEND, Occurrence.always(), HypercallFault.status(gunyahError));

        channel.sendMessage(message("a"));
        channel.sendMessage(message("b"));

        assertThat(client.events).containsExactly(ChannelEvent.PEER_RESET);
    }

    // ---- the peer is reset ----

    private record Reset(GunyahMsgqController controller, MailboxChannel channel, Pair pair) {}

    private Reset reset(RecordingClient listener, int depth) {
        GunyahMsgqController controller = controller(builder -> {});
        Pair pair = bed.pair(depth);
        return new Reset(controller, controller.requestChannel(listener, pair.near()), pair);
    }

    @Test
    void peerResetEndsWhatWaitsInOrderAndOnceAndLaterMessagesAreSent() {
        Reset r = reset(client, 1);
        for (String name : List.of("waiting", "b", "c")) {
            r.channel.sendMessage(message(name));
        }

        r.controller.peerReset(r.channel);
        assertThat(client.ended).containsExactly("waiting ECONNRESET", "b ECONNRESET", "c ECONNRESET");
        assertThat(client.events).containsExactly(ChannelEvent.PEER_RESET);
        far(r.pair, "waiting"); // what the queue has accepted stays there
        bed.scheduler.runUntilIdle();
        r.channel.sendMessage(message("later"));
        far(r.pair, "later");
        bed.scheduler.advance(DELAY);
        r.controller.peerReset(r.channel);

        assertThat(client.ended).hasSize(4).endsWith("later ok");
        assertThat(client.events).hasSize(1);
        assertThat(bed.scheduler.pending()).isEmpty();
    }

    @Test
    void peerResetEndsARefusedMessageAndThoseBehindIt() {
        Reset r = reset(client, 1);
        bed.rawSend(r.pair.nearToFar(), bytes("someone else's"));
        r.channel.sendMessage(message("refused"));
        r.channel.sendMessage(message("behind"));

        r.controller.peerReset(r.channel);

        assertThat(client.ended).containsExactly("refused ECONNRESET", "behind ECONNRESET");
        r.channel.sendMessage(message("later"));
        far(r.pair, "someone else's");
        bed.scheduler.runDue();
        far(r.pair, "later");
    }

    @Test
    void peerResetOfAnIdleChannelOnlySaysSo() {
        Reset r = reset(client, 1);

        r.controller.peerReset(r.channel);

        assertThat(client.events).containsExactly(ChannelEvent.PEER_RESET);
        r.channel.sendMessage(message("later"));
        far(r.pair, "later");
    }

    @Test
    void peerResetCountsMessagesThatCouldNotHaveBeenSentEither() {
        List<String> resent = new ArrayList<>(List.of("again 1", "again 2"));
        EventClient resending = new EventClient() {
            @Override
            public void txDone(MailboxChannel channel, @Nullable Object message, int status) {
                super.txDone(channel, message, status);
                if (status == -Errno.ECONNRESET && !resent.isEmpty()) {
                    channel.sendMessage(message(resent.remove(0)));
                }
            }
        };
        Reset r = reset(resending, 1);
        r.channel.sendMessage(message("a"));
        r.channel.sendMessage(MsgqMessage.of(new byte[241]));
        r.channel.sendMessage("text");
        r.channel.sendMessage(message("b"));

        r.controller.peerReset(r.channel);
        far(r.pair, "a");
        bed.scheduler.advance(DELAY);
        far(r.pair, "again 1");
        bed.scheduler.advance(DELAY);
        far(r.pair, "again 2");
        bed.scheduler.advance(DELAY);

        assertThat(resending.ended)
                .filteredOn(end -> end.startsWith("again"))
                .containsExactly("again 1 ok", "again 2 ok");
        assertThat(resending.ended)
                .filteredOn(end -> end.endsWith("ECONNRESET"))
                .hasSize(4);
    }

    @Test
    void peerResetEndsADrainWhichWouldWaitForAPeerThatIsGone() {
        Reset r = reset(client, 1);
        r.channel.sendMessage(message("a"));
        r.channel.sendMessage(message("b"));
        List<Integer> drained = new ArrayList<>();
        bed.scheduler.spawn(() -> drained.add(r.channel.close(CloseMode.DRAIN, Duration.ofHours(1))));
        bed.scheduler.runDue();

        r.controller.peerReset(r.channel);
        bed.scheduler.runDue();

        assertThat(client.ended).containsExactly("a ECONNRESET", "b ECONNRESET");
        assertThat(drained).containsExactly(0);
        assertThat(bed.scheduler.elapsed()).isZero();
        assertThat(client.events).containsExactly(ChannelEvent.PEER_RESET, ChannelEvent.CLOSED);
    }

    @ParameterizedTest
    @ValueSource(strings = {"txPrepare", "refused", "txDone", "rxCallback"})
    void peerResetFromInsideACallbackEndsWhatWaitsAndDoomsNothingLater(String callback) {
        List<GunyahMsgqController> controllers = new ArrayList<>();
        EventClient resetting = new EventClient() {
            private boolean happened;

            private void in(String name, MailboxChannel channel) {
                if (name.equals(callback) && !happened) {
                    happened = true;
                    controllers.get(0).peerReset(channel);
                }
            }

            @Override
            public void txPrepare(MailboxChannel channel, @Nullable Object message) {
                in("txPrepare", channel);
            }

            @Override
            public void refused(MailboxChannel channel, @Nullable Object message, int errno) {
                in("refused", channel);
            }

            @Override
            public void txDone(MailboxChannel channel, @Nullable Object message, int status) {
                super.txDone(channel, message, status);
                in("txDone", channel);
            }

            @Override
            public void rxCallback(MailboxChannel channel, @Nullable Object message) {
                super.rxCallback(channel, message);
                in("rxCallback", channel);
            }
        };
        Reset r = reset(resetting, 1);
        controllers.add(r.controller);
        bed.rawSend(r.pair.nearToFar(), bytes("full"));
        r.channel.sendAll(List.of(message("a"), message("b")));
        bed.rawSend(r.pair.farToNear(), bytes("rx"));
        bed.scheduler.runDue();
        far(r.pair, "full");
        for (int i = 0; i < 5; i++) {
            bed.scheduler.advance(DELAY);
            if (resetting.ended.size() < 2) {
                bed.rawReceive(r.pair.nearToFar());
            }
        }
        assertThat(resetting.ended).hasSize(2).allMatch(end -> end.startsWith("a ") || end.endsWith("ECONNRESET"));
        assertThat(resetting.events).containsExactly(ChannelEvent.PEER_RESET);

        r.channel.sendMessage(message("later"));
        bed.scheduler.advance(DELAY);

        List<String> there = new ArrayList<>();
        there.add(new String(bed.rawReceive(r.pair.nearToFar()), StandardCharsets.US_ASCII));
        bed.scheduler.advance(DELAY);
        if (!there.contains("later")) {
            far(r.pair, "later");
        }
        bed.scheduler.advance(DELAY);
        assertThat(resetting.ended).hasSize(3).endsWith("later ok");
    }

    @Test
    void peerResetIsForOpenChannelsOfThisController() {
        Reset r = reset(client, 1);
        Reset other = reset(new RecordingClient(), 1);
        GunyahMsgqController published = controller(GunyahMsgqController.Builder::published);
        MailboxChannel kernel =
                published.requestChannel(new RecordingClient(), bed.pair(1).near());

        for (Runnable foreign :
                List.<Runnable>of(() -> r.controller.peerReset(other.channel), () -> published.peerReset(kernel))) {
            assertThatThrownBy(foreign::run)
                    .isInstanceOfSatisfying(
                            MailboxException.class,
                            e -> assertThat(Errno.name(e.errno())).isEqualTo("EINVAL"));
        }
        r.channel.close();
        r.controller.peerReset(r.channel);

        assertThat(client.events).containsExactly(ChannelEvent.CLOSED);
    }

    // ---- receiving ----

    @Test
    void messagesOfAPeerThatWasResetMeanwhileAreMarkedIfTheHypervisorSaysSo() {
        Pair pair = bed.pair(8);
        List<String> heard = new ArrayList<>();
        RecordingClient listener = new RecordingClient() {
            @Override
            public void rxCallback(MailboxChannel channel, @Nullable Object message) {
                boolean stale = message instanceof StaleMessage;
                ByteBuffer bytes =
                        message instanceof StaleMessage s ? s.bytes() : (ByteBuffer) Objects.requireNonNull(message);
                heard.add((stale ? "stale " : "") + StandardCharsets.US_ASCII.decode(bytes));
            }
        };
        controller(builder -> {}).requestChannel(listener, pair.near());
        bed.scheduler.runDue();
        hypercalls.inject(Hypercall.RECEIVE, Occurrence.nth(1), HypercallFault.status(GunyahError.MSGQUEUE_EMPTY));
        bed.rawSend(pair.farToNear(), bytes("old"));
        bed.scheduler.runUntilIdle();

        bed.far.reset(StaleMessages.TAG);
        bed.rawSend(pair.farToNear(), bytes("new"));
        bed.near.interrupts().raise(pair.near().rxVirq());
        bed.scheduler.runUntilIdle();

        assertThat(heard).containsExactly("stale old", "new");
    }

    @Test
    void receiverThatIsAskedToLookAgainForEverLetsOthersRun() {
        QueuePairBed inline = new QueuePairBed(SoftwareHypervisor.builder()
                .schedulers(vmid -> bed.scheduler)
                .interruptDelivery(vmid -> Runnable::run));
        Pair pair = inline.pair(8);
        List<Integer> before = new ArrayList<>();
        RecordingClient answering = new RecordingClient() {
            @Override
            public void rxCallback(MailboxChannel channel, @Nullable Object message) {
                super.rxCallback(channel, message);
                if (received.size() < 1000) {
                    inline.rawSend(pair.farToNear(), bytes("more")); // interrupts at once, on this thread
                }
            }
        };
        inline.rawSend(pair.farToNear(), bytes("first"));
        GunyahMsgqController.builder(inline.near.hypercalls(), inline.near.interrupts(), bed.scheduler)
                .drainLimit(3)
                .build()
                .requestChannel(answering, pair.near());
        bed.scheduler.execute(() -> before.add(answering.received.size()));

        bed.scheduler.runUntilIdle();

        assertThat(before).hasSize(1);
        assertThat(before.get(0)).isBetween(1, 100); // a few times the limit, as the line has one of its own
        assertThat(answering.received).hasSize(1000);
    }

    @Test
    void pushGoesToTheHypervisorAsTheMessageSays() {
        Pair pair = bed.pair(8);
        List<Boolean> pushed = new ArrayList<>();
        var watched = (dev.hwmailbox.gunyah.GunyahHypercalls) java.lang.reflect.Proxy.newProxyInstance(
                getClass().getClassLoader(),
                new Class<?>[] {dev.hwmailbox.gunyah.GunyahHypercalls.class},
                (proxy, method, args) -> {
                    if (method.getName().equals("msgqSend")) {
                        pushed.add((Boolean) args[4]);
                    }
                    return method.invoke(hypercalls, args);
                });
        MailboxChannel channel = GunyahMsgqController.builder(watched, interrupts, bed.scheduler)
                .build()
                .requestChannel(client, pair.near());

        channel.sendMessage(MsgqMessage.of(bytes("a"), 0, 1, false));
        channel.sendMessage(MsgqMessage.of(bytes("b"), 0, 1, true));
        channel.sendMessage(message("c"));
        channel.sendMessage(ByteBuffer.wrap(bytes("d")));

        assertThat(pushed).containsExactly(false, true, true, true);
    }
}
