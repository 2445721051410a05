// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.devicetree;

import dev.hwmailbox.devicetree.DeviceTreeException.Code;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Reads one blob. Nothing in it is believed before it is checked; offsets and lengths, unsigned 32-bit numbers, are
 * kept in longs, so that no sum of them can wrap. The walk keeps its place by the parent links of the nodes it makes,
 * not by recursion.
 */
final class BlobReader {
    /** Most names that are remembered. A blob with more is made to have them, and would not ask for one again. */
    private static final int MAX_KNOWN_NAMES = 4096;

    private final Header header;

    /** A private copy of the blob, exactly {@code totalsize} bytes, and a view of it. */
    private final byte[] bytes;

    private final ByteBuffer blob;

    /** Names by where they begin in the strings block: trees have few distinct ones. */
    private final Map<Integer, String> propertyNames = new HashMap<>();

    private long at;
    private @Nullable Node root;
    private @Nullable Node current;
    private int depth;

    private BlobReader(Header header, byte[] bytes) {
        this.header = header;
        this.bytes = bytes;
        this.blob = ByteBuffer.wrap(bytes);
        this.at = header.structure();
    }

    static DeviceTree read(ByteBuffer input) {
        Header header = Header.read(input.slice());
        var copy = new byte[header.totalSize()];
        input.get(input.position(), copy);
        var reader = new BlobReader(header, copy);
        List<MemoryReservation> reservations = reader.reservations();
        return DeviceTree.of(reader.structure(), reservations, header.bootCpuId());
    }

    private List<MemoryReservation> reservations() {
        List<MemoryReservation> reservations = new ArrayList<>();
        for (long entry = header.reservations();
                entry + BlobFormat.RESERVATION_SIZE <= header.totalSize();
                entry += BlobFormat.RESERVATION_SIZE) {
            long address = blob.getLong((int) entry);
            long size = blob.getLong((int) entry + Long.BYTES);
            if (size == 0) {
                return reservations;
            }
            reservations.add(new MemoryReservation(address, size));
        }
        throw DeviceTreeException.inBlob(Code.TRUNCATED, header.reservations(), "memory reservation block has no end");
    }

    private Node structure() {
        while (true) {
            long tokenAt = at;
            int token = cell("a token", tokenAt);
            switch (token) {
                case BlobFormat.BEGIN_NODE -> beginNode(tokenAt);
                case BlobFormat.END_NODE -> endNode(tokenAt);
                case BlobFormat.PROP -> property(tokenAt);
                case BlobFormat.NOP -> {}
                case BlobFormat.END -> {
                    return end(tokenAt);
                }
                default -> throw badStructure("unknown token 0x%x".formatted(token), tokenAt);
            }
        }
    }

    private void beginNode(long tokenAt) {
        String name = nodeName(tokenAt);
        Node parent = current;
        if (parent == null) {
            current = beginRoot(name, tokenAt);
        } else {
            current = beginChild(parent, name, tokenAt);
        }
        depth++;
    }

    private String nodeName(long tokenAt) {
        long end = indexOfNul(at, header.structureEnd());
        if (end < 0) {
            throw cutOff("the name of a node", tokenAt);
        }
        String name = latin1(at, end);
        at = BlobFormat.alignToCell(end + 1);
        return name;
    }

    private Node beginRoot(String name, long tokenAt) {
        if (root != null) {
            throw badStructure("second root node", tokenAt);
        }
        if (!name.isEmpty()) {
            throw badStructure("root node with name " + Names.quote(name), tokenAt);
        }
        root = new Node(null, name);
        return root;
    }

    private Node beginChild(Node parent, String name, long tokenAt) {
        if (!Names.isNodeName(name)) {
            throw inNode(Code.BAD_NAME, tokenAt, parent, null, Names.badNode(name, parent.path()));
        }
        var node = new Node(parent, name);
        if (depth == DeviceTree.MAX_DEPTH) {
            throw inNode(Code.TOO_DEEP, tokenAt, node, null, DeviceTree.tooDeep(node.path()));
        }
        if (!parent.add(node)) {
            throw inNode(Code.DUPLICATE, tokenAt, parent, null, parent.path() + " has two children named " + name);
        }
        return node;
    }

