// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.bench;

import dev.hwmailbox.devicetree.DeviceTree;
import dev.hwmailbox.devicetree.DeviceTreeBlob;
import dev.hwmailbox.devicetree.Node;
import dev.hwmailbox.devicetree.NodeBuilder;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Devicetrees of a given size: one of a large board, as its compiler would write it with labels kept, overlays for it,
 * and blobs that are made to be slow to read.
 */
final class DevicetreeWorkload {
    static final int BUSES = 100;
    static final int DEVICES_ON_A_BUS = 34;
    private static final int PORTS_OF_A_DEVICE = 2;
    private static final int NODES_IN_A_FRAGMENT = 10;

    private DevicetreeWorkload() {}

    /** About 10,000 nodes and 800 KB; one device in three has a phandle, one in four of those a label. */
    static DeviceTree board() {
        NodeBuilder root = NodeBuilder.root()
                .property("compatible", "vendor,board", "vendor,soc")
                .property("#address-cells", 2)
                .property("#size-cells", 2);
        NodeBuilder symbols = NodeBuilder.named("__symbols__");
        for (int bus = 0; bus < BUSES; bus++) {
            String name = busName(bus);
            int number = bus;
            root.child(name, builder -> fillBus(builder, number));
            symbols.property("bus" + bus, "/" + name);
            for (int device = 0; device < DEVICES_ON_A_BUS; device += 12) {
                symbols.property("dev" + bus + "_" + device, "/" + name + "/" + deviceName(device));
            }
        }
        Node labels = symbols.build();
        return DeviceTree.of(
                root.child("__symbols__", builder -> builder.merge(labels)).build());
    }

    static String busName(int bus) {
        return "bus@" + Integer.toHexString(bus * 0x100000);
    }

    static String deviceName(int device) {
        return "device@" + Integer.toHexString(device * 0x1000);
    }

    private static void fillBus(NodeBuilder bus, int number) {
        bus.property("compatible", "simple-bus")
                .property("#address-cells", 1)
                .property("#size-cells", 1)
                .property("phandle", busPhandle(number))
                .flag("ranges");
        for (int device = 0; device < DEVICES_ON_A_BUS; device++) {
            int index = device;
            bus.child(deviceName(device), builder -> fillDevice(builder, number, index));
        }
    }

    /** Buses first, so that the numbers of a board are dense, as a compiler gives them. */
    static int busPhandle(int bus) {
        return 1 + bus;
    }

    static int devicePhandle(int bus, int device) {
        return 1 + BUSES + bus * (DEVICES_ON_A_BUS / 3 + 1) + device / 3;
    }

    private static void fillDevice(NodeBuilder device, int bus, int index) {
        device.property("compatible", "vendor,device-" + index % 7, "vendor,generic")
                .property("reg", index * 0x1000, 0x1000)
                .property("interrupts", 0, bus + index, 4)
                .property("status", "okay");
        if (index % 3 == 0) {
            device.property("phandle", devicePhandle(bus, index));
        }
        for (int port = 0; port < PORTS_OF_A_DEVICE; port++) {
            int number = port;
            device.child(
                    "port@" + port, builder -> builder.property("reg", number).property("remote", index));
        }
    }

    /**
     * An overlay whose fragments target buses by label; each adds ten labelled nodes with a reference to a device of
     * the board and one to their neighbour in the overlay.
     */
    static DeviceTree overlay(int fragments) {
        NodeBuilder root = NodeBuilder.root();
        NodeBuilder symbols = NodeBuilder.named("__symbols__");
        Map<String, List<String>> places = new LinkedHashMap<>();
        NodeBuilder localFixups = NodeBuilder.named("__local_fixups__");
        for (int fragment = 0; fragment < fragments; fragment++) {
            int number = fragment;
            String path = "fragment@" + fragment;
            List<String> devices = new ArrayList<>();
            root.child(
                    path,
                    builder -> builder.property("target", -1).child("__overlay__", overlay -> {
                        for (int node = 0; node < NODES_IN_A_FRAGMENT; node++) {
                            int phandle = 1 + number * NODES_IN_A_FRAGMENT + node;
                            String name = "added@" + Integer.toHexString(0x800000 + node);
                            overlay.child(name, added -> fillAdded(added, phandle));
                            symbols.property("added" + phandle, "/" + path + "/__overlay__/" + name);
                            devices.add("/" + path + "/__overlay__/" + name + ":supply:0");
                            localFixups.child(
                                    path,
                                    f -> f.child(
                                            "__overlay__",
                                            o -> o.child(name, added -> added.property("neighbour", 0))));
                        }
                    }));
            places.computeIfAbsent("bus" + fragment % BUSES, label -> new ArrayList<>())
                    .add("/" + path + ":target:0");
            places.computeIfAbsent("dev" + fragment % BUSES + "_0", label -> new ArrayList<>())
                    .addAll(devices);
        }
        NodeBuilder fixups = NodeBuilder.named("__fixups__");
        places.forEach((label, list) -> fixups.property(label, list.toArray(String[]::new)));
        for (NodeBuilder part : List.of(symbols, fixups, localFixups)) {
            Node node = part.build();
            root.child(node.name(), builder -> builder.merge(node));
        }
        return DeviceTree.of(root.build());
    }

