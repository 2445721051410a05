// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm;

import static dev.hwmailbox.gunyah.rm.protocol.HypResourceType.MSGQ_RECEIVE;
import static dev.hwmailbox.gunyah.rm.protocol.HypResourceType.MSGQ_SEND;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hwmailbox.ChannelEvent;
import dev.hwmailbox.Errno;
import dev.hwmailbox.MailboxChannel;
import dev.hwmailbox.MailboxClient;
import dev.hwmailbox.MailboxException;
import dev.hwmailbox.gunyah.CapabilityId;
import dev.hwmailbox.gunyah.GunyahError;
import dev.hwmailbox.gunyah.InterruptController;
import dev.hwmailbox.gunyah.msgq.GunyahMsgqController;
import dev.hwmailbox.gunyah.msgq.MsgqMessage;
import dev.hwmailbox.gunyah.msgq.ReservationKey;
import dev.hwmailbox.gunyah.msgq.SuspendPolicy;
import dev.hwmailbox.gunyah.rm.protocol.HypResource;
import dev.hwmailbox.gunyah.rm.protocol.HypResourceList;
import dev.hwmailbox.gunyah.rm.protocol.RmError;
import dev.hwmailbox.gunyah.rm.protocol.RmMessageId;
import dev.hwmailbox.gunyah.rm.protocol.VmState;
import dev.hwmailbox.gunyah.rm.protocol.VmStatus;
import dev.hwmailbox.gunyah.rm.protocol.VmStatusNotification;
import dev.hwmailbox.gunyah.rm.protocol.VmidListReply;
import dev.hwmailbox.gunyah.rm.protocol.VmidReply;
import dev.hwmailbox.gunyah.testing.CallAnswer;
import dev.hwmailbox.gunyah.testing.FakeGunyah;
import dev.hwmailbox.gunyah.testing.FakeQueue;
import dev.hwmailbox.gunyah.testing.Hypercall;
import dev.hwmailbox.testing.VirtualScheduler;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What a scripted Resource Manager lists, at moments that the whole system does not choose. */
final class ListedChannelsTest implements VmChannelListener {
    private static final int HOST = 3;
    private static final int GUEST = 128;
    private static final int VM = 130;
    private static final int LABEL = 0x10;

    private final VirtualScheduler scheduler = new VirtualScheduler();
    private final ScriptedPeer peer = new ScriptedPeer(scheduler);
    private final FakeGunyah gunyah = FakeGunyah.create(scheduler);
    private final FakeQueue out = gunyah.queue("out", 0x20, 0x120).sendVirq(40).receiveVirq(140);
    private final FakeQueue in = gunyah.queue("in", 0x121, 0x21).sendVirq(141).receiveVirq(41);
    private final List<Runnable> atMask = new ArrayList<>();
    private final GunyahMsgqController controller = GunyahMsgqController.builder(
                    gunyah.hypercalls(), new Disturbed(gunyah.interrupts()), scheduler)
            .slots(2)
            .build();
    private final Map<Integer, List<HypResource>> listed = new TreeMap<>();
    private final List<String> heard = new ArrayList<>();
    private final Subscriber subscriber = new Subscriber();
    private int own = HOST;
    private @Nullable VmChannels made;

    @BeforeEach
    void answer() {
        peer.onRequest(this::answer);
    }

    @AfterEach
    void nothingIsLeft() {
        if (made != null) {
            made.close();
        }
        scheduler.runDue();
        assertThat(controller.freeSlots()).isEqualTo(2);
        controller.close();
        assertThat(scheduler.pending()).isEmpty();
        assertThat(scheduler.failures()).isEmpty();
    }

