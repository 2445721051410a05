// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.devicetree;

/**
 * A base of 10 203 nodes with 1201 labels in 0.8 MB, and an overlay of 100 fragments with ten labelled nodes each that
 * refer to the base and to each other.
 */
record OverlayWorkload(DeviceTree base, DeviceTree overlay) {
    private static final int BUSES = 100;
    private static final int DEVICES_OF_A_BUS = 101;
    private static final int NODES_OF_A_FRAGMENT = 10;

    static OverlayWorkload large() {
        return new OverlayWorkload(base(BUSES, DEVICES_OF_A_BUS), overlay(BUSES, NODES_OF_A_FRAGMENT));
    }

    static DeviceTree base(int buses, int devices) {
        NodeBuilder root = NodeBuilder.root().property("#address-cells", 1).property("#size-cells", 1);
        NodeBuilder symbols = NodeBuilder.named("__symbols__");
        root.child(
                "interrupt-controller",
                gic -> gic.property("#interrupt-cells", 3).property("phandle", 1));
        symbols.property("gic", "/interrupt-controller");
        for (int bus = 0; bus < buses; bus++) {
            String name = "bus@" + Integer.toHexString(bus << 20);
            int phandle = 2 + bus;
            root.child(name, node -> {
                node.property("compatible", "simple-bus").property("phandle", phandle);
                for (int device = 0; device < devices; device++) {
                    int address = device << 12;
                    int devicePhandle = device % 10 == 0 ? 2 + buses + phandle * devices + device : 0;
                    node.child(
                            "device@" + Integer.toHexString(address),
                            child -> fillDevice(child, address, devicePhandle));
                }
            });
            symbols.property("bus" + bus, "/" + name);
            for (int device = 0; device < devices; device += 10) {
                symbols.property(
                        "bus" + bus + "_device" + device, "/" + name + "/device@" + Integer.toHexString(device << 12));
            }
        }
        Node labels = symbols.build();
        return DeviceTree.of(
                root.child("__symbols__", node -> node.merge(labels)).build());
    }

    private static void fillDevice(NodeBuilder device, int address, int phandle) {
        device.property("compatible", "example,device").property("reg", address, 0x1000);
        if (phandle != 0) {
            device.property("phandle", phandle);
        }
    }

    static DeviceTree overlay(int fragments, int nodes) {
        OverlayBuilder overlay = OverlayBuilder.create();
        for (int fragment = 0; fragment < fragments; fragment++) {
            int first = fragment * nodes;
            overlay.fragmentAt("bus" + fragment, bus -> {
                for (int node = 0; node < nodes; node++) {
                    int address = 0x80_0000 + (node << 12);
                    bus.child(
                            "added@" + Integer.toHexString(address),
                            added -> added.property("compatible", "example,added")
                                    .property("reg", address, 0x1000)
                                    .property("irqs", 0, 7, 1)
                                    .property("peers", 0));
                }
            });
            for (int node = 0; node < nodes; node++) {
                String path = "added@" + Integer.toHexString(0x80_0000 + (node << 12));
                overlay.label("added" + (first + node), path)
                        .reference(path, "irqs", 0, "gic")
                        .reference(path, "peers", 0, "added" + (first + (node + 1) % nodes));
            }
        }
        return overlay.build();
    }
}
