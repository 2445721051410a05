// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.devicetree;

import dev.hwmailbox.devicetree.DeviceTreeException.Code;
import java.nio.IntBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * One entry of a list of references, such as {@code mboxes = <&mailbox 3>, <&doorbell 0 1>}: the node that provides
 * something, and the cells that say what of it is meant.
 *
 * <p>How many cells an entry has, its provider says, so an entry that is damaged makes all later ones unreadable and
 * leaves the earlier ones alone. A phandle of 0 is an entry that is empty on purpose, without cells. A rest of one
 * to three bytes at the end of the list is ignored, as in the kernel.
 *
 * <p>Context: any thread; immutable.
 *
 * <p>Kernel counterpart: {@code of_parse_phandle_with_args} and {@code of_property_match_string}, drivers/of/base.c
 * (Linux 6.12).
 *
 * @since 0.1
 */
public final class PhandleReference {
    /** Most cells that a reference carries; a provider that wants more does not see the rest. */
    public static final int MAX_CELLS = 16;

    private final Node provider;
    private final int[] cells;

    private PhandleReference(Node provider, int[] cells) {
        this.provider = provider;
        this.cells = cells;
    }

    /**
     * Reads one entry of a list.
     *
     * @param consumer the node that has the list, in a whole tree
     * @param list the property, such as {@code mboxes}
     * @param cellCount the property by which a provider says how many cells follow its phandle, such as
     *     {@code #mbox-cells}
     * @param index which entry, from 0
     * @return the reference
     * @throws DeviceTreeException with {@link Code#NO_SUCH_REFERENCE} (ENOENT) if there is no list, no entry of this
     *     index, or an empty one; with {@link Code#BAD_REFERENCE} (EINVAL) if the entry or one before it refers to no
     *     node, to one that does not say how many cells it wants, or is cut short, or if the index is negative
     */
    public static PhandleReference find(Node consumer, String list, String cellCount, int index) {
        if (index < 0) {
            throw failure(Code.BAD_REFERENCE, consumer, list, "negative index " + index);
        }
        IntBuffer rest = consumer.property(list)
                .orElseThrow(() -> failure(Code.NO_SUCH_REFERENCE, consumer, list, "no such property"))
                .bytes()
                .asIntBuffer();
        for (int at = 0; rest.hasRemaining(); at++) {
            Optional<PhandleReference> reference = next(consumer, list, cellCount, at, rest);
            if (at == index) {
                String empty = list + "[" + at + "] is empty";
                return reference.orElseThrow(() -> failure(Code.NO_SUCH_REFERENCE, consumer, list, empty));
            }
        }
        throw failure(Code.NO_SUCH_REFERENCE, consumer, list, "no entry with index " + index);
    }

    /** The entry at the buffer's position, which moves behind it; empty if the entry is. */
    private static Optional<PhandleReference> next(
            Node consumer, String list, String cellCount, int index, IntBuffer rest) {
        int phandle = rest.get();
        if (phandle == 0) {
            return Optional.empty();
        }
        String where = list + "[" + index + "]";
        Node provider = consumer.tree().byPhandle(phandle);
        if (provider == null) {
            String fact = where + ": no node has phandle 0x" + Integer.toHexString(phandle);
            throw failure(Code.BAD_REFERENCE, consumer, list, fact);
        }
        long wanted = cellCount(provider, cellCount).orElseThrow(() -> {
            String fact = where + ": " + provider.path() + " has no usable " + cellCount;
            return failure(Code.BAD_REFERENCE, consumer, list, fact);
        });
        if (wanted > rest.remaining()) {
            String fact = ": %s wants %d cells, %d are left".formatted(provider.path(), wanted, rest.remaining());
            throw failure(Code.BAD_REFERENCE, consumer, list, where + fact);
        }
        var cells = new int[(int) Math.min(wanted, MAX_CELLS)];
        rest.get(cells);
        rest.position(rest.position() + (int) wanted - cells.length);
        return Optional.of(new PhandleReference(provider, cells));
    }

