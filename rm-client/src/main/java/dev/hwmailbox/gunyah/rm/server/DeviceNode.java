// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm.server;

import dev.hwmailbox.devicetree.InterruptSpecifier;
import dev.hwmailbox.devicetree.NodeBuilder;
import dev.hwmailbox.devicetree.OverlayBuilder;
import dev.hwmailbox.gunyah.rm.server.DeviceConfiguration.Flag;
import dev.hwmailbox.gunyah.rm.server.VirtualDevice.Side;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.Stream;

/** The node of one device in a guest's devicetree. */
final class DeviceNode {
    private static final String[] QUEUE = {"qcom,gunyah-message-queue", "qcom,gunyah-capability"};
    private static final String[] RESOURCE_MANAGER = {
        "gunyah-resource-manager",
        "qcom,resource-manager",
        "qcom,resource-manager-1-0",
        "qcom,gunyah-message-queue",
        "qcom,gunyah-capability"
    };

    private final ManagedVm guest;
    private final VirtualDevice device;
    private final DeviceConfiguration configuration;

    private DeviceNode(ManagedVm guest, VirtualDevice device) {
        this.guest = guest;
        this.device = device;
        this.configuration = device.configuration();
    }

    /** Adds a fragment with the node of a device. */
    static void add(OverlayBuilder overlay, ManagedVm guest, VirtualDevice device) {
        new DeviceNode(guest, device).addTo(overlay);
    }

    /** Label in an overlay of the buffer that memory is described by. */
    static String label(ManagedVm.Mapping mapping) {
        return "memory_" + Integer.toHexString(mapping.parcel().handle());
    }

    /** What the buffer of a device's memory is compatible with: what the device's node has been given in front. */
    static Optional<List<String>> pushedCompatible(ManagedVm guest, ManagedVm.Mapping mapping) {
        return guest.devices().stream()
                .map(VirtualDevice::configuration)
                .filter(configuration -> configuration.memory().isPresent())
                .filter(configuration ->
                        guest.sharedMemory(configuration.label()).equals(Optional.of(mapping)))
                .map(DeviceConfiguration::pushCompatible)
                .filter(strings -> !strings.isEmpty())
                .findFirst();
    }

    private void addTo(OverlayBuilder overlay) {
        String path = path();
        overlay.fragment(
                "/", root -> descend(root, Arrays.asList(path.split("/", -1)).iterator(), this::content));
        memory().ifPresent(mapping -> Stream.of("buffer", "memory-region")
                .forEach(property -> overlay.reference(path, property, 0, label(mapping))));
    }

    private static void descend(NodeBuilder parent, Iterator<String> path, Consumer<NodeBuilder> content) {
        if (path.hasNext()) {
            parent.child(path.next(), node -> descend(node, path, content));
        } else {
            content.accept(parent);
        }
    }

    /** Path of the node from the root, without the slash in front. */
    private String path() {
        String stem = configuration.generate().orElse("/hypervisor/" + defaultName());
        String unit = configuration.kind().isSharedMemory() ? "" : "@" + Long.toHexString(unitAddress());
        return stem.substring(1) + unit;
    }

    private String defaultName() {
        return switch (configuration.kind()) {
            case RM_CHANNEL -> "qcom,resource-mgr";
            case MESSAGE_QUEUE_PAIR -> "qcom,message-queue-pair";
            case MESSAGE_QUEUE -> "qcom,message-queue";
            case DOORBELL, DOORBELL_SOURCE -> "qcom,doorbell";
            case VIRTIO -> "virtio_mmio";
            case SHARED_MEMORY, SHARED_MEMORY_WITH_DOORBELLS -> "shm-" + Integer.toHexString(configuration.label());
        };
    }

    /** The receiving capability, or the only one there is; or where the registers are. */
    private long unitAddress() {
        Side side = device.guest().receive().or(() -> device.guest().send()).orElseThrow();
        return configuration.kind() == DeviceKind.VIRTIO
                ? side.registers()
                : side.capability().value();
    }

    private void content(NodeBuilder node) {
        switch (configuration.kind()) {
            case RM_CHANNEL -> duplex(node, RESOURCE_MANAGER);
            case MESSAGE_QUEUE_PAIR -> {
                duplex(node, QUEUE);
                peer(node);
                labels(node);
            }
            case MESSAGE_QUEUE -> queue(node);
            case DOORBELL, DOORBELL_SOURCE -> doorbell(node);
            case SHARED_MEMORY, SHARED_MEMORY_WITH_DOORBELLS -> sharedMemory(node);
            case VIRTIO -> virtio(node);
        }
    }

    private void duplex(NodeBuilder node, String... compatible) {
        compatible(node, compatible);
        sides(node);
        node.flag("qcom,is-full-duplex")
                .property("qcom,tx-message-size", configuration.messageSize())
                .property("qcom,rx-message-size", configuration.messageSize())
                .property("qcom,tx-queue-depth", configuration.queueDepth())
                .property("qcom,rx-queue-depth", configuration.queueDepth())
                .property("qcom,free-irq-start", 0)
                .property("qcom,vdevice-handle", device.handle());
    }