    private void endNode(long tokenAt) {
        if (current == null) {
            throw badStructure("end of a node that has not begun", tokenAt);
        }
        current.complete();
        current = current.parent();
        depth--;
    }

    private void property(long tokenAt) {
        long length = Integer.toUnsignedLong(cell("a property", tokenAt));
        long nameOffset = Integer.toUnsignedLong(cell("a property", tokenAt));
        if (at + length > header.structureEnd()) {
            throw cutOff("a property", tokenAt);
        }
        Node node = current;
        if (node == null) {
            throw badStructure("property outside a node", tokenAt);
        }
        String name = propertyName(nameOffset, node, tokenAt);
        if (!node.children().isEmpty()) {
            String reason = "property '" + name + "' of " + node.path() + " follows a child node";
            throw inNode(Code.BAD_STRUCTURE, tokenAt, node, name, reason);
        }
        if (!node.add(new Property(node, name, bytes, (int) at, (int) length))) {
            String reason = node.path() + " has two properties named " + name;
            throw inNode(Code.DUPLICATE, tokenAt, node, name, reason);
        }
        at = BlobFormat.alignToCell(at + length);
    }

    private String propertyName(long nameOffset, Node node, long tokenAt) {
        if (nameOffset >= header.stringsSize()) {
            String reason = "property at %d names string %d, the strings block has %d bytes"
                    .formatted(tokenAt - header.structure(), nameOffset, header.stringsSize());
            throw inNode(Code.BAD_STRING, tokenAt, node, null, reason);
        }
        String known = propertyNames.get((int) nameOffset);
        if (known != null) {
            return known;
        }
        long start = header.strings() + nameOffset;
        long blockEnd = header.strings() + header.stringsSize();
        long end = indexOfNul(start, Math.min(blockEnd, start + Names.MAX_PROPERTY_NAME + 1));
        boolean tooLong = end < 0 && start + Names.MAX_PROPERTY_NAME < blockEnd;
        if (end < 0 && !tooLong) {
            throw inNode(Code.TRUNCATED, start, node, null, "string at " + nameOffset + " is not terminated");
        }
        String name = latin1(start, tooLong ? start + Names.MAX_PROPERTY_NAME + 1 : end);
        if (!Names.isPropertyName(name)) {
            throw inNode(Code.BAD_NAME, start, node, name, Names.badProperty(name, node.path()));
        }
        if (propertyNames.size() < MAX_KNOWN_NAMES) {
            propertyNames.put((int) nameOffset, name);
        }
        return name;
    }

    private Node end(long tokenAt) {
        if (current != null) {
            throw badStructure("end of the tree inside a node", tokenAt);
        }
        if (root == null) {
            throw DeviceTreeException.inBlob(Code.BAD_STRUCTURE, tokenAt, "the tree has no root node");
        }
        return root;
    }

    private int cell(String what, long tokenAt) {
        if (at + BlobFormat.CELL > header.structureEnd()) {
            throw cutOff(what, tokenAt);
        }
        int cell = blob.getInt((int) at);
        at += BlobFormat.CELL;
        return cell;
    }

    private long indexOfNul(long from, long to) {
        for (long i = from; i < to; i++) {
            if (bytes[(int) i] == 0) {
                return i;
            }
        }
        return -1;
    }

    /** Latin-1 maps every byte to itself, so whatever is in a name can be shown in a message. */
    private String latin1(long from, long to) {
        return new String(bytes, (int) from, (int) (to - from), StandardCharsets.ISO_8859_1);
    }

    private DeviceTreeException cutOff(String what, long tokenAt) {
        return DeviceTreeException.inBlob(
                Code.TRUNCATED,
                tokenAt,
                "structure block ends in the middle of " + what + " at " + (tokenAt - header.structure()));
    }