    /**
     * Reads a whole list.
     *
     * @param consumer the node that has the list, in a whole tree
     * @param list the property, such as {@code mboxes}
     * @param cellCount the property by which a provider says how many cells follow its phandle
     * @return the entries in order, unmodifiable, an empty {@code Optional} for each that is empty on purpose; none if
     *     there is no list
     * @throws DeviceTreeException with {@link Code#BAD_REFERENCE} (EINVAL) if an entry refers to no node, to one that
     *     does not say how many cells it wants, or is cut short
     */
    public static List<Optional<PhandleReference>> all(Node consumer, String list, String cellCount) {
        Property property = consumer.property(list).orElse(null);
        if (property == null) {
            return List.of();
        }
        List<Optional<PhandleReference>> references = new ArrayList<>();
        IntBuffer rest = property.bytes().asIntBuffer();
        while (rest.hasRemaining()) {
            references.add(next(consumer, list, cellCount, references.size(), rest));
        }
        return List.copyOf(references);
    }

    /**
     * Finds the position of a name in a list of names, which is the index of the entry that it names. Names are
     * compared as a whole, and the first one counts.
     *
     * @param consumer the node that has the list
     * @param names the property, such as {@code mbox-names}
     * @param name the name to look for
     * @return its position, from 0
     * @throws DeviceTreeException with {@link Code#NO_SUCH_NAME} (EINVAL) if the property is absent, is no list of
     *     strings, or has no such name
     */
    public static int indexOf(Node consumer, String names, String name) {
        Objects.requireNonNull(name, "name");
        Property property = consumer.property(names)
                .orElseThrow(() -> failure(Code.NO_SUCH_NAME, consumer, names, "no such property"));
        if (!property.isStringList()) {
            throw failure(Code.NO_SUCH_NAME, consumer, names, names + " is not a list of NUL-terminated strings");
        }
        List<String> present = property.strings();
        int index = present.indexOf(name);
        if (index < 0) {
            String has = present.isEmpty() ? "nothing" : "\"" + String.join("\", \"", present) + "\"";
            String fact = "%s has no \"%s\" (has %s)".formatted(names, name, has);
            throw failure(Code.NO_SUCH_NAME, consumer, names, fact);
        }
        return index;
    }

    private static Optional<Long> cellCount(Node provider, String property) {
        return provider.property(property)
                .filter(value -> value.length() >= Integer.BYTES)
                .map(value -> Integer.toUnsignedLong(value.u32()));
    }

    private static DeviceTreeException failure(Code code, Node consumer, String property, String fact) {
        String what = fact.startsWith(property) ? fact : property + ": " + fact;
        return DeviceTreeException.inTree(code, consumer.path(), property, consumer.path() + ": " + what);
    }

    /**
     * Who provides what is referred to.
     *
     * @return a node of the same tree
     */
    public Node provider() {
        return provider;
    }

    /**
     * How many cells there are.
     *
     * @return 0 to {@link #MAX_CELLS}
     */
    public int cellCount() {
        return cells.length;
    }

    /**
     * One cell.
     *
     * @param index which one, 0 to {@link #cellCount} - 1
     * @return 0 to 0xffffffff
     * @throws IndexOutOfBoundsException if there is no such cell
     */
    public long cell(int index) {
        return Integer.toUnsignedLong(cells[Objects.checkIndex(index, cells.length)]);
    }

    @Override
    public boolean equals(Object o) {
        return o instanceof PhandleReference other
                && provider.equals(other.provider)
                && Arrays.equals(cells, other.cells);
    }

    @Override
    public int hashCode() {
        return 31 * provider.hashCode() + Arrays.hashCode(cells);
    }

    /** As in devicetree source, such as {@code <&/mailbox@0 0x3>}. */
    @Override
    public String toString() {
        var text = new StringBuilder("<&").append(provider.path());
        for (int cell : cells) {
            text.append(" 0x").append(Integer.toHexString(cell));
        }
        return text.append('>').toString();
    }
}
