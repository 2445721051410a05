// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.soak;

import dev.hwmailbox.Errno;
import dev.hwmailbox.MailboxChannel;
import dev.hwmailbox.MailboxClient;
import dev.hwmailbox.MailboxException;
import dev.hwmailbox.examples.GuestImage;
import dev.hwmailbox.gunyah.GunyahDeviceTree;
import dev.hwmailbox.gunyah.hypervisor.GuestContext;
import dev.hwmailbox.gunyah.hypervisor.GuestProgram;
import dev.hwmailbox.gunyah.msgq.GunyahMsgqController;
import dev.hwmailbox.gunyah.msgq.MsgqEndpoint;
import dev.hwmailbox.gunyah.msgq.MsgqMessage;
import dev.hwmailbox.gunyah.msgq.ReservationKey;
import dev.hwmailbox.gunyah.rm.ChannelSubscriber;
import dev.hwmailbox.gunyah.rm.ResourceManager;
import dev.hwmailbox.gunyah.rm.VmChannel;
import dev.hwmailbox.gunyah.rm.VmChannels;
import dev.hwmailbox.gunyah.rm.protocol.RmMessage;
import dev.hwmailbox.gunyah.rm.protocol.RmMessageId;
import dev.hwmailbox.gunyah.rm.protocol.VmExitRequest;
import dev.hwmailbox.gunyah.rm.server.ResourceManagerServer;
import java.nio.ByteBuffer;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** What runs in the guest: sends back what the host sends, and exits when asked to shut down. */
final class EchoProgram implements GuestProgram, MailboxClient, ChannelSubscriber {
    private @Nullable GunyahMsgqController controller;
    private @Nullable ResourceManager resourceManager;
    private @Nullable VmChannels channels;

    @Override
    public void start(GuestContext vm) {
        controller = GunyahMsgqController.builder(vm.hypercalls(), vm.interrupts(), vm.scheduler())
                .build();
        MsgqEndpoint endpoint = MsgqEndpoint.of(GunyahDeviceTree.resourceManager(vm.devicetree()));
        ResourceManager bound = ResourceManager.bind(controller, endpoint, vm.scheduler());
        resourceManager = bound;
        bound.addListener(notification -> notified(bound, notification));
        channels = VmChannels.builder(bound, controller, vm.scheduler()).build();
        channels.subscribe(this, new ReservationKey(ResourceManagerServer.HOST_VMID, GuestImage.CONTROL_LABEL), this);
    }

    @Override
    public void stop(StopReason reason) {
        if (channels != null) {
            channels.close();
        }
        if (resourceManager != null) {
            resourceManager.close();
        }
        if (controller != null) {
            controller.close();
        }
    }

    private static void notified(ResourceManager resourceManager, RmMessage notification) {
        if (notification.messageId() == RmMessageId.NOTIFY_VM_SHUTDOWN) {
            try {
                resourceManager.call(RmMessageId.VM_EXIT, new VmExitRequest(0, VmExitRequest.CODE_NORMAL).encode());
            } catch (MailboxException e) {
                // A VM that exits need not live to see the reply.
                if (e.errno() != Errno.ESHUTDOWN) {
                    throw e;
                }
            }
        }
    }

    @Override
    public void bound(MailboxChannel channel, VmChannel queues) {}

    @Override
    public void rxCallback(MailboxChannel channel, @Nullable Object message) {
        ByteBuffer bytes = (ByteBuffer) Objects.requireNonNull(message, "message");
        byte[] copy = new byte[bytes.remaining()];
        bytes.get(bytes.position(), copy);
        channel.sendMessage(MsgqMessage.of(copy));
    }
}
