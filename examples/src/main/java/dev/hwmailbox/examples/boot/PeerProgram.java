// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.boot;

import dev.hwmailbox.Errno;
import dev.hwmailbox.MailboxException;
import dev.hwmailbox.devicetree.DeviceTree;
import dev.hwmailbox.devicetree.Interrupts;
import dev.hwmailbox.devicetree.Node;
import dev.hwmailbox.devicetree.Property;
import dev.hwmailbox.examples.timeline.Timeline;
import dev.hwmailbox.gunyah.CapabilityId;
import dev.hwmailbox.gunyah.GunyahDeviceTree;
import dev.hwmailbox.gunyah.hypervisor.GuestContext;
import dev.hwmailbox.gunyah.hypervisor.GuestProgram;
import dev.hwmailbox.gunyah.msgq.GunyahMsgqController;
import dev.hwmailbox.gunyah.msgq.MsgqEndpoint;
import dev.hwmailbox.gunyah.rm.ResourceManager;
import dev.hwmailbox.gunyah.rm.protocol.RmMessage;
import dev.hwmailbox.gunyah.rm.protocol.RmMessageId;
import dev.hwmailbox.gunyah.rm.protocol.VmExitRequest;
import org.jspecify.annotations.Nullable;

/**
 * What runs in the peer. It finds its channels where a guest finds them, in the devicetree that the Resource Manager
 * has completed; exchanges messages; and exits when it is asked to shut down.
 */
final class PeerProgram implements GuestProgram {
    private final Timeline timeline;
    private final int messages;
    private @Nullable GunyahMsgqController controller;
    private @Nullable ResourceManager resourceManager;
    private @Nullable Exchange exchange;

    PeerProgram(Timeline timeline, int messages) {
        this.timeline = timeline;
        this.messages = messages;
    }

    @Override
    public void start(GuestContext vm) {
        DeviceTree tree = vm.devicetree();
        timeline.add("peer", "%s runs in VM %d", vm.imageName(), vm.vmid());
        controller = GunyahMsgqController.builder(vm.hypercalls(), vm.interrupts(), vm.scheduler())
                .name("peer-msgq")
                .build();
        MsgqEndpoint toManager = MsgqEndpoint.of(GunyahDeviceTree.resourceManager(tree));
        resourceManager = ResourceManager.bind(controller, toManager, vm.scheduler());
        resourceManager.addListener(this::notified);
        MsgqEndpoint toOwner = queuePair(tree, PeerImage.CONTROL_LABEL);
        timeline.add("peer", "queue pair 0x%x: %s", PeerImage.CONTROL_LABEL, toOwner);
        exchange = new Exchange(vm.scheduler(), messages, Boot.PEER_SEED, Boot.OWNER_SEED);
        exchange.begin(controller.requestChannel(exchange, toOwner));
    }

    @Override
    public void stop(StopReason reason) {
        if (exchange != null) {
            timeline.add(
                    "peer",
                    "stops (%s): sent %d, received %d%s",
                    reason,
                    exchange.sent(),
                    exchange.received(),
                    exchange.failure() == null ? "" : ", " + exchange.failure());
        }
        if (resourceManager != null) {
            resourceManager.close();
        }
        if (controller != null) {
            controller.close();
        }
    }

    private void notified(RmMessage notification) {
        if (notification.messageId() == RmMessageId.NOTIFY_VM_SHUTDOWN && resourceManager != null) {
            timeline.add("peer", "is asked to shut down and exits");
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

    private static MsgqEndpoint queuePair(DeviceTree tree, int label) {
        Node node = tree.nodes().stream()
                .filter(candidate -> candidate.isCompatibleWith("qcom,gunyah-message-queue"))
                .filter(candidate -> candidate
                        .property("qcom,label")
                        .map(Property::u32)
                        .filter(value -> value == label)
                        .isPresent())
                .findFirst()
                .orElseThrow(() -> new BootFailure("the peer's devicetree has no queue 0x%x".formatted(label)));
        Property reg = node.property("reg").orElseThrow();
        Interrupts interrupts = Interrupts.of(tree, node);
        return new MsgqEndpoint(
                CapabilityId.of(reg.u64(0)),
                interrupts.get(0).hwirq(),
                CapabilityId.of(reg.u64(1)),
                interrupts.get(1).hwirq(),
                node.property("qcom,tx-message-size").orElseThrow().u32());
    }
}
