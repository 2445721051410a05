// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm.server;

import dev.hwmailbox.devicetree.InterruptSpecifier;
import dev.hwmailbox.devicetree.Node;
import dev.hwmailbox.devicetree.Property;
import dev.hwmailbox.gunyah.rm.server.DeviceConfiguration.Flag;
import dev.hwmailbox.gunyah.rm.server.DeviceConfiguration.SharedMemory;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Reads one device node of a VM's configuration. */
final class DeviceReader {
    private static final int MAX_PUSH_COMPATIBLE = 6;
    private static final int MAX_PUSH_COMPATIBLE_RM = 3;
    private static final int CELLS_PER_INTERRUPT = 3;
    private static final int RISING_EDGE = 1;
    private static final int LEVEL_HIGH = 4;

    /** In the order in which a node with several types is taken for one. */
    private static final Map<String, Optional<DeviceKind>> TYPES = orderedTypes();

    private final ConfigurationNode node;
    private final DeviceKind kind;

    private DeviceReader(ConfigurationNode node, DeviceKind kind) {
        this.node = node;
        this.kind = kind;
    }

    /** What a node asks for; empty if it is no device, or one that the VM gets without the Resource Manager's doing. */
    static Optional<DeviceConfiguration> read(Node node) {
        ConfigurationNode device = new ConfigurationNode(node);
        List<String> types = device.strings("vdevice-type");
        return TYPES.entrySet().stream()
                .filter(type -> types.contains(type.getKey()))
                .findFirst()
                .flatMap(Map.Entry::getValue)
                .map(kind -> new DeviceReader(device, kind).read());
    }

    private DeviceConfiguration read() {
        Optional<PeerName> peer = peer();
        if (kind == DeviceKind.MESSAGE_QUEUE && node.has("is-sender") == node.has("is-receiver")) {
            throw node.invalid("must have exactly one of is-sender and is-receiver");
        }
        return new DeviceConfiguration(
                kind,
                node.path(),
                label(),
                generate(),
                pushCompatible(),
                interrupts(),
                node.u32("message-size").orElse(DeviceConfiguration.DEFAULT_MESSAGE_SIZE) & 0xffff,
                node.u32("queue-depth").orElse(DeviceConfiguration.DEFAULT_QUEUE_DEPTH) & 0xffff,
                peer,
                flags(),
                kind.hasMemory() ? Optional.of(memory(memoryNode())) : Optional.empty());
    }

    /** The guest at the other end; the owner is none. */
    private Optional<PeerName> peer() {
        if (kind == DeviceKind.RM_CHANNEL || node.has("peer-default")) {
            return Optional.empty();
        }
        PeerName peer = node.string("peer")
                .filter(text -> kind.canHavePeer())
                .map(PeerName::new)
                .orElseThrow(() -> node.invalid("peer-default is missing"));
        return Optional.of(peer).filter(name -> !name.isHost());
    }

    private int label() {
        Optional<Integer> own = label(node);
        if (!kind.hasMemory()) {
            return own.orElse(0);
        }
        ConfigurationNode memory = memoryNode();
        int ofMemory = label(memory).orElseThrow(() -> memory.invalid("label is missing"));
        return own.orElse(ofMemory);
    }

    private static Optional<Integer> label(ConfigurationNode labelled) {
        return labelled.u32("qcom,label").or(() -> labelled.u32("label"));
    }

    private ConfigurationNode memoryNode() {
        return node.child("memory").orElseThrow(() -> node.invalid("has no memory node"));
    }

    private SharedMemory memory(ConfigurationNode memory) {
        Optional<Long> base = memory.address("base");
        if (base.isPresent() == memory.has("allocate-base")) {
            throw memory.invalid("must have exactly one of base and allocate-base");
        }
        return new SharedMemory(base, memory.has("optional"), node.address("dma_base"));
    }

