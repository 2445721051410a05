// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.msgq;

import static dev.hwmailbox.gunyah.msgq.RecordingClient.bytes;
import static dev.hwmailbox.gunyah.msgq.RecordingClient.message;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hwmailbox.Errno;
import dev.hwmailbox.MailboxChannel;
import dev.hwmailbox.MailboxException;
import dev.hwmailbox.gunyah.hypervisor.VirtualInterruptController.Trigger;
import dev.hwmailbox.gunyah.msgq.QueuePairBed.Pair;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A controller that is suspended, and woken. */
final class SuspendTest {
    private static final Duration LONG = Duration.ofMinutes(1);

    private final QueuePairBed bed = new QueuePairBed();
    private final GunyahMsgqController controller =
            bed.controller(bed.near).slots(3).build();
    private final RecordingClient client = new RecordingClient();
    private final Pair pair = bed.pair(1);
    private final List<MailboxChannel> alarms = new ArrayList<>();

    private MailboxChannel open(MsgqEndpoint endpoint) {
        MailboxChannel channel = controller.requestChannel(client, endpoint);
        bed.scheduler.runDue();
        return channel;
    }

    private void suspend(SuspendPolicy policy) {
        controller.suspend(policy, alarms::add);
    }

    private void arrives(String text) {
        bed.rawSend(pair.farToNear(), bytes(text));
        bed.scheduler.runDue();
    }

    private String leaves() {
        return new String(bed.rawReceive(pair.nearToFar()), java.nio.charset.StandardCharsets.US_ASCII);
    }

    // ---- sending ----

    @Test
    void refusesWhatIsSentWithEagain() {
        MailboxChannel channel = open(pair.near());
        suspend(SuspendPolicy.REFUSE);

        assertThat(channel.sendMessage(message("a"))).isNotNegative();

        assertThat(client.done).containsExactly("EAGAIN");
        assertThat(bed.sends).hasValue(0);
        controller.resume();
        channel.sendMessage(message("b"));
        assertThat(leaves()).isEqualTo("b");
    }

    @Test
    void refusesWhatWaitsForRoomAndEndsWhatHasFilledTheQueue() {
        MailboxChannel channel = open(pair.near());
        for (String text : List.of("a", "b", "c")) {
            channel.sendMessage(message(text));
        }
        assertThat(client.done).isEmpty();

        suspend(SuspendPolicy.REFUSE);

        assertThat(client.done).containsExactly("ok", "EAGAIN", "EAGAIN");
        assertThat(leaves()).isEqualTo("a");
        controller.resume();
        bed.scheduler.advance(LONG);
        assertThat(client.done).hasSize(3);
    }

    @Test
    void parksWhatIsSentAndSendsItInOrderWhenResumed() {
        MailboxChannel channel = open(pair.near());
        suspend(SuspendPolicy.PARK);
        channel.sendMessage(message("a"));
        channel.sendMessage(message("b"));
        bed.scheduler.advance(LONG);
        assertThat(client.done).isEmpty();
        assertThat(bed.sends).hasValue(0);

        controller.resume();
        bed.scheduler.runDue();

        assertThat(leaves()).isEqualTo("a");
        bed.scheduler.runDue();
        assertThat(leaves()).isEqualTo("b");
        bed.scheduler.runDue();
        assertThat(client.done).containsExactly("ok", "ok");
    }

    @Test
    void parksAsMuchAsTheChannelHolds() {
        MailboxChannel channel = open(pair.near());
        suspend(SuspendPolicy.PARK);

        for (int i = 0; i < MailboxChannel.TX_QUEUE_LENGTH; i++) {
            assertThat(channel.sendMessage(message("a"))).isNotNegative();
        }

        assertThat(channel.sendMessage(message("b"))).isEqualTo(-Errno.ENOBUFS);
    }

    @Test
    void timeSuspendedDoesNotCountAgainstTheBudget() {
        GunyahMsgqController hurried =
                bed.controller(bed.near).fullBudget(Duration.ofSeconds(1)).build();
        MailboxChannel channel = hurried.requestChannel(client, pair.near());
        channel.sendMessage(message("a"));
        bed.scheduler.advance(Duration.ofMillis(900));
        hurried.suspend(SuspendPolicy.PARK, alarms::add);
        channel.sendMessage(message("b"));
        bed.scheduler.advance(LONG);

        hurried.resume();
        bed.scheduler.advance(Duration.ofMillis(900));
        assertThat(client.done).isEmpty();
        bed.scheduler.advance(Duration.ofMillis(200));

        assertThat(client.done).containsExactly("ok"); // given up, as its time was up
    }

