// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hwmailbox.ChannelEvent;
import dev.hwmailbox.MailboxChannel;
import dev.hwmailbox.MailboxClient;
import dev.hwmailbox.gunyah.GunyahError;
import dev.hwmailbox.gunyah.GunyahHypercalls;
import dev.hwmailbox.gunyah.hypervisor.SoftwareHypervisor;
import dev.hwmailbox.gunyah.hypervisor.StaleMessages;
import dev.hwmailbox.gunyah.hypervisor.VirtualInterruptController.Trigger;
import dev.hwmailbox.gunyah.hypervisor.VirtualMachine;
import dev.hwmailbox.gunyah.msgq.GunyahMsgqController;
import dev.hwmailbox.gunyah.msgq.MessageDispatcher;
import dev.hwmailbox.gunyah.msgq.MsgqEndpoint;
import dev.hwmailbox.gunyah.msgq.ReservationKey;
import dev.hwmailbox.gunyah.msgq.SuspendPolicy;
import dev.hwmailbox.gunyah.rm.protocol.HypResource;
import dev.hwmailbox.gunyah.rm.protocol.HypResourceList;
import dev.hwmailbox.gunyah.rm.protocol.HypResourceType;
import dev.hwmailbox.gunyah.rm.protocol.RmMessageId;
import dev.hwmailbox.gunyah.rm.protocol.VmState;
import dev.hwmailbox.gunyah.rm.protocol.VmStatus;
import dev.hwmailbox.gunyah.rm.protocol.VmStatusNotification;
import dev.hwmailbox.gunyah.rm.protocol.VmidListReply;
import dev.hwmailbox.gunyah.rm.protocol.VmidReply;
import dev.hwmailbox.gunyah.testing.QueuePairs;
import dev.hwmailbox.testing.VirtualScheduler;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * C14: what becomes of messages that a guest has left in queues that outlive its reset, seen by a subscriber in another
 * guest: real queues of a software hypervisor, under what a scripted Resource Manager tells.
 */
final class StaleMessageGuardTest implements MailboxClient, ChannelSubscriber {
    private static final int NEAR = 128;
    private static final int FAR = 129;
    private static final int LABEL = 0x10;

    private final VirtualScheduler scheduler = new VirtualScheduler();
    private final ScriptedPeer resourceManager = new ScriptedPeer(scheduler);
    private final SoftwareHypervisor hypervisor =
            SoftwareHypervisor.builder().schedulers(vmid -> scheduler).build();
    private final VirtualMachine near = hypervisor.createVm(NEAR);
    private final VirtualMachine far = hypervisor.createVm(FAR);
    private final QueuePairs.Pair pair = new QueuePairs(hypervisor.createManagerVm(255))
            .make(near, far, 8, VmChannels.DEFAULT_MESSAGE_SIZE, Trigger.EDGE);
    private final MessageDispatcher dispatcher = new MessageDispatcher();
    private final List<String> heard = new ArrayList<>();

    @ParameterizedTest
    @CsvSource({"KEEP, fresh old, 0", "TAG, stale old, 0", "TAG, , 1", "FLUSH, , 0"})
    void messagesOfTheOldLifeAreTreatedAsAskedForAndNewOnesComeAsTheyAre(
            StaleMessages policy, @Nullable String oldMessage, int dropped) {
        resourceManager.onRequest(this::answer);
        dispatcher.otherwise((channel, bytes) -> heard.add("fresh " + text(bytes)));
        if (oldMessage != null) {
            dispatcher.onStale((channel, bytes) -> heard.add("stale " + text(bytes)));
        }
        try (GunyahMsgqController controller = GunyahMsgqController.builder(
                                near.hypercalls(), near.interrupts(), scheduler)
                        .build();
                VmChannels channels = VmChannels.builder(resourceManager.client(), controller, scheduler)
                        .build()) {
            channels.subscribe(this, new ReservationKey(FAR, LABEL), this);
            scheduler.runDue();
            controller.suspend(SuspendPolicy.PARK, channel -> {}); // so that the old message is still there
            send("old");

            far.reset(policy);
            becomes(VmState.RESETTING);
            becomes(VmState.RESET);
            becomes(VmState.RUNNING);
            send("new");
            controller.resume();
            scheduler.runDue();
        }

        List<String> expected = new ArrayList<>(List.of("bound", "PEER_RESET"));
        if (oldMessage != null) {
            expected.add(oldMessage);
        }
        expected.add("fresh new");
        assertThat(heard).isEqualTo(expected);
        assertThat(dispatcher.unhandled()).isEqualTo(dropped);
    }

    private void send(String text) {
        byte[] message = text.getBytes(StandardCharsets.US_ASCII);
        long result = far.hypercalls().msgqSend(pair.far().txCapability().value(), message, 0, message.length, true);
        assertThat(GunyahHypercalls.status(result)).isEqualTo(GunyahError.OK);
        scheduler.runDue();
    }

    private void becomes(VmState state) {
        resourceManager.notification(
                RmMessageId.NOTIFY_VM_STATUS,
                new VmStatusNotification(FAR, new VmStatus(state.value(), 0, 0)).encode());
        scheduler.runDue();
    }

    private void answer(ScriptedPeer.Request request) {
        byte[] data = switch (request.id()) {
            case RmMessageId.VM_GET_VMID -> new VmidReply(NEAR).encode();
            case RmMessageId.VM_GET_PEERS -> new VmidListReply(List.of(FAR)).encode();
            default -> listed(pair.near()).encode();
        };
        resourceManager.reply(request, 0, data);
    }

    private static HypResourceList listed(MsgqEndpoint queues) {
        return new HypResourceList(List.of(
                HypResource.of(HypResourceType.MSGQ_SEND, FAR, LABEL, queues.txCapability(), queues.txVirq()),
                HypResource.of(HypResourceType.MSGQ_RECEIVE, FAR, LABEL, queues.rxCapability(), queues.rxVirq())));
    }

    private static String text(ByteBuffer bytes) {
        return StandardCharsets.US_ASCII.decode(bytes).toString();
    }

    @Override
    public void bound(MailboxChannel channel, VmChannel queues) {
        heard.add("bound");
    }

    @Override
    public void rxCallback(MailboxChannel channel, @Nullable Object message) {
        dispatcher.dispatch(channel, message);
    }

    @Override
    public void event(MailboxChannel channel, ChannelEvent event) {
        if (event == ChannelEvent.PEER_RESET) {
            heard.add("PEER_RESET");
        }
    }
}
