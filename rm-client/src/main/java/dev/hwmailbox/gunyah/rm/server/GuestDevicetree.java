// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm.server;

import dev.hwmailbox.devicetree.DeviceTree;
import dev.hwmailbox.devicetree.DeviceTreeOverlay;
import dev.hwmailbox.devicetree.InterruptSpecifier;
import dev.hwmailbox.devicetree.NodeBuilder;
import dev.hwmailbox.devicetree.OverlayBuilder;
import dev.hwmailbox.gunyah.rm.protocol.RmError;
import dev.hwmailbox.gunyah.rm.server.VirtualDevice.Side;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Consumer;

/**
 * Completes a guest's devicetree with what it cannot know: its VMID, its capabilities and its interrupts. As in the
 * real Resource Manager this is an overlay with a fragment for the hypervisor and one for each device.
 */
final class GuestDevicetree {
    private static final String HYPERVISOR = "hypervisor";

    private final ManagedVm guest;
    private final VmIdentity identity;

    private GuestDevicetree(ManagedVm guest) {
        this.guest = guest;
        this.identity = guest.identity().orElseThrow();
    }

    static DeviceTree complete(DeviceTree base, ManagedVm guest) {
        if (base.root().child(HYPERVISOR).isPresent()) {
            throw new RmRefusal(RmError.NORESOURCE, "the guest's tree has a /hypervisor already");
        }
        if (base.root().child("chosen").isEmpty()) {
            throw new RmRefusal(RmError.NORESOURCE, "the guest's tree has no /chosen");
        }
        return DeviceTreeOverlay.apply(base, new GuestDevicetree(guest).overlay());
    }

    private DeviceTree overlay() {
        OverlayBuilder overlay = OverlayBuilder.create().fragment("/", this::hypervisor);
        for (VirtualDevice device : guest.devices()) {
            overlay.fragment("/", root -> add(root, device));
        }
        return overlay.build();
    }

    private void hypervisor(NodeBuilder root) {
        root.child(
                HYPERVISOR,
                node -> node.property(
                                "compatible",
                                "gunyah-hypervisor",
                                "qcom,gunyah-hypervisor-1.0",
                                "qcom,gunyah-hypervisor",
                                "simple-bus")
                        .property("#address-cells", 2)
                        .property("#size-cells", 0)
                        .child("qcom,gunyah-vm", this::identity));
    }

    private void identity(NodeBuilder node) {
        node.property("compatible", "qcom,gunyah-vm-id-1.0", "qcom,gunyah-vm-id")
                .property("qcom,vmid", guest.vmid())
                .property("qcom,owner-vmid", guest.owner())
                .property("qcom,vendor", "Qualcomm")
                .property("qcom,image-name", identity.name());
        identity.uri().ifPresent(uri -> node.property("qcom,vm-uri", uri));
        identity.guid().map(UUID::toString).ifPresent(guid -> node.property("qcom,vm-guid", guid));
    }

    private static void add(NodeBuilder root, VirtualDevice device) {
        switch (device.configuration().kind()) {
            case RM_CHANNEL -> add(root, device, "", GuestDevicetree::resourceManager);
            case MESSAGE_QUEUE_PAIR -> add(root, device, "qcom,message-queue-pair", GuestDevicetree::queuePair);
            case MESSAGE_QUEUE -> add(root, device, "qcom,message-queue", GuestDevicetree::queue);
            case DOORBELL, DOORBELL_SOURCE -> add(root, device, "qcom,doorbell", GuestDevicetree::doorbell);
        }
    }

    private interface Content {
        void addTo(NodeBuilder node, VirtualDevice device);
    }

    private static void add(NodeBuilder root, VirtualDevice device, String defaultName, Content content) {
        String path = device.configuration().generate().orElse("/" + HYPERVISOR + "/" + defaultName) + "@"
                + Long.toHexString(unitAddress(device));
        descend(root, Arrays.asList(path.substring(1).split("/", -1)).iterator(), node -> content.addTo(node, device));
    }

