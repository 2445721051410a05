// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.rm;

import dev.hwmailbox.Errno;
import dev.hwmailbox.MailboxException;
import dev.hwmailbox.gunyah.GunyahDeviceTree;
import dev.hwmailbox.gunyah.hypervisor.GuestContext;
import dev.hwmailbox.gunyah.hypervisor.GuestProgram;
import dev.hwmailbox.gunyah.msgq.GunyahMsgqController;
import dev.hwmailbox.gunyah.msgq.MsgqEndpoint;
import dev.hwmailbox.gunyah.rm.ResourceManager;
import dev.hwmailbox.gunyah.rm.protocol.ConsoleText;
import dev.hwmailbox.gunyah.rm.protocol.RmMessage;
import dev.hwmailbox.gunyah.rm.protocol.RmMessageId;
import dev.hwmailbox.gunyah.rm.protocol.RmPayload;
import dev.hwmailbox.gunyah.rm.protocol.VmExitRequest;
import dev.hwmailbox.gunyah.rm.protocol.VmRequest;
import org.jspecify.annotations.Nullable;

/**
 * What runs in each VM: opens its console and says that it is ready, sends back what is written to it, and exits when
 * asked to shut down.
 */
final class EchoGuest implements GuestProgram {
    private static final int OWN_CONSOLE = 0;
    private static final String GREETING = "ready";

    private @Nullable GunyahMsgqController controller;
    private @Nullable ResourceManager resourceManager;

    @Override
    public void start(GuestContext vm) {
        controller = GunyahMsgqController.builder(vm.hypercalls(), vm.interrupts(), vm.scheduler())
                .build();
        MsgqEndpoint endpoint = MsgqEndpoint.of(GunyahDeviceTree.resourceManager(vm.devicetree()));
        ResourceManager bound = ResourceManager.bind(controller, endpoint, vm.scheduler());
        resourceManager = bound;
        bound.addListener(notification -> notified(bound, notification));
        call(bound, RmMessageId.VM_CONSOLE_OPEN, new VmRequest(OWN_CONSOLE));
        call(bound, RmMessageId.VM_CONSOLE_WRITE, ConsoleText.of(OWN_CONSOLE, GREETING));
    }

    @Override
    public void stop(StopReason reason) {
        if (resourceManager != null) {
            resourceManager.close();
        }
        if (controller != null) {
            controller.close();
        }
    }

    private static void notified(ResourceManager resourceManager, RmMessage notification) {
        switch (notification.messageId()) {
            case RmMessageId.NOTIFY_VM_CONSOLE_CHARS -> {
                byte[] text = ConsoleText.decode(notification).bytes();
                call(resourceManager, RmMessageId.VM_CONSOLE_WRITE, ConsoleText.of(OWN_CONSOLE, text));
            }
            case RmMessageId.NOTIFY_VM_SHUTDOWN ->
                call(resourceManager, RmMessageId.VM_EXIT, new VmExitRequest(0, VmExitRequest.CODE_NORMAL));
            default -> {}
        }
    }

    private static void call(ResourceManager resourceManager, int messageId, RmPayload payload) {
        try {
            resourceManager.call(messageId, payload.encode());
        } catch (MailboxException e) {
            // A VM that is stopped need not live to see the reply.
            if (e.errno() != Errno.ESHUTDOWN) {
                throw e;
            }
        }
    }
}
