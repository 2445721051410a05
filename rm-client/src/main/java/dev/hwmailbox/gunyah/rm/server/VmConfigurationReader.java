// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm.server;

import dev.hwmailbox.devicetree.DeviceTree;
import dev.hwmailbox.devicetree.InterruptSpecifier;
import dev.hwmailbox.devicetree.Node;
import dev.hwmailbox.devicetree.Property;
import dev.hwmailbox.gunyah.rm.protocol.RmError;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.regex.Pattern;

/**
 * Reads a {@link VmConfiguration} out of a guest's devicetree. What cannot be served is refused by node and property.
 */
final class VmConfigurationReader {
    /** Longest name or URI of a VM, in bytes. */
    static final int MAX_NAME = 79;

    /** Deepest node, counting the root as 1. */
    static final int MAX_DEPTH = 16;

    private static final long DEFAULT_BASE_ADDRESS = 0x28800000L;
    private static final long PAGE_MASK = 0xfff;
    private static final int MAX_PUSH_COMPATIBLE = 6;
    private static final int MAX_PUSH_COMPATIBLE_RM = 3;
    private static final String HOST_AS_PEER = "vm-name:HLOS";
    private static final Pattern GUID = Pattern.compile("[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}");

    /** In the order in which a node with several types is taken for one. */
    private static final Map<String, Optional<DeviceKind>> TYPES = orderedTypes();

    private final DeviceTree tree;
    private final Node config;

    private VmConfigurationReader(DeviceTree tree) {
        this.tree = tree;
        this.config = tree.find("/gunyah-vm-config")
                .or(() -> tree.find("/qcom,vm-config"))
                .orElseThrow(() -> invalid("the tree has no /gunyah-vm-config"));
    }

    static VmConfiguration read(DeviceTree tree) {
        return new VmConfigurationReader(tree).read();
    }

    private VmConfiguration read() {
        checkTree();
        Node vcpus = config.child("vcpus").orElseThrow(() -> unavailable(config.path() + " has no vcpus node"));
        return new VmConfiguration(
                identity(),
                baseAddress(),
                vcpuCount(vcpus),
                string(vcpus, "affinity").filter("proxy"::equals).isPresent(),
                devices());
    }

    private VmIdentity identity() {
        String name = string(config, "image-name")
                .filter(VmConfigurationReader::isShort)
                .orElseThrow(
                        () -> invalid(config.path() + ": image-name is missing or longer than " + MAX_NAME + " bytes"));
        return new VmIdentity(
                name,
                string(config, "vm-uri").filter(VmConfigurationReader::isShort),
                string(config, "vm-guid").map(this::guid));
    }

    private void checkTree() {
        for (Node node : tree.nodes()) {
            if (depth(node) > MAX_DEPTH) {
                throw invalid(node.path() + " is deeper than " + MAX_DEPTH + " levels");
            }
            if (string(node, "device_type").filter("memory"::equals).isPresent()
                    && !node.path().equals("/memory")) {
                throw invalid(node.path() + " has device_type memory, only /memory may");
            }
        }
        Optional<String> controller = config.child("interrupts").flatMap(node -> string(node, "config"));
        if (controller.isPresent() && tree.find(controller.get()).isEmpty()) {
            throw invalid(config.path() + "/interrupts: config names " + controller.get() + ", which is not there");
        }
    }

    private long baseAddress() {
        Optional<Node> memory = config.child("memory");
        long base = memory.flatMap(node -> node.property("base-address"))
                .map(VmConfigurationReader::number)
                .orElse(DEFAULT_BASE_ADDRESS);
        if ((base & PAGE_MASK) != 0) {
            throw invalid("%s/memory: base-address 0x%x is not page aligned".formatted(config.path(), base));
        }
        return base;
    }

    private int vcpuCount(Node vcpus) {
        String path = string(vcpus, "config").orElse("/cpus");
        Node cpus = tree.find(path)
                .orElseThrow(() -> invalid(vcpus.path() + ": config names " + path + ", which is not there"));
        int count = (int) cpus.children().stream()
                .filter(cpu -> string(cpu, "device_type").filter("cpu"::equals).isPresent())
                .count();
        if (count == 0) {
            throw unavailable(path + " has no cpu node");
        }
        return count;
    }

    private List<DeviceConfiguration> devices() {
        List<DeviceConfiguration> devices = new ArrayList<>();
        for (Node node : tree.nodes()) {
            Optional<List<String>> types = node.property("vdevice-type").map(Property::strings);
            if (types.isPresent()) {
                for (Map.Entry<String, Optional<DeviceKind>> type : TYPES.entrySet()) {
                    if (types.get().contains(type.getKey())) {
                        devices.add(device(
                                node,
                                type.getValue()
                                        .orElseThrow(() -> unavailable(node.path() + ": vdevice-type " + type.getKey()
                                                + " is not offered by this Resource Manager"))));
                        break;
                    }
                }
            }
        }
        return List.copyOf(devices);
    }

    private DeviceConfiguration device(Node node, DeviceKind kind) {
        checkPeer(node, kind);
        boolean sender = node.hasProperty("is-sender");
        if (kind == DeviceKind.MESSAGE_QUEUE && sender == node.hasProperty("is-receiver")) {
            throw invalid(node.path() + " must have exactly one of is-sender and is-receiver");
        }
        List<String> pushCompatible =
                node.property("push-compatible").map(Property::strings).orElse(List.of());
        int allowed = kind == DeviceKind.RM_CHANNEL ? MAX_PUSH_COMPATIBLE_RM : MAX_PUSH_COMPATIBLE;
        if (pushCompatible.size() > allowed) {
            throw invalid(
                    node.path() + ": push-compatible has " + pushCompatible.size() + " strings, at most " + allowed);
        }
        return new DeviceConfiguration(
                kind,
                node.path(),
                u32(node, "qcom,label").or(() -> u32(node, "label")).orElse(0),
                generate(node, kind),
                pushCompatible,
                interrupts(node, kind),
                u32(node, "message-size").orElse(DeviceConfiguration.DEFAULT_MESSAGE_SIZE) & 0xffff,
                u32(node, "queue-depth").orElse(DeviceConfiguration.DEFAULT_QUEUE_DEPTH) & 0xffff,
                sender,
                node.hasProperty("console-dev") ? Set.of(DeviceConfiguration.Flag.CONSOLE) : Set.of());
    }

