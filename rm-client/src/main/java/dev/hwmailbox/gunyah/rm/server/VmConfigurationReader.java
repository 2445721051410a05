// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm.server;

import dev.hwmailbox.devicetree.DeviceTree;
import dev.hwmailbox.devicetree.Node;
import dev.hwmailbox.devicetree.Property;
import dev.hwmailbox.gunyah.rm.protocol.MemAclEntry;
import dev.hwmailbox.gunyah.rm.protocol.RmError;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.UUID;
import java.util.regex.Pattern;

/**
 * Reads a {@link VmConfiguration} out of a guest's devicetree. What cannot be served is refused by node and property.
 *
 * <p>Every tree is untrusted, because no image here is authenticated by the platform; nor is any by the published
 * Resource Manager. A power-management group is made by the original but never listed, and so is none here. There is no
 * watchdog, because this platform has none.
 *
 * <p>Not read, because nothing here depends on it: vm-type, os-type, vendor, vqs-num, virtio,device-type,
 * base-mem-constraints, firmware-address and firmware-size-max (no firmware can be set), kernel-entry-segment and the
 * segments (no kernel is loaded: a program stands for the guest).
 *
 * <p>Gunyah counterpart: src/vm_config/vm_config_parser.c (gunyah-resource-manager). Differs: more than
 * {@value #MAX_DEVICES} devices or {@value #MAX_CHANNELS} channels to the Resource Manager are refused with NORESOURCE;
 * four trees that end the
 * original are refused with MEM_INVALID: nodes nested deeper than {@value #MAX_DEPTH} levels, a channel to the Resource
 * Manager without {@code generate}, a {@code generate} that is not an absolute path, and a second channel with
 * {@code console-dev}.
 */
final class VmConfigurationReader {
    /** Longest name or URI of a VM, in bytes. */
    static final int MAX_NAME = 79;

    /** Channels to the Resource Manager that a VM may have: one VM must not take all there are. */
    static final int MAX_CHANNELS = 4;

    /** Devices that a VM may have, channels included. */
    static final int MAX_DEVICES = 1024;

    /** Deepest node, counting the root as 1. */
    static final int MAX_DEPTH = 16;

    private static final long DEFAULT_BASE_ADDRESS = 0x28800000L;
    private static final long BASE_ADDRESS_ALIGNMENT = 2 << 20;
    private static final long PAGE_MASK = 0xfff;

    /** Guest physical addresses have 48 bits at most. */
    private static final long ADDRESS_SPACE_END = 1L << 48;

    private static final Pattern GUID = Pattern.compile("[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}");

    private final DeviceTree tree;
    private final int cores;
    private final ConfigurationNode config;

    private VmConfigurationReader(DeviceTree tree, int cores) {
        this.tree = tree;
        this.cores = cores;
        this.config = tree.find("/gunyah-vm-config")
                .or(() -> tree.find("/qcom,vm-config"))
                .map(ConfigurationNode::new)
                .orElseThrow(() -> new RmRefusal(RmError.MEM_INVALID, "the tree has no /gunyah-vm-config"));
    }

    /** Reads a tree for a platform with so many usable cores. */
    static VmConfiguration read(DeviceTree tree, int cores) {
        return new VmConfigurationReader(tree, cores).read();
    }

    private VmConfiguration read() {
        checkTree();
        VmIdentity identity = identity();
        checkIoMemory();
        long baseAddress = baseAddress();
        Optional<VcpuReader> vcpus = config.child("vcpus").map(node -> VcpuReader.read(tree, node));
        List<DeviceConfiguration> devices = devices();
        if (config.strings("vm-attrs").contains("crash-fatal")) {
            throw config.beyondLimit("vm-attrs: crash-fatal is for trusted VMs");
        }
        if (config.has("gic-irq-ranges")) {
            throw config.unavailable("gic-irq-ranges is for trusted VMs");
        }
        VcpuReader scheduled = vcpus.orElseThrow(() -> config.unavailable("has no vcpus node"));
        scheduled.requireSchedulable(cores);
        return new VmConfiguration(identity, baseAddress, scheduled.count(), scheduled.isProxyScheduled(), devices);
    }

    private VmIdentity identity() {
        String name = config.string("image-name")
                .filter(VmConfigurationReader::isShort)
                .orElseThrow(() -> config.invalid("image-name is missing or longer than " + MAX_NAME + " bytes"));
        return new VmIdentity(
                name,
                config.string("vm-uri").filter(VmConfigurationReader::isShort),
                config.string("vm-guid").map(this::guid));
    }

    private UUID guid(String text) {
        if (!GUID.matcher(text).matches()) {
            throw config.invalid("vm-guid \"" + text + "\" is not of the form 8-4-4-4-12");
        }
        return UUID.fromString(text.toLowerCase(Locale.ROOT));
    }