    private void answer(ScriptedPeer.Request request) {
        switch (request.id()) {
            case RmMessageId.VM_GET_VMID -> peer.reply(request, RmError.OK, new VmidReply(own).encode());
            case RmMessageId.VM_GET_PEERS ->
                peer.reply(request, RmError.OK, new VmidListReply(List.copyOf(listed.keySet())).encode());
            default -> {
                List<HypResource> resources = listed.get(vmidOf(request));
                if (resources == null) {
                    peer.reply(request, RmError.ARGUMENT_INVALID);
                } else {
                    peer.reply(request, RmError.OK, new HypResourceList(resources).encode());
                }
            }
        }
    }

    private static int vmidOf(ScriptedPeer.Request request) {
        return ByteBuffer.wrap(request.payload()).order(ByteOrder.LITTLE_ENDIAN).getShort();
    }

    private VmChannels channels() {
        VmChannels channels =
                VmChannels.builder(peer.client(), controller, scheduler).build();
        made = channels;
        channels.addListener(this);
        scheduler.runDue();
        return channels;
    }

    private VmChannels subscribed() {
        VmChannels channels = channels();
        channels.subscribe(subscriber, new ReservationKey(VM, LABEL), subscriber);
        scheduler.runDue();
        return channels;
    }

    private void list(HypResource... resources) {
        listed.put(VM, List.of(resources));
    }

    private void listPair() {
        list(send(out), receive(in));
    }

    private static HypResource send(FakeQueue queue) {
        return HypResource.of(MSGQ_SEND, VM, LABEL, queue.sendCapability(), queue.sendVirq());
    }

    private static HypResource receive(FakeQueue queue) {
        return HypResource.of(MSGQ_RECEIVE, VM, LABEL, queue.receiveCapability(), queue.receiveVirq());
    }

    private void status(VmState state) {
        peer.notification(
                RmMessageId.NOTIFY_VM_STATUS, new VmStatusNotification(VM, new VmStatus(state.value(), 0, 0)).encode());
    }

    private void becomes(VmState state) {
        status(state);
        scheduler.runDue();
    }

    private long questions() {
        return peer.requests().stream()
                .filter(request -> request.id() == RmMessageId.VM_GET_HYP_RESOURCES)
                .count();
    }

    // ---- one VM's list ----

    @Test
    void vmsThatWereThereBeforeAreAskedFor() {
        listPair();

        subscribed();

        assertThat(heard).containsExactly("appeared 16");
        assertThat(subscriber.heard).containsExactly("bound");
    }

    @Test
    void nothingHappensInsideTheNotification() {
        subscribed();
        listPair();

        status(VmState.READY);

        assertThat(heard).isEmpty();
        assertThat(subscriber.heard).isEmpty();
        scheduler.runDue();
        assertThat(subscriber.heard).containsExactly("bound");
    }

    @Test
    void otherCapabilityUnderTheSameKeyIsAChangeAndTheChannelIsReplaced() {
        listPair();
        VmChannels channels = subscribed();
        MailboxChannel first = subscriber.channels.get(0);
        FakeQueue other = gunyah.queue("other", 0x30, 0x130);
        list(send(other), receive(in));

        channels.refresh();
        scheduler.runDue();

        assertThat(heard).containsExactly("appeared 16", "changed 16");
        assertThat(subscriber.heard).containsExactly("bound", "closed", "bound");
        assertThat(first.isClosed()).isTrue();
        subscriber.channels.get(1).sendMessage(MsgqMessage.of(new byte[] {7}));
        assertThat(other.messages()).containsExactly(new byte[] {7});
    }

    @Test
    void whatTheNextListHasNoLongerIsGone() {
        listPair();
        VmChannels channels = subscribed();
        list();

        channels.refresh();
        scheduler.runDue();

        assertThat(heard).containsExactly("appeared 16", "gone 16");
        assertThat(subscriber.heard).containsExactly("bound", "closed");
    }

    @Test
    void whatAVmHadIsGoneWhenTheResourceManagerDoesNotKnowTheVmAnyMore() {
        listPair();
        VmChannels channels = subscribed();
        listed.remove(VM);

        channels.refresh();
        scheduler.runDue();

        assertThat(heard).containsExactly("appeared 16", "gone 16");
    }