    private Set<Flag> flags() {
        Set<Flag> flags = EnumSet.noneOf(Flag.class);
        Map.of(
                        "is-sender", Flag.GUEST_SENDS,
                        "console-dev", Flag.CONSOLE,
                        "source-can-clear", Flag.SOURCE_CAN_CLEAR,
                        "dma-coherent", Flag.DMA_COHERENT)
                .forEach((property, flag) -> {
                    if (node.has(property)) {
                        flags.add(flag);
                    }
                });
        return Set.copyOf(flags);
    }

    private List<String> pushCompatible() {
        List<String> strings = node.strings("push-compatible");
        int allowed = kind == DeviceKind.RM_CHANNEL ? MAX_PUSH_COMPATIBLE_RM : MAX_PUSH_COMPATIBLE;
        if (strings.size() > allowed) {
            throw node.invalid("push-compatible has " + strings.size() + " strings, at most " + allowed);
        }
        return strings;
    }

    private Optional<String> generate() {
        Optional<String> generate = node.string("generate");
        if (generate.isEmpty() && kind == DeviceKind.RM_CHANNEL) {
            throw node.invalid("generate is missing");
        }
        generate.ifPresent(this::checkGenerated);
        return generate;
    }

    private void checkGenerated(String path) {
        List<String> names = List.of(path.split("/", -1));
        boolean absolute = names.size() > 1 && names.indexOf("") == 0 && names.lastIndexOf("") == 0;
        if (!absolute || names.size() > VmConfigurationReader.MAX_DEPTH) {
            throw node.invalid("generate \"%s\" is not an absolute path of at most %d levels"
                    .formatted(path, VmConfigurationReader.MAX_DEPTH));
        }
    }

    /** A list of the wrong length, or with an interrupt that cannot be decoded, counts as absent. */
    private List<DeviceConfiguration.Interrupt> interrupts() {
        int length = kind.guestInterrupts() * CELLS_PER_INTERRUPT;
        int[] cells = node.node()
                .property("interrupts")
                .filter(property -> property.length() == length * Integer.BYTES)
                .map(Property::cells)
                .orElse(new int[0]);
        List<DeviceConfiguration.Interrupt> interrupts = new ArrayList<>();
        for (int i = 0; i < cells.length; i += CELLS_PER_INTERRUPT) {
            Optional<DeviceConfiguration.Interrupt> interrupt = interrupt(cells[i], cells[i + 1], cells[i + 2]);
            if (interrupt.isEmpty()) {
                return List.of();
            }
            interrupts.add(interrupt.get());
        }
        return List.copyOf(interrupts);
    }

    private static Optional<DeviceConfiguration.Interrupt> interrupt(int type, int number, int flags) {
        if (flags != RISING_EDGE && flags != LEVEL_HIGH) {
            return Optional.empty();
        }
        return InterruptSpecifier.Kind.fromType(type)
                .filter(known -> number >= 0 && number < known.count())
                .map(known -> new DeviceConfiguration.Interrupt(known.firstHwirq() + number, flags == LEVEL_HIGH));
    }

    private static Map<String, Optional<DeviceKind>> orderedTypes() {
        Map<String, Optional<DeviceKind>> types = new LinkedHashMap<>();
        types.put("rm-rpc", Optional.of(DeviceKind.RM_CHANNEL));
        types.put("shm-doorbell", Optional.of(DeviceKind.SHARED_MEMORY_WITH_DOORBELLS));
        types.put("shm", Optional.of(DeviceKind.SHARED_MEMORY));
        types.put("doorbell-source", Optional.of(DeviceKind.DOORBELL_SOURCE));
        types.put("doorbell", Optional.of(DeviceKind.DOORBELL));
        types.put("message-queue", Optional.of(DeviceKind.MESSAGE_QUEUE));
        types.put("message-queue-pair", Optional.of(DeviceKind.MESSAGE_QUEUE_PAIR));
        types.put("virtio-mmio", Optional.of(DeviceKind.VIRTIO));
        types.put("iomem", Optional.empty());
        types.put("vsmmu-v2", Optional.empty());
        types.put("vrtc-pl031", Optional.empty());
        return types;
    }
}
