// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.dt;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.hwmailbox.devicetree.DeviceTree;
import dev.hwmailbox.devicetree.MemoryReservation;
import dev.hwmailbox.devicetree.Node;
import dev.hwmailbox.devicetree.NodeBuilder;
import dev.hwmailbox.devicetree.Property;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.function.BiConsumer;

/**
 * A devicetree as JSON, without loss:
 *
 * <pre>{@code
 * {"bootCpuId": 0, "memoryReservations": [{"address": "0x10000000", "size": "0x4000"}],
 *  "root": {"properties": {"compatible": {"strings": ["a,b"]}, "reg": {"cells": [0, 4096]},
 *                          "mac": {"bytes": "0a0b0c"}, "ranges": {}},
 *           "children": {"cpus": {"properties": {}, "children": {}}}}}
 * }</pre>
 *
 * <p>A value is written as strings where it reads like text, as cells where its length allows, as bytes otherwise; each
 * of the three may be written for any property, and {@code {}} is a value without bytes.
 */
final class JsonTree {
    private static final ObjectMapper MAPPER = JsonMapper.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();
    private static final long LARGEST_CELL = 0xffff_ffffL;

    private JsonTree() {}

    static String write(DeviceTree tree) {
        ObjectNode json = MAPPER.createObjectNode();
        json.put("bootCpuId", Integer.toUnsignedLong(tree.bootCpuId()));
        ArrayNode reservations = json.putArray("memoryReservations");
        for (MemoryReservation reservation : tree.memoryReservations()) {
            reservations
                    .addObject()
                    .put("address", "0x" + Long.toHexString(reservation.address()))
                    .put("size", "0x" + Long.toHexString(reservation.size()));
        }
        write(tree.root(), json.putObject("root"));
        return json.toPrettyString() + "\n";
    }

    private static void write(Node node, ObjectNode json) {
        ObjectNode properties = json.putObject("properties");
        node.properties().forEach(property -> write(property, properties.putObject(property.name())));
        ObjectNode children = json.putObject("children");
        node.children().forEach(child -> write(child, children.putObject(child.name())));
    }

    private static void write(Property property, ObjectNode json) {
        ByteBuffer value = property.bytes();
        if (!value.hasRemaining()) {
            return;
        }
        List<String> strings = readableStrings(property);
        if (!strings.isEmpty()) {
            strings.forEach(json.putArray("strings")::add);
        } else if (value.remaining() % Integer.BYTES == 0) {
            ArrayNode cells = json.putArray("cells");
            for (int cell : property.cells()) {
                cells.add(Integer.toUnsignedLong(cell));
            }
        } else {
            var bytes = new byte[value.remaining()];
            value.get(bytes);
            json.put("bytes", HexFormat.of().formatHex(bytes));
        }
    }

    /** The strings of a value that is text in all likelihood, and comes back as it is; none of any other. */
    private static List<String> readableStrings(Property property) {
        ByteBuffer value = property.bytes();
        byte previous = 0;
        while (value.hasRemaining()) {
            byte b = value.get();
            boolean readable = b >= ' ' && b < 0x7f;
            if (!readable && (b != 0 || previous == 0)) {
                return List.of();
            }
            previous = b;
        }
        return previous == 0 ? property.strings() : List.of();
    }

    /** Reads what {@link #write} writes. */
    static DeviceTree read(byte[] json) {
        JsonNode tree;
        try {
            tree = MAPPER.readTree(new String(json, StandardCharsets.UTF_8));
        } catch (JsonProcessingException e) {
            throw DtFailure.badInput("line %d, column %d: %s"
                    .formatted(e.getLocation().getLineNr(), e.getLocation().getColumnNr(), e.getOriginalMessage()));
        }
        allow(tree, "the tree", List.of("bootCpuId", "memoryReservations", "root"));
        List<MemoryReservation> reservations = new ArrayList<>();
        for (JsonNode reservation : tree.path("memoryReservations")) {
            String where = "memoryReservations[" + reservations.size() + "]";
            long size = number64(reservation.path("size"), where + ".size");
            if (size == 0) {
                throw DtFailure.badInput(where + ".size is 0, a reservation has at least one byte");
            }
            reservations.add(new MemoryReservation(number64(reservation.path("address"), where + ".address"), size));
        }
        if (!tree.has("root")) {
            throw DtFailure.badInput("the tree has no root");
        }
        NodeBuilder root = NodeBuilder.root();
        fill(root, tree.path("root"), "/");
        int bootCpuId = tree.has("bootCpuId") ? cell(tree.path("bootCpuId"), "bootCpuId") : 0;
        return DeviceTree.of(root.build(), reservations, bootCpuId);
    }