    @Test
    void singleQueuesMakeChannelsOfOneDirection() {
        list(receive(in));
        subscribed();

        in.peerSends((byte) 1);
        scheduler.runDue();

        assertThat(subscriber.received).containsExactly("1");
        subscriber.channels.get(0).sendMessage(MsgqMessage.of(new byte[] {7}));
        assertThat(subscriber.heard).containsExactly("bound", "done EOPNOTSUPP");
    }

    @Test
    void whatCannotBeUsedIsToldAndTheRestIs() {
        list(
                send(out),
                receive(in),
                HypResource.of(MSGQ_SEND, VM, 0x11, CapabilityId.of(0x60), 4096),
                HypResource.of(MSGQ_RECEIVE, VM, 0x12, CapabilityId.of(0x61), 50),
                HypResource.of(MSGQ_RECEIVE, VM, 0x12, CapabilityId.of(0x62), 51));

        subscribed();

        assertThat(heard).hasSize(3);
        assertThat(heard.get(0)).contains("unavailable 130: EINVAL", "4096");
        assertThat(heard.get(1)).contains("unavailable 130: EINVAL", "several", "0x12");
        assertThat(heard.get(2)).isEqualTo("appeared 16");
        assertThat(subscriber.heard).containsExactly("bound");
    }

    @Test
    void listOfTheWrongShapeIsToldAndWhatIsKnownStays() {
        listPair();
        VmChannels channels = subscribed();
        peer.answering((byte) 1, (byte) 2);

        channels.refresh();
        scheduler.runDue();

        assertThat(heard).hasSize(2).last().asString().contains("unavailable 130: EBADMSG");
        assertThat(subscriber.heard).containsExactly("bound");
    }

    @Test
    void questionIsPutThreeTimesWhenNoAnswerComes() {
        subscribed();
        long before = questions();
        peer.onRequest(ScriptedPeer.SILENT);
        status(VmState.READY);

        scheduler.advance(Duration.ofMinutes(1));

        assertThat(questions() - before).isEqualTo(VmChannels.MAX_ATTEMPTS);
        assertThat(heard).singleElement().asString().contains("unavailable 130: ETIMEDOUT");
        peer.onRequest(this::answer);
        listPair();
        becomes(VmState.RUNNING);
        assertThat(subscriber.heard).containsExactly("bound");
    }

    @Test
    void queuesThatAreNotActiveYetAreTriedAgainWhenTheVmRuns() {
        subscribed();
        gunyah.answers(Hypercall.CONFIGURE_SEND, GunyahError.OBJECT_STATE);
        listPair();
        becomes(VmState.READY);
        assertThat(subscriber.heard).singleElement().asString().startsWith("refused EPROBE_DEFER");

        becomes(VmState.RUNNING);

        assertThat(subscriber.heard).hasSize(2).last().isEqualTo("bound");
    }

    @Test
    void afterARestartOfTheResourceManagerEverythingIsAskedAnewAndValidChannelsStay() {
        listPair();
        subscribed();
        MailboxChannel channel = subscriber.channels.get(0);
        long before = questions();

        restart();
        assertThat(questions()).isGreaterThan(before);
        assertThat(channel.isClosed()).isFalse();
        assertThat(subscriber.heard).containsExactly("bound");
        assertThat(heard).containsExactly("appeared 16");

        listed.remove(VM);
        restart();
        assertThat(channel.isClosed()).isTrue();
        assertThat(subscriber.heard).containsExactly("bound", "closed");
        assertThat(heard).containsExactly("appeared 16", "gone 16");
    }

    private void restart() {
        int generation = peer.client().generation();
        peer.controller().channel(0).raiseEvent(ChannelEvent.PEER_RESET);
        scheduler.advance(Duration.ofSeconds(10));
        assertThat(peer.client().generation()).isEqualTo(generation + 1);
    }

