// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.devicetree;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.IdentityHashMap;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/**
 * The values of an overlay as they become while it is applied. The overlay itself stays as it is: a value that changes
 * is copied once, however many of its cells change.
 */
final class OverlayValues {
    private final IdentityHashMap<Property, byte[]> changed = new IdentityHashMap<>();

    int cell(Property property, int offset) {
        byte[] value = changed.get(property);
        ByteBuffer bytes = value == null ? property.bytes() : ByteBuffer.wrap(value);
        return bytes.getInt(offset);
    }

    void setCell(Property property, int offset, int cell) {
        byte[] value = changed.computeIfAbsent(property, OverlayValues::copy);
        ByteBuffer.wrap(value).putInt(offset, cell);
    }

    /** The property with the value that it has now. */
    Property current(Property property) {
        byte[] value = changed.get(property);
        return value == null ? property : new Property(null, property.name(), value, 0, value.length);
    }

    /** The whole value, each byte as a character, so that nothing is lost when it is written again. */
    String text(Property property) {
        byte[] value = changed.get(property);
        return new String(value == null ? copy(property) : value, StandardCharsets.ISO_8859_1);
    }

    /** The phandle that the node has now. */
    OptionalInt phandle(Node node) {
        return phandle(current(node, "phandle"), current(node, "linux,phandle"));
    }

    private @Nullable Property current(Node node, String name) {
        return node.property(name).map(this::current).orElse(null);
    }

    static OptionalInt phandle(@Nullable Property phandle, @Nullable Property older) {
        OptionalInt number = number(phandle);
        return number.isPresent() ? number : number(older);
    }

    private static OptionalInt number(@Nullable Property property) {
        if (property == null || property.length() < Integer.BYTES) {
            return OptionalInt.empty();
        }
        int number = property.u32();
        return number == 0 || number == -1 ? OptionalInt.empty() : OptionalInt.of(number);
    }

    static boolean isPhandle(Property property) {
        return property.name().equals("phandle") || property.name().equals("linux,phandle");
    }

    private static byte[] copy(Property property) {
        var copy = new byte[property.length()];
        property.bytes().get(copy);
        return copy;
    }
}
