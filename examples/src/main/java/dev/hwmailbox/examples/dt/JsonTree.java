// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.dt;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
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
    /** Files are limited, so their strings need no limit of their own. */
    private static final StreamReadConstraints LONG_STRINGS =
            StreamReadConstraints.builder().maxStringLength(Integer.MAX_VALUE).build();

    private static final ObjectMapper MAPPER = JsonMapper.builder(
                    JsonFactory.builder().streamReadConstraints(LONG_STRINGS).build())
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
    static DeviceTree read(String json) {
        JsonNode tree;
        try {
            tree = MAPPER.readTree(json);
        } catch (JsonProcessingException e) {
            // None where the text goes beyond what the parser takes: too many levels, a number of too many digits.
            JsonLocation at = e.getLocation();
            String place = at == null ? "" : "line %d, column %d: ".formatted(at.getLineNr(), at.getColumnNr());
            throw DtFailure.badInput(place + e.getOriginalMessage());
        }
        allow(tree, "the tree", List.of("bootCpuId", "memoryReservations", "root"));
        List<MemoryReservation> reservations = reservations(tree.path("memoryReservations"));
        if (!tree.has("root")) {
            throw DtFailure.badInput("the tree has no root");
        }
        NodeBuilder root = NodeBuilder.root();
        fill(root, tree.path("root"), "/");
        int bootCpuId = tree.has("bootCpuId") ? cell(tree.path("bootCpuId"), "bootCpuId") : 0;
        return DeviceTree.of(root.build(), reservations, bootCpuId);
    }

    private static List<MemoryReservation> reservations(JsonNode array) {
        List<MemoryReservation> reservations = new ArrayList<>();
        if (!array.isMissingNode()) {
            requireArray(array, "memoryReservations");
        }
        for (JsonNode reservation : array) {
            String where = "memoryReservations[" + reservations.size() + "]";
            allow(reservation, where, List.of("address", "size"));
            long size = number64(reservation.path("size"), where + ".size");
            if (size == 0) {
                throw DtFailure.badInput(where + ".size is 0, a reservation has at least one byte");
            }
            reservations.add(new MemoryReservation(number64(reservation.path("address"), where + ".address"), size));
        }
        return reservations;
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
            if (!StandardCharsets.UTF_8.newEncoder().canEncode(element.asText())) {
                throw DtFailure.badInput(where + ".strings[" + strings.size() + "] has half a surrogate pair");
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
        boolean isWhole = number.canConvertToExactIntegral() && number.canConvertToLong();
        if (!isWhole || number.longValue() < 0 || number.longValue() > LARGEST_CELL) {
            throw DtFailure.badInput(where + " is " + number + ", not a whole number of 0 to " + LARGEST_CELL);
        }
        return (int) number.longValue();
    }

    private static byte[] bytes(JsonNode text, String where) {
        try {
            if (text.isTextual()) {
                return HexFormat.of().parseHex(text.asText());
            }
        } catch (IllegalArgumentException e) {
            // Told below, as any other value that is no such text.
        }
        throw DtFailure.badInput(where + ".bytes is " + text + ", not pairs of hexadecimal digits");
    }

    private static long number64(JsonNode text, String where) {
        try {
            if (text.isTextual()
                    && text.asText().startsWith("0x")
                    && text.asText().indexOf('+') < 0) {
                return Long.parseUnsignedLong(text.asText().substring(2), 16);
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