    // ---- races ----

    @Test
    void answerAboutALifeThatHasEndedMeanwhileMeansNothing() {
        subscribed();
        listPair();
        List<ScriptedPeer.Request> held = new ArrayList<>();
        peer.onRequest(held::add);
        becomes(VmState.READY);
        assertThat(held).hasSize(1);

        becomes(VmState.RESETTING);
        becomes(VmState.RESET);
        peer.onRequest(this::answer);
        answer(held.get(0));
        scheduler.runDue();

        assertThat(heard).isEmpty();
        assertThat(subscriber.heard).isEmpty();
    }

    @Test
    void lifeThatBeginsWhileTheQuestionOfTheLastOneIsOpenIsAskedForToo() {
        subscribed();
        List<ScriptedPeer.Request> held = new ArrayList<>();
        peer.onRequest(held::add);
        becomes(VmState.READY);
        becomes(VmState.RESETTING);
        becomes(VmState.READY);
        assertThat(held).hasSize(1);

        listPair();
        peer.onRequest(this::answer);
        answer(held.get(0));
        scheduler.runDue();

        assertThat(heard).containsExactly("appeared 16");
        assertThat(subscriber.heard).containsExactly("bound");
    }

    @Test
    void resetInTheMiddleOfASupplyClosesTheChannelAfterIt() {
        subscribed();
        listPair();
        atMask.add(() -> {
            status(VmState.RESETTING);
            scheduler.runDue();
        });

        becomes(VmState.READY);

        assertThat(atMask).isEmpty();
        assertThat(subscriber.heard).containsExactly("bound", "closed");
        assertThat(heard).containsExactly("appeared 16", "gone 16");
        assertThat(controller.freeSlots()).isEqualTo(1);
    }

    @Test
    void subscriptionClosedInTheMiddleOfASupplyHearsNothingAndLeavesNothing() {
        VmChannels channels = channels();
        ChannelSubscription subscription = channels.subscribe(subscriber, ReservationKey.anyPartner(LABEL), subscriber);
        listPair();
        atMask.add(subscription::close);

        becomes(VmState.READY);

        assertThat(atMask).isEmpty();
        assertThat(subscriber.heard).isEmpty();
        assertThat(controller.freeSlots()).isEqualTo(2);
        channels.subscribe(subscriber, ReservationKey.anyPartner(LABEL), subscriber);
        scheduler.runDue();
        assertThat(subscriber.heard).containsExactly("bound");
    }

    // ---- guests ----

    @Test
    void queuesBetweenGuestsStayOverAResetAndTheirChannelIsTold() {
        own = GUEST;
        listPair();
        subscribed();
        MailboxChannel channel = subscriber.channels.get(0);
        out.onSend(CallAnswer.full());
        channel.sendMessage(MsgqMessage.of(new byte[] {1}));

        becomes(VmState.EXITED);
        assertThat(subscriber.heard).containsExactly("bound", "done ECONNRESET", "event PEER_RESET");
        becomes(VmState.RESETTING);
        becomes(VmState.RESET);
        becomes(VmState.READY);

        assertThat(channel.isClosed()).isFalse();
        assertThat(subscriber.heard).containsExactly("bound", "done ECONNRESET", "event PEER_RESET");
        assertThat(heard).containsExactly("appeared 16", "peer reset 16");
    }

    @Test
    void eachEndOfAPeerIsToldToListenersOnce() {
        own = GUEST;
        listPair();
        subscribed();

        becomes(VmState.EXITED);
        becomes(VmState.RESETTING);
        becomes(VmState.RESET);
        becomes(VmState.READY);
        becomes(VmState.RESETTING); // a VM that has not been started does not exit

        assertThat(heard).containsExactly("appeared 16", "peer reset 16", "peer reset 16");
    }

