// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm.server;

import dev.hwmailbox.devicetree.DeviceTree;
import dev.hwmailbox.devicetree.DeviceTreeBlob;
import dev.hwmailbox.devicetree.NodeBuilder;
import java.util.function.Consumer;

/** Devicetrees of guests: a sound one, and changes to it. */
final class TestTree {
    private static final String CONFIG = "gunyah-vm-config";

    private final NodeBuilder root = NodeBuilder.root();

    private TestTree() {}

    /** A guest with one vCPU and a channel to the Resource Manager, and nothing else. */
    static TestTree minimal() {
        return new TestTree()
                .root(root -> root.property("#address-cells", 2)
                        .property("#size-cells", 2)
                        .property("interrupt-parent", 1)
                        .child("chosen", chosen -> {})
                        .child(
                                "gic",
                                gic -> gic.property("compatible", "arm,gic-v3")
                                        .flag("interrupt-controller")
                                        .property("#interrupt-cells", 3)
                                        .property("#address-cells", 0)
                                        .property("phandle", 1))
                        .child("cpus", cpus -> cpus.child("cpu@0", cpu -> cpu.property("device_type", "cpu"))))
                .config(config -> config.property("image-name", "guest")
                        .child("memory", memory -> memory.u64s("base-address", 0x80000000L))
                        .child("vcpus", vcpus -> vcpus.property("affinity", "proxy")))
                .device(
                        "to-rm",
                        rm -> rm.property("vdevice-type", "rm-rpc").property("generate", "/hypervisor/resource-mgr"));
    }

    TestTree root(Consumer<NodeBuilder> change) {
        change.accept(root);
        return this;
    }

    TestTree config(Consumer<NodeBuilder> change) {
        root.child(CONFIG, change);
        return this;
    }

    /** Adds or changes a device node. */
    TestTree device(String name, Consumer<NodeBuilder> change) {
        return config(config -> config.child("vdevices", devices -> devices.child(name, change)));
    }

    /** Lets the channel to the Resource Manager carry a console. */
    TestTree console() {
        return device("to-rm", rm -> rm.flag("console-dev"));
    }

    /** Adds a duplex queue to the host. */
    TestTree queuePair(int label) {
        return device(
                "queue-" + label,
                queue -> queue.property("vdevice-type", "message-queue-pair")
                        .flag("peer-default")
                        .property("label", label));
    }

    DeviceTree tree() {
        return DeviceTree.of(root.build());
    }

    byte[] blob() {
        return DeviceTreeBlob.write(tree());
    }
}
