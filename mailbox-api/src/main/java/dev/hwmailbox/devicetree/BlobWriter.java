// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.devicetree;

import dev.hwmailbox.devicetree.DeviceTreeException.Code;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;

/** Writes one blob: the sizes first, then the bytes. */
final class BlobWriter {
    private final DeviceTree tree;
    private final StringTable strings = new StringTable();

    private BlobWriter(DeviceTree tree) {
        this.tree = tree;
    }

    static byte[] write(DeviceTree tree) {
        return new BlobWriter(tree).write();
    }

    private byte[] write() {
        for (Node node : tree.nodes()) {
            node.properties().forEach(property -> strings.offsetOf(property.name()));
        }
        // One entry more: the list ends with an empty one.
        long structure = BlobFormat.HEADER_SIZE + (tree.memoryReservations().size() + 1L) * BlobFormat.RESERVATION_SIZE;
        long stringsStart = structure + structureSize();
        long totalSize = stringsStart + strings.size();
        if (totalSize > Integer.MAX_VALUE) {
            throw DeviceTreeException.inTree(
                    Code.TOO_LARGE, "/", null, "a blob of this tree would have " + totalSize + " bytes");
        }
        var blob = ByteBuffer.allocate((int) totalSize);
        blob.putInt(BlobFormat.MAGIC)
                .putInt((int) totalSize)
                .putInt((int) structure)
                .putInt((int) stringsStart)
                .putInt(BlobFormat.HEADER_SIZE)
                .putInt(BlobFormat.VERSION)
                .putInt(BlobFormat.LAST_COMPATIBLE_VERSION)
                .putInt(tree.bootCpuId())
                .putInt(strings.size())
                .putInt((int) (stringsStart - structure));
        for (MemoryReservation reservation : tree.memoryReservations()) {
            blob.putLong(reservation.address()).putLong(reservation.size());
        }
        blob.putLong(0).putLong(0);
        put(blob, tree.root());
        blob.putInt(BlobFormat.END);
        strings.put(blob);
        return blob.array();
    }

    private long structureSize() {
        long size = BlobFormat.CELL;
        for (Node node : tree.nodes()) {
            size += 2L * BlobFormat.CELL + BlobFormat.alignToCell(node.name().length() + 1L);
            for (Property property : node.properties()) {
                size += 3L * BlobFormat.CELL + BlobFormat.alignToCell(property.length());
            }
        }
        return size;
    }

    private void put(ByteBuffer blob, Node node) {
        blob.putInt(BlobFormat.BEGIN_NODE);
        blob.put(node.name().getBytes(StandardCharsets.US_ASCII)).put((byte) 0);
        pad(blob);
        for (Property property : node.properties()) {
            blob.putInt(BlobFormat.PROP).putInt(property.length()).putInt(strings.offsetOf(property.name()));
            blob.put(property.bytes());
            pad(blob);
        }
        node.children().forEach(child -> put(blob, child));
        blob.putInt(BlobFormat.END_NODE);
    }

    /** The structure block begins at a multiple of 8, and the buffer is zero where nothing was written. */
    private static void pad(ByteBuffer blob) {
        blob.position((int) BlobFormat.alignToCell(blob.position()));
    }

    /**
     * The strings block. As in dtc, a name that is the tail of one already there is not stored again: it gets the
     * lowest offset at which it can be found.
     */
    private static final class StringTable {
        private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        private final Map<String, Integer> offsets = new HashMap<>();

        /** Stored names backwards, so that all names with a common tail stand together; to where they begin. */
        private final NavigableMap<String, Integer> backwards = new TreeMap<>();

        int offsetOf(String name) {
            return offsets.computeIfAbsent(name, this::place);
        }

        private int place(String name) {
            String tail = new StringBuilder(name).reverse().toString();
            int lowest = Integer.MAX_VALUE;
            for (var stored : backwards.tailMap(tail, true).entrySet()) {
                if (!stored.getKey().startsWith(tail)) {
                    break;
                }
                lowest = Math.min(lowest, stored.getValue() + stored.getKey().length() - name.length());
            }
            return lowest < Integer.MAX_VALUE ? lowest : append(name, tail);
        }

        private int append(String name, String backward) {
            int offset = bytes.size();
            bytes.writeBytes(name.getBytes(StandardCharsets.US_ASCII));
            bytes.write(0);
            backwards.put(backward, offset);
            return offset;
        }

        int size() {
            return bytes.size();
        }

        void put(ByteBuffer blob) {
            blob.put(bytes.toByteArray());
        }
    }
}