    @Test
    void queuesBetweenGuestsThatDoNotOutliveAResetAreGone() {
        own = GUEST;
        listPair();
        subscribed();

        becomes(VmState.RESETTING);
        list();
        becomes(VmState.RESET);

        assertThat(heard).containsExactly("appeared 16", "peer reset 16", "gone 16");
        assertThat(subscriber.heard).containsExactly("bound", "event PEER_RESET", "closed");
    }

    @Test
    void resetIsToldToOthersThoughAPublishedControllerKnowsNothingOfIt() {
        own = GUEST;
        GunyahMsgqController published = GunyahMsgqController.builder(
                        gunyah.hypercalls(), gunyah.interrupts(), scheduler)
                .published()
                .build();
        listPair();
        try (VmChannels channels =
                VmChannels.builder(peer.client(), published, scheduler).build()) {
            channels.addListener(this);
            channels.subscribe(subscriber, new ReservationKey(VM, LABEL), subscriber);
            scheduler.runDue();

            becomes(VmState.EXITED);

            assertThat(heard).containsExactly("appeared 16", "peer reset 16");
        }
        scheduler.runDue();
        published.close();
    }

    // ---- others' mistakes ----

    @Test
    void exceptionsOfListenersAndSubscribersHarmNobody() {
        VmChannels channels = channels();
        channels.addListener(new VmChannelListener() {
            @Override
            public void appeared(VmChannel channel) {
                throw new IllegalStateException("listener");
            }
        });
        var later = new ArrayList<String>();
        channels.addListener(new VmChannelListener() {
            @Override
            public void appeared(VmChannel channel) {
                later.add("appeared");
            }
        });
        ChannelSubscription subscription =
                channels.subscribe(subscriber, new ReservationKey(VM, LABEL), (channel, queues) -> {
                    throw new IllegalStateException("subscriber");
                });
        listPair();

        becomes(VmState.READY);

        assertThat(later).containsExactly("appeared");
        assertThat(subscription.channel()).isPresent();
    }

    @Test
    void errorsOfListenersAndSubscribersComeAfterEverybodyHasHeard() {
        VmChannels channels = channels();
        channels.removeListener(this);
        channels.addListener(new VmChannelListener() {
            @Override
            public void appeared(VmChannel channel) {
                throw new AssertionError("listener");
            }
        });
        channels.addListener(this);
        channels.subscribe(subscriber, new ReservationKey(VM, LABEL), (channel, queues) -> {
            throw new AssertionError("subscriber");
        });
        listPair();
        status(VmState.READY);

        assertThatThrownBy(scheduler::runDue).isInstanceOf(AssertionError.class).hasMessage("subscriber");
        assertThatThrownBy(scheduler::runDue).isInstanceOf(AssertionError.class).hasMessage("listener");

        assertThat(heard).containsExactly("appeared 16");
    }

    @Test
    void sizeThatIsNotToBeHadIsTold() {
        VmChannels channels = VmChannels.builder(peer.client(), controller, scheduler)
                .messageSize(key -> {
                    throw new IllegalStateException("size");
                })
                .build();
        made = channels;
        channels.addListener(this);
        listPair();

        becomes(VmState.READY);

        assertThat(heard).isNotEmpty().allSatisfy(told -> assertThat(told).startsWith("unavailable 130: EINVAL"));
    }

    @Test
    void statusThatCannotBeReadIsPassedOver() {
        subscribed();

        assertThatCode(() -> {
                    peer.notification(RmMessageId.NOTIFY_VM_STATUS, (byte) 1);
                    scheduler.runDue();
                })
                .doesNotThrowAnyException();

        listPair();
        becomes(VmState.READY);
        assertThat(subscriber.heard).containsExactly("bound");
    }

    @Test
    void timeoutMustBePositive() {
        VmChannels channels = channels();

        assertThatIllegalArgumentException()
                .isThrownBy(() ->
                        channels.subscribe(subscriber, ReservationKey.anyPartner(LABEL), subscriber, Duration.ZERO));

        channels.subscribe(subscriber, ReservationKey.anyPartner(LABEL), subscriber);
    }