    private DeviceTreeException badStructure(String what, long tokenAt) {
        return DeviceTreeException.inBlob(
                Code.BAD_STRUCTURE, tokenAt, what + " at structure offset " + (tokenAt - header.structure()));
    }

    private static DeviceTreeException inNode(
            Code code, long offset, Node node, @Nullable String property, String reason) {
        return DeviceTreeException.inBlob(code, offset, node.path(), property, reason);
    }

    /** The header, checked: every block begins behind the header and lies inside {@code totalSize} available bytes. */
    private record Header(
            int totalSize,
            long structure,
            long structureEnd,
            long strings,
            long stringsSize,
            long reservations,
            int bootCpuId) {
        static Header read(ByteBuffer input) {
            if (input.remaining() < BlobFormat.HEADER_SIZE) {
                throw DeviceTreeException.inBlob(
                        Code.TRUNCATED,
                        0,
                        "blob has %d bytes, a devicetree header needs %d"
                                .formatted(input.remaining(), BlobFormat.HEADER_SIZE));
            }
            if (input.getInt(0) != BlobFormat.MAGIC) {
                throw DeviceTreeException.inBlob(
                        Code.BAD_MAGIC,
                        0,
                        "not a flattened devicetree: magic 0x%x, expected 0x%x"
                                .formatted(input.getInt(0), BlobFormat.MAGIC));
            }
            long version = field(input, 20);
            checkVersion(version, field(input, 24));
            int headerSize = version < BlobFormat.VERSION ? BlobFormat.HEADER_SIZE_16 : BlobFormat.HEADER_SIZE;
            long totalSize = field(input, 4);
            if (totalSize < headerSize || totalSize > input.remaining()) {
                throw DeviceTreeException.inBlob(
                        Code.TRUNCATED,
                        4,
                        "totalsize %d does not fit: %d bytes are there".formatted(totalSize, input.remaining()));
            }
            long structure = field(input, 8);
            long structureEnd = version < BlobFormat.VERSION ? totalSize : structure + field(input, 36);
            long strings = field(input, 12);
            long stringsSize = field(input, 32);
            long reservations = field(input, 16);
            checkAlignment("memory reservation", reservations, Long.BYTES, 16);
            checkAlignment("structure", structure, BlobFormat.CELL, 8);
            var bounds = new Bounds(headerSize, totalSize);
            bounds.check("memory reservation", reservations, reservations, 16);
            bounds.check("structure", structure, structureEnd, 8);
            bounds.check("strings", strings, strings + stringsSize, 12);
            return new Header(
                    (int) totalSize, structure, structureEnd, strings, stringsSize, reservations, input.getInt(28));
        }

        private static long field(ByteBuffer input, int offset) {
            return Integer.toUnsignedLong(input.getInt(offset));
        }

        private static void checkVersion(long version, long lastCompatible) {
            if (version < BlobFormat.LAST_COMPATIBLE_VERSION
                    || lastCompatible > BlobFormat.VERSION
                    || version < lastCompatible) {
                throw DeviceTreeException.inBlob(
                        Code.BAD_VERSION,
                        20,
                        "devicetree version %d (compatible back to %d) is not supported"
                                .formatted(version, lastCompatible));
            }
        }

        private static void checkAlignment(String block, long start, int alignment, int fieldOffset) {
            if (start % alignment != 0) {
                throw DeviceTreeException.inBlob(
                        Code.ALIGNMENT,
                        fieldOffset,
                        "%s block starts at %d, which is not a multiple of %d".formatted(block, start, alignment));
            }
        }
    }

    private record Bounds(long headerSize, long totalSize) {
        void check(String block, long start, long end, int fieldOffset) {
            if (start < headerSize || start > end || end > totalSize) {
                throw DeviceTreeException.inBlob(
                        Code.TRUNCATED,
                        fieldOffset,
                        "%s block [%d,%d) lies outside the blob of %d bytes".formatted(block, start, end, totalSize));
            }
        }
    }
}
