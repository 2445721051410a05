// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm.server;

import dev.hwmailbox.devicetree.DeviceTree;
import dev.hwmailbox.devicetree.InterruptSpecifier;
import dev.hwmailbox.devicetree.NodeBuilder;
import dev.hwmailbox.devicetree.OverlayBuilder;
import dev.hwmailbox.gunyah.msgq.MsgqEndpoint;
import java.util.stream.IntStream;

/** What the host's devicetree says of the Resource Manager; unlike a guest's it names no other queue. */
final class HostDevicetree {
    private final MsgqEndpoint endpoint;
    private final int depth;

    private HostDevicetree(MsgqEndpoint endpoint, int depth) {
        this.endpoint = endpoint;
        this.depth = depth;
    }

    static DeviceTree overlay(MsgqEndpoint endpoint, int depth) {
        HostDevicetree tree = new HostDevicetree(endpoint, depth);
        return OverlayBuilder.create()
                .fragment("/", root -> root.child("hypervisor", tree::hypervisor))
                .build();
    }

    private void hypervisor(NodeBuilder node) {
        node.property("compatible", "qcom,gunyah-hypervisor-1.0", "qcom,gunyah-hypervisor", "simple-bus")
                .property("#address-cells", 2)
                .property("#size-cells", 0)
                .child(
                        "qcom,gunyah-vm",
                        vm -> vm.property("compatible", "qcom,gunyah-vm-id-1.0", "qcom,gunyah-vm-id")
                                .property("qcom,vmid", VmRegistry.HOST)
                                .property("qcom,vendor", "Qualcomm"))
                .child(
                        "qcom,resource-manager-rpc@%016x"
                                .formatted(endpoint.txCapability().value()),
                        this::channel);
    }

    private void channel(NodeBuilder node) {
        node.property("compatible", "gunyah-resource-manager", "qcom,resource-manager-1-0", "qcom,resource-manager")
                .u64s(
                        "reg",
                        endpoint.txCapability().value(),
                        endpoint.rxCapability().value())
                .property("interrupts", interrupts())
                .property("qcom,free-irq-start", VirqAllocator.FIRST_FREE_CHOICE)
                .flag("qcom,is-full-duplex")
                .property("qcom,tx-message-size", endpoint.maxMessageSize())
                .property("qcom,rx-message-size", endpoint.maxMessageSize())
                .property("qcom,tx-queue-depth", depth)
                .property("qcom,rx-queue-depth", depth);
    }

    private int[] interrupts() {
        return IntStream.of(endpoint.txVirq(), endpoint.rxVirq())
                .flatMap(
                        virq -> IntStream.of(InterruptSpecifier.gicCells(virq, InterruptSpecifier.Trigger.EDGE_RISING)))
                .toArray();
    }
}
