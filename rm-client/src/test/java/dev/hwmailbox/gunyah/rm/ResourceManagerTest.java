// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm;

import static dev.hwmailbox.gunyah.rm.protocol.HypResourceType.MSGQ_RECEIVE;
import static dev.hwmailbox.gunyah.rm.protocol.HypResourceType.MSGQ_SEND;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.mockito.Mockito.mock;

import dev.hwmailbox.Completion;
import dev.hwmailbox.Errno;
import dev.hwmailbox.MailboxChannel;
import dev.hwmailbox.MailboxClient;
import dev.hwmailbox.MailboxException;
import dev.hwmailbox.gunyah.CapabilityId;
import dev.hwmailbox.gunyah.GunyahHypercalls;
import dev.hwmailbox.gunyah.InterruptController;
import dev.hwmailbox.gunyah.msgq.GunyahMsgqController;
import dev.hwmailbox.gunyah.msgq.MsgqEndpoint;
import dev.hwmailbox.gunyah.msgq.MsgqMessage;
import dev.hwmailbox.gunyah.msgq.ReservationKey;
import dev.hwmailbox.gunyah.rm.protocol.HypResource;
import dev.hwmailbox.gunyah.rm.protocol.HypResourceList;
import dev.hwmailbox.gunyah.rm.protocol.MemAclEntry;
import dev.hwmailbox.gunyah.rm.protocol.MemParcelRequest;
import dev.hwmailbox.gunyah.rm.protocol.MemRange;
import dev.hwmailbox.gunyah.rm.protocol.RmMessageId;
import dev.hwmailbox.gunyah.rm.protocol.RmProtocolException;
import dev.hwmailbox.gunyah.rm.protocol.VmConfigImageRequest;
import dev.hwmailbox.gunyah.rm.protocol.VmStatus;
import dev.hwmailbox.gunyah.testing.FakeGunyah;
import dev.hwmailbox.gunyah.testing.FakeQueue;
import dev.hwmailbox.testing.VirtualScheduler;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.IntStream;
import org.assertj.core.api.ThrowingConsumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class ResourceManagerTest {
    private static final int VM_GET_VMID = 0x56000024;
    private static final byte[] NOTHING = {};

    private final VirtualScheduler scheduler = new VirtualScheduler();
    private final ScriptedPeer peer = new ScriptedPeer(scheduler);
    private final ResourceManager client = peer.client();

    @Test
    void callsHaveTheMessageIdAndPayloadOfTheirNames() {
        byte[] vmid = {(byte) 128, 0, 0, 0};
        peer.answering(vmid);
        assertThat(client.vmid()).isEqualTo(128);
        assertThat(client.allocateVmid()).isEqualTo(128);
        assertThat(client.lendMemory(new MemParcelRequest(
                        0, 0, 5, List.of(new MemAclEntry(128, 6)), List.of(new MemRange(0x1000, 0x2000)), List.of())))
                .isEqualTo(128);
        peer.answering();
        client.reclaimMemory(9);
        client.configureImage(new VmConfigImageRequest(128, 1, 2, 3, 4, 5, 6));
        client.initialise(128);
        client.start(128);
        client.stop(128, false);
        client.stop(128, true);
        client.reset(128);
        client.deallocateVmid(128);

        List<String> sent = peer.requests().stream()
                .map(request -> "%x %s"
                        .formatted(request.id(), HexFormat.of().formatHex(request.payload()))
                        .strip())
                .toList();
        assertThat(sent)
                .containsExactly(
                        "56000024",
                        "56000001 00000000",
                        "51000012 00000000050000000100000080000600010000000010000000000000002000000000000000000000",
                        "51000015 0900000000000000",
                        "56000009 80000100020000000300000000000000040000000000000005000000000000000600000000000000",
                        "5600000b 80000000",
                        "56000004 80000000",
                        "56000005 8000000000000000",
                        "56000005 8000010003000000",
                        "56000006 80000000",
                        "56000002 80000000");
    }

    @Test
    void statusAndResourcesAreDecoded() {
        peer.answering((byte) 3, (byte) 4, (byte) 0x34, (byte) 0x12);
        assertThat(client.status(128)).isEqualTo(new VmStatus(3, 4, 0x1234));

        byte[] list = ByteBuffer.allocate(4 + 44)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt(1)
                .put((byte) 2)
                .put((byte) 0)
                .putShort((short) 128)
                .putInt(0)
                .putInt(0x10)
                .putLong(0xa3c5e00300000017L)
                .putInt(0)
                .putInt(965)
                .putLong(0)
                .putLong(0)
                .array();
        peer.answering(list);
        assertThat(client.hypervisorResources(128)).singleElement().satisfies(entry -> {
            assertThat(entry.type()).isEqualTo(MSGQ_SEND.value());
            assertThat(entry.partnerVmid()).isEqualTo(128);
            assertThat(entry.label()).isEqualTo(0x10);
            assertThat(entry.capability().value()).isEqualTo(0xa3c5e00300000017L);
            assertThat(entry.virq()).isEqualTo(965);
        });
    }

    @Test
    void reservedChannelsGetTheQueuesThatTheResourceManagerLists() {
        FakeGunyah gunyah = FakeGunyah.create(scheduler);
        FakeQueue out = gunyah.queue("out", 0x20, 0x120).sendVirq(40).receiveVirq(140);
        FakeQueue in = gunyah.queue("in", 0x121, 0x21).sendVirq(141).receiveVirq(41);
        FakeQueue news = gunyah.queue("news", 0x122, 0x22).sendVirq(142).receiveVirq(42);
        FakeQueue unwanted = gunyah.queue("unwanted", 0x23, 0x123).sendVirq(43).receiveVirq(143);
        GunyahMsgqController controller = GunyahMsgqController.builder(
                        gunyah.hypercalls(), gunyah.interrupts(), scheduler)
                .build();
        var listener = new MailboxClient() {};
        Duration patience = Duration.ofSeconds(1);
        var both = controller.reserve(listener, new ReservationKey(128, 0x10), patience);
        var oneWay = controller.reserve(listener, ReservationKey.anyPartner(0x11), patience);
        var another = controller.reserve(listener, new ReservationKey(129, 0x10), patience);
        peer.answering(new HypResourceList(List.of(
                        HypResource.of(MSGQ_SEND, 128, 0x10, out.sendCapability(), 40),
                        HypResource.of(MSGQ_RECEIVE, 128, 0x10, in.receiveCapability(), 41),
                        HypResource.of(MSGQ_RECEIVE, 128, 0x11, news.receiveCapability(), 42),
                        HypResource.of(MSGQ_SEND, 128, 0x12, unwanted.sendCapability(), 43)))
                .encode());

        List<MailboxChannel> made = client.supplyChannels(controller, 128, 240);
        made.get(0).sendMessage(MsgqMessage.of(new byte[] {1}));
        made.get(1).sendMessage(MsgqMessage.of(new byte[] {2}));

        assertThat(made).containsExactly(both.join(), oneWay.join());
        assertThat(another).isNotDone();
        assertThat(out.messages()).containsExactly(new byte[] {1});
        controller.close();
    }

    @Test
    void sequenceNumbersCountFromZeroAndWrapAfter65535() {
        peer.answering();

        for (int i = 0; i < 65537; i++) {
            client.call(VM_GET_VMID, NOTHING);
        }

        assertThat(peer.request(0).sequence()).isZero();
        assertThat(peer.request(1).sequence()).isEqualTo(1);
        assertThat(peer.request(65535).sequence()).isEqualTo(65535);
        assertThat(peer.request(65536).sequence()).isZero();
    }

    @ParameterizedTest
    @CsvSource({
        "0xFFFFFFFF, EOPNOTSUPP",
        "1, ENOMEM",
        "2, ENODEV",
        "3, EPERM",
        "4, EINVAL",
        "5, EBUSY",
        "6, EINVAL",
        "7, EINVAL",
        "0xA, EINVAL",
        "0xB, EINVAL",
        "0xD, EINVAL",
        "0x12, EBADMSG",
        "0x14, EBADMSG",
        "0x12345678, EBADMSG"
    })
    void refusalKeepsTheRawErrorWordBesideTheErrno(String word, String errno) {
        int error = (int) (long) Long.decode(word);
        peer.onRequest(request -> peer.reply(request, error, (byte) 1, (byte) 2));

        assertThatThrownBy(client::vmid).isInstanceOfSatisfying(ResourceManagerException.class, refusal -> {
            assertThat(refusal.errorWord()).isEqualTo(error);
            assertThat(refusal.messageId()).isEqualTo(VM_GET_VMID);
            assertThat(Errno.name(refusal.errno())).isEqualTo(errno);
        });
    }

    @Test
    void replyOfTheWrongLengthIsAProtocolError() {
        peer.answering((byte) 1, (byte) 2);

        assertThatThrownBy(client::vmid)
                .isInstanceOf(RmProtocolException.class)
                .extracting(e -> ((MailboxException) e).errno())
                .isEqualTo(Errno.EBADMSG);
        assertThatThrownBy(() -> client.start(128)).isInstanceOf(RmProtocolException.class);
    }

    @Test
    void requestLargerThanTheMailboxRingGoesOutInOrder() {
        byte[] payload = new byte[40 * 232 + 17];
        IntStream.range(0, payload.length).forEach(i -> payload[i] = (byte) (i * 31));
        peer.answering((byte) 7);
        peer.hold();

        List<byte[]> replies = new ArrayList<>();
        Completion ended = scheduler.spawn(
                () -> replies.add(client.call(0x5600FFFF, payload).data()));
        assertThat(peer.frames()).hasSize(1);
        for (int frame = 1; frame <= 41; frame++) {
            assertThat(peer.frames()).hasSize(frame);
            peer.releaseOne();
        }
        scheduler.runUntilIdle();

        assertThat(ended.isDone()).isTrue();
        assertThat(replies).containsExactly(new byte[] {7});
        assertThat(peer.request(0).payload()).isEqualTo(payload);
        assertThat(peer.frames()).allMatch(frame -> ScriptedPeer.continuations(frame) == 40);
    }

    @Test
    void largestRequestOfLinuxPassesAndOneByteMoreIsRefusedBeforeAnythingIsSent() {
        peer.answering();
        client.call(0x5600FFFF, new byte[62 * 232]);
        int sent = peer.frames().size();

        assertThatThrownBy(() -> client.call(0x5600FFFF, new byte[62 * 232 + 1]))
                .satisfies(errno(Errno.E2BIG));
        assertThatThrownBy(() -> client.call(RmMessageId.NONE, NOTHING)).satisfies(errno(Errno.EINVAL));

        assertThat(peer.frames()).hasSize(sent);
        client.call(0x5600FFFF, NOTHING);
    }

    @Test
    void replyInSeveralFramesIsPutTogether() {
        byte[] data = new byte[1000];
        IntStream.range(0, data.length).forEach(i -> data[i] = (byte) (i * 7));
        peer.answering(data);

        assertThat(client.call(VM_GET_VMID, NOTHING).data()).isEqualTo(data);
    }

    @Test
    void callWithoutReplyTimesOutWhenItsTimeIsUp() {
        Duration before = scheduler.elapsed();

        assertThatThrownBy(client::vmid).satisfies(errno(Errno.ETIMEDOUT));

        assertThat(scheduler.elapsed().minus(before)).isEqualTo(Duration.ofSeconds(5));
    }

    @Test
    void lateReplyIsCountedAndTheNextCallIsUnaffected() {
        assertThatThrownBy(client::vmid).satisfies(errno(Errno.ETIMEDOUT));
        peer.onRequest(request -> {
            peer.reply(peer.request(0), 0, (byte) 99, (byte) 0, (byte) 0, (byte) 0);
            peer.reply(request, 0, (byte) 3, (byte) 0, (byte) 0, (byte) 0);
        });

        assertThat(client.vmid()).isEqualTo(3);

        assertThat(client.droppedFrames()).isEqualTo(1);
    }

    @Test
    void duplicateReplyIsCountedAndDropped() {
        peer.onRequest(request -> {
            peer.reply(request, 0, (byte) 3, (byte) 0, (byte) 0, (byte) 0);
            peer.reply(request, 0, (byte) 4, (byte) 0, (byte) 0, (byte) 0);
        });

        assertThat(client.vmid()).isEqualTo(3);
        assertThat(client.droppedFrames()).isEqualTo(1);
    }

    @Test
    void everyKindOfBrokenFrameIsDroppedAndTheCallGoesOn() {
        peer.onRequest(request -> {
            peer.deliver(new byte[] {1, 2, 3});
            peer.deliver(new byte[241]);
            peer.deliver(new byte[8]);
            peer.deliver(ScriptedPeer.message(1, request.id(), request.sequence(), NOTHING)
                    .get(0));
            peer.deliver(ScriptedPeer.message(ScriptedPeer.REPLY, 0x56000001, request.sequence(), new byte[8])
                    .get(0));
            peer.deliver(ScriptedPeer.message(ScriptedPeer.REPLY, request.id(), request.sequence() + 1, new byte[8])
                    .get(0));
            peer.reply(request, 0, (byte) 3, (byte) 0, (byte) 0, (byte) 0);
        });

        assertThat(client.vmid()).isEqualTo(3);
        assertThat(client.droppedFrames()).isEqualTo(6);
    }

    @Test
    void replyCutOffByANotificationEndsTheCallWithEio() {
        List<Integer> heard = new ArrayList<>();
        client.addListener(notification -> heard.add(notification.messageId()));
        peer.onRequest(request -> {
            peer.deliver(ScriptedPeer.message(ScriptedPeer.REPLY, request.id(), request.sequence(), new byte[300])
                    .get(0));
            peer.notification(0x56100008);
        });

        assertThatThrownBy(client::vmid).satisfies(errno(Errno.EIO));
        scheduler.runUntilIdle();

        assertThat(heard).containsExactly(0x56100008);
        peer.answering((byte) 3, (byte) 0, (byte) 0, (byte) 0);
        assertThat(client.vmid()).isEqualTo(3);
    }

    @Test
    void replyWithoutRoomForItsErrorWordEndsTheCall() {
        peer.onRequest(request ->
                peer.deliver(ScriptedPeer.message(ScriptedPeer.REPLY, request.id(), request.sequence(), new byte[3])
                        .get(0)));

        assertThatThrownBy(client::vmid).satisfies(errno(Errno.ENOMEM));
    }

    @Test
    void frameThatTheChannelRefusesEndsItsCallWithThatErrno() {
        peer.refuseFrames(-Errno.EMSGSIZE);
        assertThatThrownBy(client::vmid).satisfies(errno(Errno.EMSGSIZE));

        peer.refuseFrames(0);
        peer.answering((byte) 3, (byte) 0, (byte) 0, (byte) 0);
        assertThat(client.vmid()).isEqualTo(3);
    }

    @Test
    void refusedFrameOfACallThatHasEndedDoesNotHarmTheNextCall() {
        peer.hold();
        assertThatThrownBy(client::vmid).satisfies(errno(Errno.ETIMEDOUT));
        List<Integer> answers = new ArrayList<>();
        scheduler.spawn(() -> answers.add(client.vmid()));

        peer.failOne(-Errno.EIO);
        peer.reply(peer.request(1), 0, (byte) 3, (byte) 0, (byte) 0, (byte) 0);
        scheduler.runUntilIdle();

        assertThat(answers).containsExactly(3);
    }

    @Test
    void errorThrownInsideTheSendDoesNotStopLaterCalls() {
        peer.answering((byte) 3, (byte) 0, (byte) 0, (byte) 0);
        var someoneElses = new AssertionError("another VM's handler");
        peer.failWith(someoneElses);
        assertThatThrownBy(client::vmid).isSameAs(someoneElses);

        assertThat(client.vmid()).isEqualTo(3);
        assertThat(client.vmid()).isEqualTo(3);
    }

    @Test
    void errorThrownOutOfTheWaitDoesNotStopLaterCalls() {
        var someoneElses = new AssertionError("a task of another");
        scheduler.execute(() -> {
            throw someoneElses;
        });
        assertThatThrownBy(client::vmid).isSameAs(someoneElses);

        peer.answering((byte) 3, (byte) 0, (byte) 0, (byte) 0);
        assertThat(client.vmid()).isEqualTo(3);
    }

    @Test
    void queuesThatDoNotTakeWholeFramesAreRefused() {
        GunyahMsgqController controller = GunyahMsgqController.builder(
                        mock(GunyahHypercalls.class), mock(InterruptController.class), scheduler)
                .build();
        MsgqEndpoint small = new MsgqEndpoint(CapabilityId.of(0x10), 960, CapabilityId.of(0x11), 961, 239);

        assertThatThrownBy(() -> ResourceManager.bind(controller, small, scheduler))
                .isInstanceOf(MailboxException.class)
                .hasMessageContaining("frames have up to 240 bytes");
        assertThat(controller.freeSlots()).isEqualTo(GunyahMsgqController.DEFAULT_SLOTS);
    }

    @Test
    void timeoutMustBePositive() {
        for (Duration wrong : List.of(Duration.ZERO, Duration.ofSeconds(-1))) {
            assertThatThrownBy(() -> ResourceManager.bind(
                            peer.controller().channel(0)::bindClient, RmFrameCarrier.MSGQ, scheduler, wrong))
                    .isInstanceOf(IllegalArgumentException.class);
        }
    }

    static ThrowingConsumer<Throwable> errno(int errno) {
        return thrown -> {
            assertThat(thrown).isInstanceOf(MailboxException.class);
            assertThat(Errno.name(((MailboxException) thrown).errno())).isEqualTo(Errno.name(errno));
        };
    }
}