    private void peer(NodeBuilder node) {
        configuration.peer().ifPresent(peer -> node.property("peer", peer.text()));
        device.link()
                .flatMap(link -> link.partnerOf(guest))
                .ifPresent(partner -> node.property("qcom,peer-vmid", partner.vmid()));
    }

    private void queue(NodeBuilder node) {
        compatible(node, QUEUE);
        sides(node);
        node.flag(configuration.has(Flag.GUEST_SENDS) ? "is-sender" : "is-receiver")
                .property("tx_message_size", configuration.messageSize())
                .property("tx_queue_depth", configuration.queueDepth());
        labels(node);
    }

    private void doorbell(NodeBuilder node) {
        boolean isRung = configuration.kind() == DeviceKind.DOORBELL;
        compatible(node, isRung ? "qcom,gunyah-doorbell" : "qcom,gunyah-doorbell-source", "qcom,gunyah-capability");
        sides(node);
        labels(node);
        if (sharedMemoryDevices().anyMatch(this::belongsTo)) {
            node.property("phandle", phandle(configuration.path(), configuration.kind()));
        }
    }

    private void sharedMemory(NodeBuilder node) {
        boolean withDoorbells = configuration.kind() == DeviceKind.SHARED_MEMORY_WITH_DOORBELLS;
        compatible(node, withDoorbells ? "qcom,gunyah-shm-doorbell" : "qcom,shared-memory");
        node.property("peer", guest.owner());
        labels(node);
        memory(node);
        if (withDoorbells) {
            // As the original: numbers of the overlay, which nobody adjusts when it is merged.
            node.property("tx-doorbell", phandle(configuration.path(), DeviceKind.DOORBELL_SOURCE))
                    .property("rx-doorbell", phandle(configuration.path(), DeviceKind.DOORBELL));
        }
    }

    private void virtio(NodeBuilder node) {
        Side registers = device.guest().receive().orElseThrow();
        compatible(node, "virtio,mmio");
        node.u64s("reg", registers.registers(), VirtualDevice.REGISTERS_SIZE)
                .property("interrupts", cells(registers))
                .property("peer", guest.owner());
        labels(node);
        memory(node);
        if (configuration.has(Flag.DMA_COHERENT)) {
            node.flag("dma-coherent");
        }
    }

    private void memory(NodeBuilder node) {
        memory().ifPresent(mapping -> node.property("buffer", 0).property("memory-region", 0));
        configuration
                .memory()
                .flatMap(DeviceConfiguration.SharedMemory::dmaBase)
                .or(() -> configuration.kind() == DeviceKind.VIRTIO ? Optional.of(0L) : Optional.empty())
                .ifPresent(address -> node.u64s("dma_base", address));
    }

    /** The memory of a device, if there is any. */
    private Optional<ManagedVm.Mapping> memory() {
        return configuration.memory().flatMap(memory -> guest.sharedMemory(configuration.label()));
    }

    /** Phandles of the doorbells of shared-memory devices come behind those of the buffers. */
    private int phandle(String path, DeviceKind direction) {
        List<String> paths =
                sharedMemoryDevices().map(DeviceConfiguration::path).toList();
        return guest.mappings().size() + 2 * paths.indexOf(path) + (direction == DeviceKind.DOORBELL_SOURCE ? 1 : 2);
    }

    private Stream<DeviceConfiguration> sharedMemoryDevices() {
        return guest.devices().stream()
                .map(VirtualDevice::configuration)
                .filter(other -> other.kind() == DeviceKind.SHARED_MEMORY_WITH_DOORBELLS);
    }

    private boolean belongsTo(DeviceConfiguration sharedMemory) {
        return sharedMemory.path().equals(configuration.path());
    }

    private void compatible(NodeBuilder node, String... strings) {
        List<String> all = new ArrayList<>(configuration.pushCompatible());
        all.addAll(Arrays.asList(strings));
        node.property("compatible", all.toArray(String[]::new));
    }

    /** {@code reg} and {@code interrupts}, sending side first. */
    private void sides(NodeBuilder node) {
        List<Side> sides = Stream.of(device.guest().send(), device.guest().receive())
                .flatMap(Optional::stream)
                .toList();
        node.u64s(
                "reg",
                sides.stream().mapToLong(side -> side.capability().value()).toArray());
        int[] cells = sides.stream()
                .filter(side -> side.virq() != Side.NO_VIRQ)
                .flatMapToInt(side -> Arrays.stream(cells(side)))
                .toArray();
        if (cells.length > 0) {
            node.property("interrupts", cells);
        }
    }

    private static int[] cells(Side side) {
        return InterruptSpecifier.gicCells(
                side.virq(),
                side.level() ? InterruptSpecifier.Trigger.LEVEL_HIGH : InterruptSpecifier.Trigger.EDGE_RISING);
    }

    private void labels(NodeBuilder node) {
        node.property("qcom,label", configuration.label()).property("label", configuration.label());
    }
}