    private void checkTree() {
        for (Node node : tree.nodes()) {
            ConfigurationNode checked = new ConfigurationNode(node);
            if (depth(node) > MAX_DEPTH) {
                throw checked.invalid("is deeper than " + MAX_DEPTH + " levels");
            }
            if (isMemory(checked) && !node.path().equals("/memory")) {
                throw checked.invalid("has device_type memory, only /memory may");
            }
        }
        checkInterruptController();
    }

    private static boolean isMemory(ConfigurationNode node) {
        return node.strings("device_type").contains("memory");
    }

    private void checkInterruptController() {
        ConfigurationNode root = new ConfigurationNode(tree.root());
        Optional<String> path = config.child("interrupts").flatMap(node -> node.string("config"));
        Optional<Node> controller = path.isPresent()
                ? tree.find(path.get())
                : root.u32("interrupt-parent").flatMap(tree::findByPhandle);
        ConfigurationNode found = controller
                .map(ConfigurationNode::new)
                .orElseThrow(() -> config.invalid("the interrupt controller " + path.orElse("") + " is not there"));
        if (!found.node().isCompatibleWith("arm,gic-v3")
                || !found.has("interrupt-controller")
                || found.u32("#interrupt-cells").orElse(0) != 3) {
            throw found.invalid("is not an interrupt controller of type arm,gic-v3 with three cells");
        }
    }

    /** Ranges are checked; there is no I/O memory to give. */
    private void checkIoMemory() {
        int addressCells = config.addressCells();
        int sizeCells = config.sizeCells();
        int[] cells =
                config.node().property("iomemory-ranges").map(Property::cells).orElse(new int[0]);
        int length = 2 * addressCells + sizeCells + 1;
        if (cells.length % length != 0) {
            throw config.invalid("iomemory-ranges has " + cells.length + " cells, not a multiple of " + length);
        }
        for (int i = 0; i < cells.length; i += length) {
            int size = i + 2 * addressCells;
            int unaligned = cells[i + addressCells - 1] | cells[size - 1] | cells[size + sizeCells - 1];
            if ((unaligned & PAGE_MASK) != 0 || !isAccess(cells[i + length - 1])) {
                throw config.invalid("iomemory-ranges: range " + i / length + " is not aligned, or its access unknown");
            }
        }
    }

    private static boolean isAccess(int rights) {
        return rights >= MemAclEntry.READ && rights <= (MemAclEntry.READ | MemAclEntry.WRITE | MemAclEntry.EXECUTE);
    }

    private long baseAddress() {
        Optional<ConfigurationNode> memory = config.child("memory");
        long base = memory.flatMap(node -> node.address("base-address")).orElse(DEFAULT_BASE_ADDRESS);
        long rounded = (base + BASE_ADDRESS_ALIGNMENT - 1) & -BASE_ADDRESS_ALIGNMENT;
        memory.ifPresent(node -> checkMemory(node, base, rounded));
        return rounded;
    }

    private static void checkMemory(ConfigurationNode memory, long base, long rounded) {
        if ((base & PAGE_MASK) != 0) {
            throw memory.invalid("base-address 0x%x is not page aligned".formatted(base));
        }
        if (Long.compareUnsigned(base, ADDRESS_SPACE_END) >= 0 || rounded >= ADDRESS_SPACE_END) {
            throw memory.beyondLimit("base-address 0x%x is beyond the address space".formatted(base));
        }
        long least = memory.size("size-min").orElse(0L);
        long most = memory.size("size-max").orElse(-1L);
        if (Long.compareUnsigned(least, most) > 0) {
            throw memory.beyondLimit("size-min 0x%x is above size-max 0x%x".formatted(least, most));
        }
        if (memory.has("is-direct")) {
            throw memory.beyondLimit("is-direct is for trusted VMs");
        }
    }

    private List<DeviceConfiguration> devices() {
        List<DeviceConfiguration> devices = new ArrayList<>();
        for (Node node : tree.nodes()) {
            if (!isTakenByAnotherRule(node)) {
                DeviceReader.read(node).ifPresent(devices::add);
            }
        }
        List<DeviceConfiguration> channels = devices.stream()
                .filter(device -> device.kind() == DeviceKind.RM_CHANNEL)
                .toList();
        if (channels.size() > MAX_CHANNELS || devices.size() > MAX_DEVICES) {
            throw config.unavailable("%d devices, %d of them channels to the Resource Manager; at most %d and %d"
                    .formatted(devices.size(), channels.size(), MAX_DEVICES, MAX_CHANNELS));
        }
        List<DeviceConfiguration> consoles = channels.stream()
                .filter(device -> device.has(DeviceConfiguration.Flag.CONSOLE))
                .toList();
        if (consoles.size() > 1) {
            throw config.invalid("%s and %s are both console-dev"
                    .formatted(consoles.get(0).path(), consoles.get(1).path()));
        }
        return List.copyOf(devices);
    }

    /** A node is read once: by the first rule that applies to it. */
    private boolean isTakenByAnotherRule(Node node) {
        String path = config.path();
        return List.of(path, path + "/memory", path + "/vcpus").contains(node.path())
                || isMemory(new ConfigurationNode(node));
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
}