    private Optional<String> generate(Node node, DeviceKind kind) {
        Optional<String> generate = string(node, "generate");
        if (generate.isEmpty() && kind == DeviceKind.RM_CHANNEL) {
            throw invalid(node.path() + ": generate is missing");
        }
        generate.ifPresent(path -> checkGenerated(node, path));
        return generate;
    }

    private static void checkGenerated(Node node, String path) {
        List<String> names = List.of(path.split("/", -1));
        boolean absolute = names.size() > 1 && names.indexOf("") == 0 && names.lastIndexOf("") == 0;
        if (!absolute || names.size() > MAX_DEPTH) {
            throw invalid("%s: generate \"%s\" is not an absolute path of at most %d levels"
                    .formatted(node.path(), path, MAX_DEPTH));
        }
    }

    private void checkPeer(Node node, DeviceKind kind) {
        if (kind == DeviceKind.RM_CHANNEL || node.hasProperty("peer-default")) {
            return;
        }
        String peer = string(node, "peer")
                .filter(text -> kind != DeviceKind.MESSAGE_QUEUE)
                .orElseThrow(() -> invalid(node.path() + ": peer-default is missing"));
        if (!peer.equals(HOST_AS_PEER)) {
            throw unavailable(node.path() + ": peer \"" + peer + "\": queues between two guests are not offered");
        }
    }

    /** A list of the wrong length, or with an interrupt that cannot be decoded, counts as absent. */
    private static List<DeviceConfiguration.Interrupt> interrupts(Node node, DeviceKind kind) {
        Optional<Property> property = node.property("interrupts");
        if (property.isEmpty() || property.get().length() != kind.guestInterrupts() * 3 * Integer.BYTES) {
            return List.of();
        }
        int[] cells = property.get().cells();
        List<DeviceConfiguration.Interrupt> interrupts = new ArrayList<>();
        for (int i = 0; i < cells.length; i += 3) {
            Optional<InterruptSpecifier.Kind> kindOfInterrupt = InterruptSpecifier.Kind.fromType(cells[i]);
            boolean level = cells[i + 2] == 4;
            if (kindOfInterrupt.isEmpty() || cells[i + 1] < 0 || cells[i + 1] > 1023 || (!level && cells[i + 2] != 1)) {
                return List.of();
            }
            interrupts.add(
                    new DeviceConfiguration.Interrupt(kindOfInterrupt.get().firstHwirq() + cells[i + 1], level));
        }
        return List.copyOf(interrupts);
    }

    private UUID guid(String text) {
        if (!GUID.matcher(text).matches()) {
            throw invalid(config.path() + ": vm-guid \"" + text + "\" is not of the form 8-4-4-4-12");
        }
        return UUID.fromString(text.toLowerCase(Locale.ROOT));
    }

    private static int depth(Node node) {
        int depth = 1;
        for (Node parent = node.parent(); parent != null; parent = parent.parent()) {
            depth++;
        }
        return depth;
    }

    private static boolean isShort(String text) {
        return text.getBytes(StandardCharsets.UTF_8).length <= MAX_NAME;
    }

    /** A number of one or two cells; any other length counts as absent. */
    private static Long number(Property property) {
        return switch (property.length()) {
            case Integer.BYTES -> Integer.toUnsignedLong(property.u32());
            case Long.BYTES -> property.u64(0);
            default -> DEFAULT_BASE_ADDRESS;
        };
    }

    /** A value of the wrong length counts as absent. */
    private static Optional<Integer> u32(Node node, String name) {
        return node.property(name)
                .filter(property -> property.length() == Integer.BYTES)
                .map(Property::u32);
    }

    private static Optional<String> string(Node node, String name) {
        return node.property(name).filter(property -> property.length() > 0).map(Property::string);
    }

    private static RmRefusal invalid(String reason) {
        return new RmRefusal(RmError.MEM_INVALID, reason);
    }

    private static RmRefusal unavailable(String reason) {
        return new RmRefusal(RmError.NORESOURCE, reason);
    }

    private static Map<String, Optional<DeviceKind>> orderedTypes() {
        Map<String, Optional<DeviceKind>> types = new LinkedHashMap<>();
        types.put("rm-rpc", Optional.of(DeviceKind.RM_CHANNEL));
        types.put("shm-doorbell", Optional.empty());
        types.put("shm", Optional.empty());
        types.put("doorbell-source", Optional.of(DeviceKind.DOORBELL_SOURCE));
        types.put("doorbell", Optional.of(DeviceKind.DOORBELL));
        types.put("message-queue", Optional.of(DeviceKind.MESSAGE_QUEUE));
        types.put("message-queue-pair", Optional.of(DeviceKind.MESSAGE_QUEUE_PAIR));
        types.put("virtio-mmio", Optional.empty());
        types.put("iomem", Optional.empty());
        types.put("vsmmu-v2", Optional.empty());
        types.put("vrtc-pl031", Optional.empty());
        return Collections.unmodifiableMap(types);
    }
}