    private static void fill(NodeBuilder node, JsonNode json, String path) {
        allow(json, path, List.of("properties", "children"));
        each(json.path("properties"), path + ": properties", (name, value) -> {
            node.bytes(name, value(value, path + ": " + name));
        });
        each(json.path("children"), path + ": children", (name, value) -> {
            String childPath = path.endsWith("/") ? path + name : path + "/" + name;
            node.child(name, child -> fill(child, value, childPath));
        });
    }

    private static void each(JsonNode object, String where, BiConsumer<String, JsonNode> action) {
        if (object.isMissingNode()) {
            return;
        }
        requireObject(object, where);
        object.properties().forEach(field -> action.accept(field.getKey(), field.getValue()));
    }

    private static byte[] value(JsonNode json, String where) {
        allow(json, where, List.of("strings", "cells", "bytes"));
        if (json.size() > 1) {
            throw DtFailure.badInput(where + " has more than one of strings, cells and bytes");
        }
        NodeBuilder scratch = NodeBuilder.root();
        if (json.has("strings")) {
            scratch.property("value", strings(json.path("strings"), where));
        } else if (json.has("cells")) {
            scratch.property("value", cells(json.path("cells"), where));
        } else if (json.has("bytes")) {
            scratch.bytes("value", bytes(json.path("bytes"), where));
        } else {
            scratch.flag("value");
        }
        ByteBuffer value = scratch.build().properties().get(0).bytes();
        var bytes = new byte[value.remaining()];
        value.get(bytes);
        return bytes;
    }

    private static String[] strings(JsonNode array, String where) {
        requireArray(array, where + ".strings");
        List<String> strings = new ArrayList<>();
        for (JsonNode element : array) {
            if (!element.isTextual() || element.asText().indexOf('\0') >= 0) {
                throw DtFailure.badInput(where + ".strings[" + strings.size() + "] is no string without NUL");
            }
            strings.add(element.asText());
        }
        return strings.toArray(String[]::new);
    }

    private static int[] cells(JsonNode array, String where) {
        requireArray(array, where + ".cells");
        var cells = new int[array.size()];
        for (int i = 0; i < cells.length; i++) {
            cells[i] = cell(array.get(i), where + ".cells[" + i + "]");
        }
        return cells;
    }

    private static int cell(JsonNode number, String where) {
        if (!number.canConvertToExactIntegral() || number.longValue() < 0 || number.longValue() > LARGEST_CELL) {
            throw DtFailure.badInput(where + " is " + number + ", not a whole number of 0 to " + LARGEST_CELL);
        }
        return (int) number.longValue();
    }

    private static byte[] bytes(JsonNode text, String where) {
        try {
            return HexFormat.of().parseHex(text.asText());
        } catch (IllegalArgumentException e) {
            throw DtFailure.badInput(where + ".bytes is " + text + ", not pairs of hexadecimal digits");
        }
    }

    private static long number64(JsonNode text, String where) {
        try {
            String digits = text.asText();
            if (digits.startsWith("0x")) {
                return Long.parseUnsignedLong(digits.substring(2), 16);
            }
        } catch (NumberFormatException e) {
            // Told below, as any other text that is no number.
        }
        throw DtFailure.badInput(where + " is " + text + ", not a string such as \"0x1000\" of at most 64 bits");
    }

    private static void allow(JsonNode json, String where, List<String> names) {
        requireObject(json, where);
        json.fieldNames().forEachRemaining(name -> {
            if (!names.contains(name)) {
                throw DtFailure.badInput(where + " has " + name + ", only " + String.join(", ", names) + " may be");
            }
        });
    }

    private static void requireObject(JsonNode json, String where) {
        if (!json.isObject()) {
            throw DtFailure.badInput(where + " is no object");
        }
    }

    private static void requireArray(JsonNode json, String where) {
        if (!json.isArray()) {
            throw DtFailure.badInput(where + " is no array");
        }
    }
}