    private static void descend(NodeBuilder parent, Iterator<String> path, Consumer<NodeBuilder> content) {
        if (path.hasNext()) {
            parent.child(path.next(), node -> descend(node, path, content));
        } else {
            content.accept(parent);
        }
    }

    /** The receiving capability, or the only one there is. */
    private static long unitAddress(VirtualDevice device) {
        return device.guest()
                .receive()
                .or(() -> device.guest().send())
                .orElseThrow()
                .capability()
                .value();
    }

    private static void resourceManager(NodeBuilder node, VirtualDevice device) {
        duplex(
                node,
                device,
                "gunyah-resource-manager",
                "qcom,resource-manager",
                "qcom,resource-manager-1-0",
                "qcom,gunyah-message-queue",
                "qcom,gunyah-capability");
    }

    private static void queuePair(NodeBuilder node, VirtualDevice device) {
        duplex(node, device, "qcom,gunyah-message-queue", "qcom,gunyah-capability");
        labels(node, device);
    }

    private static void duplex(NodeBuilder node, VirtualDevice device, String... compatible) {
        DeviceConfiguration configuration = device.configuration();
        compatible(node, device, compatible);
        sides(node, device.guest().send(), device.guest().receive());
        node.flag("qcom,is-full-duplex")
                .property("qcom,tx-message-size", configuration.messageSize())
                .property("qcom,rx-message-size", configuration.messageSize())
                .property("qcom,tx-queue-depth", configuration.queueDepth())
                .property("qcom,rx-queue-depth", configuration.queueDepth())
                .property("qcom,free-irq-start", 0)
                .property("qcom,vdevice-handle", device.handle());
    }

    private static void queue(NodeBuilder node, VirtualDevice device) {
        DeviceConfiguration configuration = device.configuration();
        compatible(node, device, "qcom,gunyah-message-queue", "qcom,gunyah-capability");
        sides(node, device.guest().send(), device.guest().receive());
        node.flag(configuration.guestSends() ? "is-sender" : "is-receiver")
                .property("tx_message_size", configuration.messageSize())
                .property("tx_queue_depth", configuration.queueDepth());
        labels(node, device);
    }

    private static void doorbell(NodeBuilder node, VirtualDevice device) {
        boolean isRung = device.configuration().kind() == DeviceKind.DOORBELL;
        compatible(
                node,
                device,
                isRung ? "qcom,gunyah-doorbell" : "qcom,gunyah-doorbell-source",
                "qcom,gunyah-capability");
        sides(node, device.guest().send(), device.guest().receive());
        labels(node, device);
    }

    private static void compatible(NodeBuilder node, VirtualDevice device, String... strings) {
        List<String> all = new ArrayList<>(device.configuration().pushCompatible());
        all.addAll(Arrays.asList(strings));
        node.property("compatible", all.toArray(String[]::new));
    }

    /** {@code reg} and {@code interrupts}, sending side first. */
    private static void sides(NodeBuilder node, Optional<Side> send, Optional<Side> receive) {
        List<Side> sides = new ArrayList<>();
        send.ifPresent(sides::add);
        receive.ifPresent(sides::add);
        node.u64s(
                "reg",
                sides.stream().mapToLong(side -> side.capability().value()).toArray());
        int[] cells = sides.stream()
                .filter(side -> side.virq() != Side.NO_VIRQ)
                .flatMapToInt(side -> Arrays.stream(InterruptSpecifier.gicCells(side.virq(), trigger(side))))
                .toArray();
        if (cells.length > 0) {
            node.property("interrupts", cells);
        }
    }

    private static InterruptSpecifier.Trigger trigger(Side side) {
        return side.level() ? InterruptSpecifier.Trigger.LEVEL_HIGH : InterruptSpecifier.Trigger.EDGE_RISING;
    }

    private static void labels(NodeBuilder node, VirtualDevice device) {
        int label = device.configuration().label();
        node.property("qcom,label", label).property("label", label);
    }
}