    private static void fillAdded(NodeBuilder added, int phandle) {
        added.property("compatible", "vendor,added-device", "vendor,generic")
                .property("reg", phandle, 0x1000)
                .property("supply", -1)
                .property("neighbour", phandle % NODES_IN_A_FRAGMENT == 0 ? phandle : phandle + 1)
                .property("status", "okay")
                .property("phandle", phandle);
    }

    /** Blobs of about a megabyte, each the worst of its kind. */
    enum Pathological {
        /** As many levels as the bytes allow. */
        DEEP,
        /** One node with as many children as the bytes allow. */
        WIDE,
        /** Children whose names all have the same hash. */
        SAME_HASH,
        /** Names of nodes of 64 KB. */
        LONG_NAMES,
        /** Empty properties, each of another name, which begins inside that of the next. */
        EMPTY_PROPERTIES,
        /** Nothing but tokens that say nothing. */
        NOTHING;

        private static final int SIZE = 1 << 20;

        byte[] blob() {
            var tokens = new Tokens();
            tokens.cell(1).cell(0);
            var strings = new byte[this == EMPTY_PROPERTIES ? SIZE / 4 : 0];
            fill(tokens, strings);
            if (this != DEEP) {
                tokens.cell(2);
            }
            tokens.cell(9);
            return tokens.toBlob(strings);
        }

        private void fill(Tokens tokens, byte[] strings) {
            for (int i = 0; tokens.size() + strings.length < SIZE - 200; i++) {
                switch (this) {
                    case DEEP -> tokens.cell(1).text("a");
                    case WIDE -> tokens.cell(1).text("n" + i).cell(2);
                    case SAME_HASH -> tokens.cell(1).text(sameHash(i)).cell(2);
                    case LONG_NAMES ->
                        tokens.cell(1)
                                .text("x".repeat(Math.min(1 << 16, SIZE - tokens.size() - 100)) + i)
                                .cell(2);
                    case EMPTY_PROPERTIES -> tokens.cell(3).cell(0).cell(i * 4);
                    case NOTHING -> tokens.cell(4);
                }
            }
            for (int i = 0; i < strings.length; i++) {
                boolean end = i % 240 == 239 || i == strings.length - 1;
                strings[i] = end ? 0 : letterOfNumber(i / 4, i % 4);
            }
        }

        /** One of the four letters that tell a number from all others. */
        private static byte letterOfNumber(int number, int place) {
            int rest = number;
            for (int i = 0; i < place; i++) {
                rest /= 26;
            }
            return (byte) ('a' + rest % 26);
        }

        /** Sixteen pairs of letters, each Aa or BB: 65,536 names of one hash. */
        private static String sameHash(int number) {
            var name = new StringBuilder();
            for (int bit = 0; bit < 16; bit++) {
                name.append((number >> bit & 1) == 0 ? "Aa" : "BB");
            }
            return name.toString();
        }
    }

    /** A structure block under construction; blobs of this kind no writer would make. */
    private static final class Tokens {
        private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

        Tokens cell(int value) {
            bytes.writeBytes(ByteBuffer.allocate(Integer.BYTES).putInt(value).array());
            return this;
        }

        Tokens text(String text) {
            bytes.writeBytes(text.getBytes(StandardCharsets.US_ASCII));
            do {
                bytes.write(0);
            } while (bytes.size() % Integer.BYTES != 0);
            return this;
        }

        int size() {
            return bytes.size();
        }

        /** With the header and the empty list of memory reservations that the library writes. */
        byte[] toBlob(byte[] strings) {
            byte[] head = DeviceTreeBlob.write(DeviceTree.of(NodeBuilder.root().build()));
            int structure = ByteBuffer.wrap(head).getInt(8);
            var blob = ByteBuffer.allocate(structure + bytes.size() + strings.length);
            blob.put(head, 0, structure).put(bytes.toByteArray()).put(strings);
            blob.putInt(4, blob.capacity())
                    .putInt(12, structure + bytes.size())
                    .putInt(32, strings.length)
                    .putInt(36, bytes.size());
            return blob.array();
        }
    }
}