    @Test
    void roomThatComesWhileSuspendedIsToldWhenResumed() {
        MailboxChannel channel = open(pair.near());
        channel.sendMessage(message("a"));
        suspend(SuspendPolicy.PARK);
        assertThat(leaves()).isEqualTo("a");
        bed.scheduler.advance(LONG);
        assertThat(client.done).isEmpty();

        controller.resume();
        bed.scheduler.runDue();

        assertThat(client.done).containsExactly("ok");
    }

    @Test
    void peerResetEndsWhatIsParked() {
        MailboxChannel channel = open(pair.near());
        suspend(SuspendPolicy.PARK);
        channel.sendMessage(message("a"));

        controller.peerReset(channel);

        assertThat(client.done).containsExactly("ECONNRESET");
        controller.resume();
        channel.sendMessage(message("b"));
        assertThat(leaves()).isEqualTo("b");
    }

    // ---- receiving ----

    @ParameterizedTest
    @EnumSource(Trigger.class)
    void whatArrivesIsHeldAndDeliveredWhenResumed(Trigger trigger) {
        Pair held = bed.pair(8, QueuePairBed.MAX_MESSAGE, trigger);
        controller.requestChannel(client, held.near());
        bed.scheduler.runDue();
        suspend(SuspendPolicy.PARK);
        int before = bed.receives.get();

        bed.rawSend(held.farToNear(), bytes("a"));
        bed.rawSend(held.farToNear(), bytes("b"));
        bed.scheduler.advance(LONG);
        assertThat(client.received).isEmpty();
        assertThat(bed.receives).hasValue(before);
        assertThat(alarms).isEmpty();
        assertThat(controller.resume()).isEmpty();
        assertThat(client.received).as("inside resume").isEmpty();
        bed.scheduler.runDue();
        assertThat(client.received).containsExactly("a", "b");

        bed.rawSend(held.farToNear(), bytes("c"));
        bed.scheduler.runDue();
        assertThat(client.received).containsExactly("a", "b", "c");
    }

    @ParameterizedTest
    @EnumSource(Trigger.class)
    void firstChannelThatWakesIsReportedOnceAndItsMessagesComeWhenResumed(Trigger trigger) {
        Pair first = bed.pair(8, QueuePairBed.MAX_MESSAGE, trigger);
        Pair second = bed.pair(8, QueuePairBed.MAX_MESSAGE, trigger);
        MailboxChannel firstChannel = open(first.near().waking());
        open(second.near().waking());
        open(pair.near());
        suspend(SuspendPolicy.REFUSE);

        arrives("asleep");
        bed.scheduler.runDue();
        assertThat(alarms).isEmpty();
        bed.rawSend(first.farToNear(), bytes("a"));
        bed.scheduler.runDue();
        bed.rawSend(second.farToNear(), bytes("b"));
        bed.rawSend(first.farToNear(), bytes("c"));
        bed.scheduler.advance(LONG);

        assertThat(alarms).containsExactly(firstChannel);
        assertThat(client.received).isEmpty();
        assertThat(controller.resume()).containsSame(firstChannel);
        bed.scheduler.runDue();
        assertThat(client.received)
                .containsExactlyInAnyOrder("asleep", "a", "b", "c")
                .containsSubsequence("a", "c");
    }

    @Test
    void alarmMayResumeAtOnce() {
        open(pair.near().waking());
        controller.suspend(SuspendPolicy.PARK, channel -> {
            alarms.add(channel);
            controller.resume();
        });

        arrives("a");

        assertThat(alarms).hasSize(1);
        assertThat(client.received).containsExactly("a");
        suspend(SuspendPolicy.PARK);
        bed.scheduler.runDue();
        assertThat(alarms).hasSize(1);
    }

    @Test
    void exceptionOfTheAlarmHarmsNobody() {
        open(pair.near().waking());
        controller.suspend(SuspendPolicy.PARK, channel -> {
            throw new IllegalStateException("alarm");
        });

        arrives("a");
        assertThat(controller.resume()).isPresent();
        bed.scheduler.runDue();

        assertThat(client.received).containsExactly("a");
        assertThat(bed.scheduler.failures()).isEmpty();
    }