    @Test
    void messageSizeIsWhatTheEmbedderSays() {
        try (VmChannels channels = VmChannels.builder(peer.client(), controller, scheduler)
                .messageSize(key -> key.label() == LABEL ? 4 : 240)
                .build()) {
            listPair();
            channels.subscribe(subscriber, new ReservationKey(VM, LABEL), subscriber);
            scheduler.runDue();

            subscriber.channels.get(0).sendMessage(MsgqMessage.of(new byte[5]));

            assertThat(subscriber.heard).containsExactly("bound", "done EMSGSIZE");
        }
    }

    @Test
    void channelThatMayWakeASuspendedVmDoes() {
        try (VmChannels channels = VmChannels.builder(peer.client(), controller, scheduler)
                .wakesUp(key -> key.label() == LABEL)
                .build()) {
            listPair();
            channels.subscribe(subscriber, new ReservationKey(VM, LABEL), subscriber);
            scheduler.runDue();
            List<MailboxChannel> alarms = new ArrayList<>();
            controller.suspend(SuspendPolicy.PARK, alarms::add);

            in.peerSends((byte) 1);
            scheduler.runDue();

            assertThat(alarms).isEqualTo(subscriber.channels);
            assertThat(subscriber.received).isEmpty();
            controller.resume();
            scheduler.runDue();
            assertThat(subscriber.received).containsExactly("1");
        }
    }

    @Override
    public void appeared(VmChannel channel) {
        heard.add("appeared " + channel.label());
    }

    @Override
    public void changed(VmChannel before, VmChannel now) {
        heard.add("changed " + now.label());
    }

    @Override
    public void gone(VmChannel channel) {
        heard.add("gone " + channel.label());
    }

    @Override
    public void peerReset(VmChannel channel) {
        heard.add("peer reset " + channel.label());
    }

    @Override
    public void unavailable(int vmid, MailboxException cause) {
        heard.add("unavailable " + vmid + ": " + cause.getMessage());
    }

    private static final class Subscriber implements MailboxClient, ChannelSubscriber {
        final List<String> heard = new ArrayList<>();
        final List<String> received = new ArrayList<>();
        final List<MailboxChannel> channels = new ArrayList<>();

        @Override
        public void bound(MailboxChannel channel, VmChannel queues) {
            heard.add("bound");
            channels.add(channel);
        }

        @Override
        public void closed(VmChannel queues) {
            heard.add("closed");
        }

        @Override
        public void refused(VmChannel queues, MailboxException cause) {
            heard.add("refused " + cause.getMessage());
        }

        @Override
        public void rxCallback(MailboxChannel channel, @Nullable Object message) {
            received.add(String.valueOf(((ByteBuffer) Objects.requireNonNull(message)).get()));
        }

        @Override
        public void txDone(MailboxChannel channel, @Nullable Object message, int status) {
            heard.add("done " + Errno.name(status));
        }

        @Override
        public void event(MailboxChannel channel, ChannelEvent event) {
            if (event == ChannelEvent.PEER_RESET) {
                heard.add("event " + event);
            }
        }
    }

    /** Something happens at the next masking, which is in the middle of a startup. */
    private final class Disturbed implements InterruptController {
        private final InterruptController real;

        Disturbed(InterruptController real) {
            this.real = real;
        }

        @Override
        public void attach(int virq, Runnable handler) {
            real.attach(virq, handler);
        }

        @Override
        public void detach(int virq) {
            real.detach(virq);
        }

        @Override
        public void mask(int virq) {
            if (!atMask.isEmpty()) {
                atMask.remove(0).run();
            }
            real.mask(virq);
        }

        @Override
        public void unmask(int virq) {
            real.unmask(virq);
        }
    }
}
