// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.boot;

import dev.hwmailbox.devicetree.DeviceTree;
import dev.hwmailbox.devicetree.DeviceTreeBlob;
import dev.hwmailbox.devicetree.NodeBuilder;

/** The peer's image: a devicetree that says which queues the VM wants. There is no kernel; a program stands for it. */
final class PeerImage {
    static final String NAME = "sensor-hub";

    /** Label of the queue pair over which owner and peer talk. */
    static final int CONTROL_LABEL = 0x10;

    private static final int GIC = 1;
    private static final int SPI = 0;
    private static final int EDGE_RISING = 1;

    private PeerImage() {}

    static byte[] blob(int queueDepth) {
        return DeviceTreeBlob.write(tree(queueDepth));
    }

    private static DeviceTree tree(int queueDepth) {
        return DeviceTree.of(NodeBuilder.root()
                .property("#address-cells", 2)
                .property("#size-cells", 2)
                .property("interrupt-parent", GIC)
                .child("chosen", chosen -> {})
                .child("cpus", PeerImage::cpus)
                .child(
                        "psci",
                        psci -> psci.property("compatible", "arm,psci-1.0").property("method", "hvc"))
                .child("interrupt-controller@3fff0000", PeerImage::interruptController)
                .child("gunyah-vm-config", config -> configuration(config, queueDepth))
                .build());
    }

    private static void cpus(NodeBuilder cpus) {
        cpus.property("#address-cells", 2).property("#size-cells", 0);
        for (int i = 0; i < 2; i++) {
            int index = i;
            cpus.child(
                    "cpu@" + i,
                    cpu -> cpu.property("device_type", "cpu")
                            .property("compatible", "arm,armv8")
                            .property("reg", 0, index)
                            .property("enable-method", "psci"));
        }
    }

    private static void interruptController(NodeBuilder gic) {
        gic.property("compatible", "arm,gic-v3")
                .flag("interrupt-controller")
                .property("#interrupt-cells", 3)
                .property("#address-cells", 0)
                .u64s("reg", 0x3fff0000L, 0x10000, 0x3ff80000L, 0x40000)
                .property("phandle", GIC);
    }

    private static void configuration(NodeBuilder config, int queueDepth) {
        config.property("image-name", NAME)
                .property("vm-uri", "vmuid/sensor-hub")
                .property("vm-guid", "6f1c0f52-93f4-4f0e-8d5c-2a7be1c40d11")
                .property("vm-type", "aarch64-guest")
                .property("os-type", "linux")
                .child(
                        "memory",
                        memory -> memory.property("#address-cells", 2)
                                .property("#size-cells", 2)
                                .u64s("base-address", 0x80000000L)
                                .u64s("size-min", 0x400000))
                .child("interrupts", node -> node.property("config", "/interrupt-controller@3fff0000"))
                .child("vcpus", vcpus -> vcpus.property("config", "/cpus").property("affinity", "proxy"))
                .child("vdevices", devices -> devices(devices, queueDepth));
    }

    private static void devices(NodeBuilder devices, int queueDepth) {
        devices.child(
                        "to-rm",
                        rm -> rm.property("vdevice-type", "rm-rpc")
                                .property("generate", "/hypervisor/resource-mgr")
                                .property("queue-depth", queueDepth)
                                .flag("console-dev"))
                .child(
                        "control",
                        control -> control.property("vdevice-type", "message-queue-pair")
                                .flag("peer-default")
                                .property("label", CONTROL_LABEL)
                                .property("queue-depth", queueDepth)
                                .property("interrupts", SPI, 100, EDGE_RISING, SPI, 101, EDGE_RISING)
                                .property("push-compatible", "acme,control"))
                .child(
                        "bulk",
                        bulk -> bulk.property("vdevice-type", "message-queue-pair")
                                .property("generate", "/hypervisor/bulk")
                                .flag("peer-default")
                                .property("label", 0x11)
                                .property("message-size", 64)
                                .property("queue-depth", queueDepth))
                .child(
                        "log-out",
                        log -> log.property("vdevice-type", "message-queue")
                                .flag("is-sender")
                                .flag("peer-default")
                                .property("label", 0x12)
                                .property("queue-depth", queueDepth))
                .child(
                        "kick",
                        kick -> kick.property("vdevice-type", "doorbell")
                                .flag("peer-default")
                                .property("label", 0x13));
    }
}