    @Test
    void suspendingInsideADeliveryKeepsTheRestAndWakesForIt() {
        Pair deep = bed.pair(8);
        var sleepy = new RecordingClient() {
            @Override
            public void rxCallback(MailboxChannel channel, @Nullable Object message) {
                super.rxCallback(channel, message);
                suspend(SuspendPolicy.PARK);
            }
        };
        MailboxChannel channel = controller.requestChannel(sleepy, deep.near().waking());
        bed.rawSend(deep.farToNear(), bytes("a"));
        bed.rawSend(deep.farToNear(), bytes("b"));
        bed.scheduler.runDue();

        assertThat(sleepy.received).containsExactly("a");
        assertThat(alarms).containsExactly(channel);
        controller.resume();
        bed.scheduler.runDue();
        assertThat(sleepy.received).containsExactly("a", "b");
    }

    // ---- the controller ----

    @Test
    void channelRequestedWhileSuspendedDeliversWhenResumed() {
        suspend(SuspendPolicy.PARK);
        bed.rawSend(pair.farToNear(), bytes("early"));

        MailboxChannel channel = open(pair.near().waking());
        bed.scheduler.runDue();
        assertThat(client.received).isEmpty();
        controller.resume();
        bed.scheduler.runDue();

        assertThat(client.received).containsExactly("early");
        channel.close();
        assertThat(controller.freeSlots()).isEqualTo(3);
    }

    @Test
    void channelsCanBeClosedWhileSuspended() {
        MailboxChannel channel = open(pair.near().waking());
        suspend(SuspendPolicy.PARK);
        channel.sendMessage(message("a"));

        channel.close();
        controller.resume();
        bed.scheduler.runDue();

        assertThat(controller.freeSlots()).isEqualTo(3);
        assertThat(bed.sends).hasValue(0);
        assertThat(bed.scheduler.pending()).isEmpty();
    }

    @Test
    void suspendingAndResumingTwiceDoesNothingMore() {
        open(pair.near().waking());
        assertThat(controller.resume()).isEmpty();
        suspend(SuspendPolicy.PARK);
        controller.suspend(SuspendPolicy.REFUSE, channel -> {
            throw new IllegalStateException("the second alarm");
        });
        assertThat(controller.isSuspended()).isTrue();

        arrives("a");

        assertThat(alarms).hasSize(1);
        assertThat(controller.resume()).isPresent();
        assertThat(controller.resume()).isEmpty();
        assertThat(controller.isSuspended()).isFalse();
    }

    @Test
    void interruptControllerIsToldWhichLinesWake() {
        int virq = pair.near().rxVirq();
        MailboxChannel channel = open(pair.near().waking());
        assertThat(bed.near.interrupts().wakesUp(virq)).isTrue();
        assertThat(bed.near.interrupts().wakesUp(pair.near().txVirq())).isFalse();

        channel.close();
        assertThat(bed.near.interrupts().wakesUp(virq)).isFalse();
        open(pair.near());
        assertThat(bed.near.interrupts().wakesUp(virq)).isFalse();
    }

    @Test
    void endpointThatReceivesNothingCannotWake() {
        MsgqEndpoint sending = MsgqEndpoint.sendOnly(pair.near().txCapability(), 40, 240);

        assertThatThrownBy(sending::waking)
                .isInstanceOfSatisfying(
                        RequestRefusedException.class,
                        e -> assertThat(e.field()).isEqualTo("wakesUp"));
        assertThat(pair.near().waking()).hasToString(pair.near() + ", wakes up");
    }

    @Test
    void closedAndPublishedControllersCannotBeSuspended() {
        GunyahMsgqController published = bed.controller(bed.near).published().build();
        assertThatThrownBy(() -> published.suspend(SuspendPolicy.PARK, alarms::add))
                .isInstanceOfSatisfying(
                        MailboxException.class, e -> assertThat(e.errno()).isEqualTo(Errno.EOPNOTSUPP));

        controller.close();

        assertThatThrownBy(() -> suspend(SuspendPolicy.PARK))
                .isInstanceOfSatisfying(
                        MailboxException.class, e -> assertThat(e.errno()).isEqualTo(Errno.ESHUTDOWN));
    }

    // ---- looking at a queue in which there is nothing ----

    @Test
    void lookingAtAnEmptyQueueWakesNobody() {
        MailboxChannel channel = open(pair.near().waking());
        suspend(SuspendPolicy.PARK);

        assertThat(channel.peekData()).isFalse();

        assertThat(alarms).isEmpty();
        arrives("a");
        assertThat(alarms).containsExactly(channel);
    }

    @Test
    void theFirstLookOfANewChannelWakesNobody() {
        controller.requestChannel(client, pair.near().waking());
        suspend(SuspendPolicy.PARK);

        bed.scheduler.runDue();

        assertThat(alarms).isEmpty();
        arrives("a");
        assertThat(alarms).hasSize(1);
    }
}
