// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.msgq;

import static dev.hwmailbox.gunyah.msgq.RecordingClient.bytes;
import static dev.hwmailbox.gunyah.msgq.RecordingClient.message;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hwmailbox.Errno;
import dev.hwmailbox.MailboxChannel;
import dev.hwmailbox.MailboxException;
import dev.hwmailbox.Mailboxes;
import dev.hwmailbox.gunyah.CapabilityId;
import dev.hwmailbox.gunyah.hypervisor.VirtualInterruptController.Trigger;
import dev.hwmailbox.gunyah.msgq.QueuePairBed.Pair;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

final class GunyahMsgqControllerTest {
    private final QueuePairBed bed = new QueuePairBed();
    private final GunyahMsgqController near = bed.controller(bed.near).build();
    private final GunyahMsgqController far = bed.controller(bed.far).build();
    private final RecordingClient client = new RecordingClient();
    private final RecordingClient peer = new RecordingClient();

    @Test
    void deliversMessagesBothWaysInOrder() {
        Pair pair = bed.pair(8);
        MailboxChannel channel = near.requestChannel(client, pair.near());
        MailboxChannel back = far.requestChannel(peer, pair.far());

        channel.sendMessage(message("one"));
        channel.sendMessage(message("two"));
        back.sendMessage(message("three"));
        bed.scheduler.runUntilIdle();

        assertThat(peer.received).containsExactly("one", "two");
        assertThat(client.received).containsExactly("three");
        assertThat(client.done).containsExactly("ok", "ok");
        assertThat(peer.done).containsExactly("ok");
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 8, 255})
    void losesNothingWhateverTheDepth(int depth) {
        Pair pair = bed.pair(depth);
        List<String> sent = IntStream.range(0, 1000).mapToObj(i -> "m" + i).toList();
        List<String> rest = new ArrayList<>(sent);
        RecordingClient sender = new RecordingClient() {
            @Override
            public void txDone(MailboxChannel channel, @Nullable Object message, int status) {
                super.txDone(channel, message, status);
                sendMore(channel, rest);
            }
        };
        far.requestChannel(peer, pair.far());

        sendMore(near.requestChannel(sender, pair.near()), rest);
        bed.scheduler.runUntilIdle();

        assertThat(peer.received).isEqualTo(sent);
        assertThat(sender.done).hasSize(1000).containsOnly("ok");
    }

    @Test
    void messageThatTakesTheLastRoomIsDoneWhenThePeerReceives() {
        Pair pair = bed.pair(1);
        MailboxChannel channel = near.requestChannel(client, pair.near());

        channel.sendMessage(message("fills"));
        channel.sendMessage(message("waits"));
        bed.scheduler.advance(Duration.ofSeconds(1));
        assertThat(client.done).isEmpty();
        bed.rawReceive(pair.nearToFar());
        bed.scheduler.runDue();

        assertThat(client.done).containsExactly("ok");
        assertThat(bed.rawReceive(pair.nearToFar())).isEqualTo(bytes("waits"));
    }

    @Test
    void messageThatFindsTheQueueFullGoesOutOnTheInterrupt() {
        Pair pair = bed.pair(1);
        MailboxChannel channel = near.requestChannel(client, pair.near());
        bed.rawSend(pair.nearToFar(), bytes("someone else's"));

        assertThat(channel.sendMessage(message("mine"))).isNotNegative();
        bed.scheduler.runDue();
        bed.rawReceive(pair.nearToFar());
        bed.scheduler.runDue();

        assertThat(bed.scheduler.elapsed()).isZero();
        assertThat(bed.rawReceive(pair.nearToFar())).isEqualTo(bytes("mine"));
    }

    @Test
    void messageThatFindsTheQueueFullGoesOutByItselfIfTheInterruptIsLost() {
        Pair pair = bed.pair(1);
        MailboxChannel channel = near.requestChannel(client, pair.near());
        bed.rawSend(pair.nearToFar(), bytes("someone else's"));
        bed.unbindSendVirq(pair.nearToFar());

        channel.sendMessage(message("mine"));
        bed.rawReceive(pair.nearToFar());
        bed.scheduler.advance(GunyahMsgqController.DEFAULT_RETRY_DELAY.minusNanos(1));
        int before = bed.sends.get();
        bed.scheduler.advance(Duration.ofNanos(1));

        assertThat(before).isEqualTo(2);
        assertThat(bed.rawReceive(pair.nearToFar())).isEqualTo(bytes("mine"));
    }

    @Test
    void refusedMessageIsTriedOncePerDelayAndNoMoreOnceItIsOut() {
        Pair pair = bed.pair(1);
        MailboxChannel channel = near.requestChannel(client, pair.near());
        bed.rawSend(pair.nearToFar(), bytes("someone else's"));

        channel.sendMessage(message("mine"));
        int before = bed.sends.get();
        bed.scheduler.advance(GunyahMsgqController.DEFAULT_RETRY_DELAY.multipliedBy(5));
        assertThat(bed.sends.get() - before).isEqualTo(5);
        bed.rawReceive(pair.nearToFar());
        bed.scheduler.runDue();
        assertThat(bed.rawReceive(pair.nearToFar())).isEqualTo(bytes("mine"));
        bed.scheduler.advance(GunyahMsgqController.DEFAULT_RETRY_DELAY);

        assertThat(bed.sends.get() - before).isEqualTo(6);
        assertThat(bed.scheduler.pending()).isEmpty();
    }

    @Test
    void messageOfWrongSizeEndsWithEmsgsizeWithoutHypercall() {
        MailboxChannel channel = near.requestChannel(client, bed.pair(8).near());

        channel.sendMessage(MsgqMessage.of(new byte[QueuePairBed.MAX_MESSAGE + 1]));
        channel.sendMessage(MsgqMessage.of(new byte[0]));
        channel.sendMessage(ByteBuffer.allocateDirect(QueuePairBed.MAX_MESSAGE + 1));

        assertThat(client.done).containsExactly("EMSGSIZE", "EMSGSIZE", "EMSGSIZE");
        assertThat(bed.sends.get()).isZero();
    }

    @Test
    void objectThatIsNoMessageEndsWithEinval() {
        MailboxChannel channel = near.requestChannel(client, bed.pair(8).near());

        channel.sendMessage("text");
        channel.sendMessage(null);

        assertThat(client.done).containsExactly("EINVAL", "EINVAL");
    }

    @Test
    void sendOnReceiveOnlyEndpointEndsWithEopnotsupp() {
        MsgqEndpoint both = bed.pair(8).near();
        MailboxChannel channel = near.requestChannel(
                client, MsgqEndpoint.receiveOnly(both.rxCapability(), both.rxVirq(), both.maxMessageSize()));

        channel.sendMessage(message("nowhere"));

        assertThat(client.done).containsExactly("EOPNOTSUPP");
    }

    @Test
    void sendOnlyAndReceiveOnlyEndpointsMakeOneWay() {
        Pair pair = bed.pair(8);
        MailboxChannel channel = near.requestChannel(
                client,
                MsgqEndpoint.sendOnly(pair.near().txCapability(), pair.near().txVirq(), 240));
        far.requestChannel(
                peer,
                MsgqEndpoint.receiveOnly(pair.far().rxCapability(), pair.far().rxVirq(), 240));

        channel.sendMessage(message("one way"));
        bed.scheduler.runUntilIdle();

        assertThat(peer.received).containsExactly("one way");
    }

    @Test
    void revokedCapabilityEndsMessagesWithEacces() {
        Pair pair = bed.pair(8);
        MailboxChannel channel = near.requestChannel(client, pair.near());
        bed.revokeAll(pair.nearToFar());

        channel.sendMessage(message("too late"));

        assertThat(client.done).containsExactly("EACCES");
    }

    @Test
    void takesByteBuffersFromPositionToLimit() {
        Pair pair = bed.pair(8);
        MailboxChannel channel = near.requestChannel(client, pair.near());
        ByteBuffer heap = ByteBuffer.wrap(bytes("..heap..")).position(2).limit(6);
        ByteBuffer direct =
                ByteBuffer.allocateDirect(10).put(bytes("..direct")).flip().position(2);

        channel.sendMessage(heap.slice());
        channel.sendMessage(heap.asReadOnlyBuffer());
        channel.sendMessage(direct);

        assertThat(bed.rawReceive(pair.nearToFar())).isEqualTo(bytes("heap"));
        assertThat(bed.rawReceive(pair.nearToFar())).isEqualTo(bytes("heap"));
        assertThat(bed.rawReceive(pair.nearToFar())).isEqualTo(bytes("direct"));
        assertThat(direct.position()).isEqualTo(2);
    }

    @Test
    void sendsTheRangeOfItsArrayThatAMessageNames() {
        Pair pair = bed.pair(8);
        MailboxChannel channel = near.requestChannel(client, pair.near());

        channel.sendMessage(MsgqMessage.of(bytes("..range.."), 2, 5, false));

        assertThat(bed.rawReceive(pair.nearToFar())).isEqualTo(bytes("range"));
    }

    @Test
    void deliversMessagesThatWereThereBeforeTheRequest() {
        Pair pair = bed.pair(8);
        bed.rawSend(pair.farToNear(), bytes("early"));

        near.requestChannel(client, pair.near());
        bed.scheduler.runUntilIdle();

        assertThat(client.received).containsExactly("early");
    }

    @Test
    void peekDeliversWhatNoInterruptHasToldOf() {
        Pair pair = bed.pair(8);
        MailboxChannel channel = near.requestChannel(client, pair.near());
        bed.scheduler.runUntilIdle();
        bed.near.interrupts().mask(pair.near().rxVirq());
        bed.rawSend(pair.farToNear(), bytes("one"));
        bed.rawSend(pair.farToNear(), bytes("two"));
        bed.scheduler.runUntilIdle();
        assertThat(client.received).isEmpty();

        boolean some = channel.peekData();
        boolean more = channel.peekData();

        assertThat(client.received).containsExactly("one", "two");
        assertThat(List.of(some, more)).containsExactly(true, false);
    }

    @Test
    void peekTakesAtMostTheLimitAndNothingForSendOnlyClosedOrSuspendedChannels() {
        GunyahMsgqController limited = bed.controller(bed.near).drainLimit(2).build();
        Pair pair = bed.pair(8);
        MailboxChannel channel = limited.requestChannel(client, pair.near());
        for (String text : List.of("a", "b", "c")) {
            bed.rawSend(pair.farToNear(), bytes(text));
        }

        assertThat(channel.peekData()).isTrue();
        assertThat(client.received).containsExactly("a", "b");
        limited.suspend(SuspendPolicy.PARK, woken -> {});
        assertThat(channel.peekData()).isFalse();
        limited.resume();
        assertThat(channel.peekData()).isTrue();
        assertThat(client.received).containsExactly("a", "b", "c");
        bed.rawSend(pair.farToNear(), bytes("late"));
        channel.close();
        assertThat(channel.peekData()).isFalse();
        Pair other = bed.pair(8);
        MsgqEndpoint oneWay =
                MsgqEndpoint.sendOnly(other.near().txCapability(), other.near().txVirq(), 240);
        assertThat(near.requestChannel(client, oneWay).peekData()).isFalse();
        assertThat(client.received).containsExactly("a", "b", "c");
    }

    @Test
    void takesAtMostTheLimitPerInterruptAndLetsOthersRunBeforeTheRest() {
        GunyahMsgqController limited = bed.controller(bed.near).drainLimit(3).build();
        Pair pair = bed.pair(8);
        RecordingClient listener = new RecordingClient() {
            @Override
            public void rxCallback(MailboxChannel channel, @Nullable Object message) {
                super.rxCallback(channel, message);
                if (received.size() == 1) {
                    bed.scheduler.execute(() -> received.add("somebody else"));
                }
            }
        };
        limited.requestChannel(listener, pair.near());
        bed.scheduler.runUntilIdle();
        for (int i = 0; i < 5; i++) {
            bed.rawSend(pair.farToNear(), bytes("m" + i));
        }
        bed.scheduler.runUntilIdle();

        assertThat(listener.received).containsExactly("m0", "m1", "m2", "somebody else", "m3", "m4");
    }

    @ParameterizedTest
    @EnumSource(Trigger.class)
    void linesOfEitherTriggerCarryTheSameTrafficWithoutStorm(Trigger trigger) {
        Pair pair = bed.pair(2, 240, trigger);
        MailboxChannel channel = near.requestChannel(client, pair.near());
        far.requestChannel(peer, pair.far());

        for (int round = 0; round < 50; round++) {
            for (int i = 0; i < 10; i++) {
                channel.sendMessage(message(round + "/" + i));
            }
            bed.scheduler.runUntilIdle();
        }

        assertThat(peer.received).hasSize(500).doesNotHaveDuplicates();
        assertThat(client.done).hasSize(500).containsOnly("ok");
        // One send for each message, and at worst one that an old assertion caused for each that filled the queue.
        assertThat(bed.sends.get()).isBetween(500, 1000);
        assertThat(bed.receives.get()).isLessThan(1600);
    }

    @Test
    void messageLargerThanTheEndpointSaysIsDeliveredAllTheSame() {
        Pair pair = bed.pair(8, 400, Trigger.EDGE);
        MsgqEndpoint modest =
                MsgqEndpoint.receiveOnly(pair.near().rxCapability(), pair.near().rxVirq(), 16);
        near.requestChannel(client, modest);
        String large = "x".repeat(400);

        bed.rawSend(pair.farToNear(), bytes(large));
        bed.rawSend(pair.farToNear(), bytes("small"));
        bed.scheduler.runUntilIdle();

        assertThat(client.received).containsExactly(large, "small");
    }

    @ParameterizedTest
    @EnumSource(Trigger.class)
    void queueThatCannotBeReadAnyMoreIsLeftAlone(Trigger trigger) {
        Pair pair = bed.pair(8, 240, trigger);
        near.requestChannel(client, pair.near());
        bed.scheduler.runUntilIdle();
        bed.revokeAll(pair.farToNear());

        bed.rawSend(pair.farToNear(), bytes("out of reach"));
        bed.scheduler.runUntilIdle();
        int receives = bed.receives.get();
        bed.rawSend(pair.farToNear(), bytes("too"));
        bed.scheduler.runUntilIdle();

        assertThat(client.received).isEmpty();
        assertThat(bed.receives.get()).isEqualTo(receives);
    }

    @Test
    void closeInsideACallbackStopsReceivingAndFreesTheSlotAfterIt() {
        Pair pair = bed.pair(8);
        List<Integer> freeInside = new ArrayList<>();
        RecordingClient closing = new RecordingClient() {
            @Override
            public void rxCallback(MailboxChannel channel, @Nullable Object message) {
                super.rxCallback(channel, message);
                channel.close();
                freeInside.add(near.freeSlots());
            }
        };
        near.requestChannel(closing, pair.near());
        bed.scheduler.runUntilIdle();

        bed.rawSend(pair.farToNear(), bytes("first"));
        bed.rawSend(pair.farToNear(), bytes("second"));
        bed.scheduler.runUntilIdle();

        assertThat(closing.received).containsExactly("first");
        assertThat(freeInside).containsExactly(GunyahMsgqController.DEFAULT_SLOTS - 1);
        assertThat(near.freeSlots()).isEqualTo(GunyahMsgqController.DEFAULT_SLOTS);
        assertThat(bed.rawReceive(pair.farToNear())).isEqualTo(bytes("second"));
    }

    @Test
    void slotAndResourcesCanBeUsedAgainAfterClose() {
        Pair pair = bed.pair(8);
        near.requestChannel(client, pair.near()).close();
        RecordingClient next = new RecordingClient();
        near.requestChannel(next, pair.near());

        bed.rawSend(pair.farToNear(), bytes("for the next"));
        bed.scheduler.runUntilIdle();

        assertThat(client.received).isEmpty();
        assertThat(next.received).containsExactly("for the next");
    }

    @Test
    void interruptThatWasOnItsWayDoesNotReachTheNextOwnerOfTheSlot() {
        Pair pair = bed.pair(1);
        Pair other = bed.pair(1);
        MailboxChannel channel = near.requestChannel(client, pair.near());
        channel.sendMessage(message("fills"));
        bed.rawReceive(pair.nearToFar());
        channel.close();
        RecordingClient next = new RecordingClient();
        MailboxChannel reused = near.requestChannel(next, other.near());

        reused.sendMessage(message("fills, too"));
        bed.scheduler.advance(Duration.ofSeconds(1));

        assertThat(next.done).isEmpty();
        assertThat(client.done).isEmpty();
    }

    @Test
    void refusesWhatAnotherChannelUses() {
        MsgqEndpoint used = bed.pair(8).near();
        MsgqEndpoint free = bed.pair(8).near();
        near.requestChannel(client, used);

        expectBusy(
                with(free, used.txCapability(), free.txVirq(), free.rxCapability(), free.rxVirq()),
                "txCapability " + used.txCapability());
        expectBusy(
                with(free, free.txCapability(), free.txVirq(), used.txCapability(), free.rxVirq()),
                "rxCapability " + used.txCapability());
        expectBusy(
                with(free, free.txCapability(), used.rxVirq(), free.rxCapability(), free.rxVirq()),
                "txVirq " + used.rxVirq());
        expectBusy(
                with(free, free.txCapability(), free.txVirq(), free.rxCapability(), used.rxVirq()),
                "rxVirq " + used.rxVirq());
        assertThat(near.freeSlots()).isEqualTo(GunyahMsgqController.DEFAULT_SLOTS - 1);
    }

    @Test
    void refusesInterruptThatHasAnotherHandlerAndLeavesThatHandlerAlone() {
        Pair pair = bed.pair(8);
        List<String> heard = new ArrayList<>();
        bed.near.interrupts().attach(pair.near().rxVirq(), () -> heard.add("other driver"));

        assertThatThrownBy(() -> near.requestChannel(client, pair.near()))
                .isInstanceOfSatisfying(
                        MailboxException.class, e -> assertThat(e.errno()).isEqualTo(Errno.EBUSY))
                .hasMessageContaining("handler");
        bed.rawSend(pair.farToNear(), bytes("ring"));
        bed.scheduler.runUntilIdle();

        assertThat(heard).containsExactly("other driver");
        assertThat(near.freeSlots()).isEqualTo(GunyahMsgqController.DEFAULT_SLOTS);
        bed.near.interrupts().detach(pair.near().rxVirq());
        near.requestChannel(client, pair.near());
    }

    @Test
    void refusesRequestWhenAllSlotsAreInUse() {
        GunyahMsgqController small = bed.controller(bed.near).slots(1).build();
        small.requestChannel(client, bed.pair(8).near());

        assertThatThrownBy(() -> small.requestChannel(client, bed.pair(8).near()))
                .isInstanceOfSatisfying(
                        MailboxException.class, e -> assertThat(e.errno()).isEqualTo(Errno.EBUSY))
                .hasMessageContaining("all 1 slots are in use");
    }

    @Test
    void clientEvictedByRegisteringLeavesNothingBehind() {
        GunyahMsgqController small = bed.controller(bed.near).slots(1).build();
        Pair pair = bed.pair(8);
        small.requestChannel(client, pair.near());

        new Mailboxes().register(small.controller());
        RecordingClient next = new RecordingClient();
        small.requestChannel(next, pair.near());
        bed.rawSend(pair.farToNear(), bytes("for the next"));
        bed.scheduler.runUntilIdle();

        assertThat(client.received).isEmpty();
        assertThat(next.received).containsExactly("for the next");
    }

    @Test
    void refusesRequestAfterClose() {
        MailboxChannel channel = near.requestChannel(client, bed.pair(8).near());
        near.close();
        near.close();

        assertThat(channel.sendMessage(message("late"))).isEqualTo(-Errno.EINVAL);
        assertThatThrownBy(() -> near.requestChannel(client, bed.pair(8).near()))
                .isInstanceOfSatisfying(
                        MailboxException.class, e -> assertThat(e.errno()).isEqualTo(Errno.ESHUTDOWN));
    }

    @Test
    void channelBoundBesideTheRequestIsRefused() {
        assertThatThrownBy(() -> near.controller().channel(0).bindClient(client))
                .isInstanceOfSatisfying(
                        MailboxException.class, e -> assertThat(e.errno()).isEqualTo(Errno.EINVAL));
    }

    @Test
    void builderRefusesNumbersThatMakeNoSense() {
        GunyahMsgqController.Builder builder = bed.controller(bed.near);

        assertThatThrownBy(() -> builder.slots(0)).hasMessageContaining("slots");
        assertThatThrownBy(() -> builder.drainLimit(0)).hasMessageContaining("drainLimit");
        assertThatThrownBy(() -> builder.retryDelay(Duration.ZERO)).hasMessageContaining("retryDelay");
    }

    @Test
    void saysHowManySlotsAreInUse() {
        near.requestChannel(client, bed.pair(8).near());

        assertThat(near).hasToString("gunyah-msgq[1 of 16 slots in use]");
    }

    private static void sendMore(MailboxChannel channel, List<String> rest) {
        while (!rest.isEmpty()) {
            String next = rest.remove(0);
            if (channel.sendMessage(message(next)) < 0) {
                rest.add(0, next);
                return;
            }
        }
    }

    private void expectBusy(MsgqEndpoint endpoint, String what) {
        assertThatThrownBy(() -> near.requestChannel(new RecordingClient(), endpoint))
                .isInstanceOfSatisfying(
                        MailboxException.class, e -> assertThat(e.errno()).isEqualTo(Errno.EBUSY))
                .hasMessageContaining(what + " is in use (gunyah-msgq/0)");
    }

    private static MsgqEndpoint with(MsgqEndpoint like, CapabilityId tx, int txVirq, CapabilityId rx, int rxVirq) {
        return new MsgqEndpoint(tx, txVirq, rx, rxVirq, like.maxMessageSize());
    }
}
