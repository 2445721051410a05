// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.devicetree;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A property of a node: a name and bytes. What the bytes mean is not written in them, so the reader of a property
 * chooses a view; a view that does not fit the size throws {@link DeviceTreeException} with
 * {@link DeviceTreeException.Code#BAD_VALUE}, naming node and property.
 *
 * <p>Two properties are equal when names and bytes are, whatever node they belong to.
 *
 * <p>Context: any thread.
 *
 * <p>Kernel counterpart: {@code struct property} and {@code of_property_read_u32} and its relatives, include/linux/of.h
 * (Linux 6.12).
 *
 * @since 0.1
 */
public final class Property implements Named {
    private static final int CELL = Integer.BYTES;
    private static final VarHandle CELLS = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.BIG_ENDIAN);
    private static final VarHandle LONGS = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.BIG_ENDIAN);

    /** Null in a builder. */
    private final @Nullable Node node;

    private final String name;

    /** Holds the value among others, and is never written to. */
    private final byte[] data;

    private final int start;
    private final int length;

    Property(@Nullable Node node, String name, byte[] data, int start, int length) {
        this.node = node;
        this.name = name;
        this.data = data;
        this.start = start;
        this.length = length;
    }

    /** The same property in another node. */
    Property in(Node other) {
        return new Property(other, name, data, start, length);
    }

    /**
     * The name.
     *
     * @return the name
     */
    @Override
    public String name() {
        return name;
    }

    /**
     * The value.
     *
     * @return a new read-only big-endian buffer over the whole value
     */
    public ByteBuffer bytes() {
        return ByteBuffer.wrap(data, start, length).slice().asReadOnlyBuffer();
    }

    /**
     * The size of the value.
     *
     * @return bytes, 0 for a flag
     */
    public int length() {
        return length;
    }

    /**
     * The first cell.
     *
     * @return its 32 bits; cells are unsigned
     * @throws DeviceTreeException if the value is shorter than a cell; a longer one is accepted, as in the kernel
     */
    public int u32() {
        return u32(0);
    }

    /**
     * One cell.
     *
     * @param index which cell, from 0
     * @return its 32 bits; cells are unsigned
     * @throws DeviceTreeException if the value has no such cell
     * @throws IndexOutOfBoundsException if the index is negative
     */
    public int u32(int index) {
        return (int) CELLS.get(data, offsetOf(index, CELL, "cell"));
    }

    /**
     * One 64-bit number: two cells, the high one first.
     *
     * @param index which number, from 0; the number at index i begins at byte 8i
     * @return its 64 bits; the number is unsigned
     * @throws DeviceTreeException if the value has no such number
     * @throws IndexOutOfBoundsException if the index is negative
     */
    public long u64(int index) {
        return (long) LONGS.get(data, offsetOf(index, Long.BYTES, "64-bit number"));
    }

    /**
     * All cells.
     *
     * @return the cells, in a new array
     * @throws DeviceTreeException if the length of the value is not divisible by 4
     */
    public int[] cells() {
        if (length % CELL != 0) {
            throw wrong(" has " + length + " bytes, not a whole number of cells");
        }
        var cells = new int[length / CELL];
        bytes().asIntBuffer().get(cells);
        return cells;
    }

    /**
     * The text up to the first NUL.
     *
     * @return the text, decoded as UTF-8
     * @throws DeviceTreeException if the value has no NUL
     */
    public String string() {
        for (int end = start; end < start + length; end++) {
            if (data[end] == 0) {
                return text(start, end);
            }
        }
        throw wrong(" is not a NUL-terminated string");
    }

    /**
     * All strings of a string list.
     *
     * @return the strings, decoded as UTF-8, unmodifiable; none for an empty value
     * @throws DeviceTreeException if the value does not end with NUL
     */
    public List<String> strings() {
        if (!isStringList()) {
            throw wrong(" is not a list of NUL-terminated strings");
        }
        List<String> strings = new ArrayList<>();
        int begin = start;
        for (int at = start; at < start + length; at++) {
            if (data[at] == 0) {
                strings.add(text(begin, at));
                begin = at + 1;
            }
        }
        return List.copyOf(strings);
    }

    @Override
    public boolean equals(Object o) {
        return o instanceof Property other
                && name.equals(other.name)
                && Arrays.equals(data, start, start + length, other.data, other.start, other.start + other.length);
    }

    @Override
    public int hashCode() {
        return 31 * name.hashCode() + ByteBuffer.wrap(data, start, length).hashCode();
    }

    /**
     * The value as it would stand in devicetree source, for messages. Values have no types in a blob: text, cells or
     * bytes is a guess.
     *
     * @return such as {@code "okay"}, {@code <0x00000001>} or {@code [01 02 03]}; empty for a flag
     */
    public String valueText() {
        return DtsPrinter.printValue(this);
    }

    /** Devicetree source, such as {@code reg = <0x00000000 0x00000001>;}. */
    @Override
    public String toString() {
        return DtsPrinter.print(this);
    }

    boolean isStringList() {
        return length == 0 || data[start + length - 1] == 0;
    }

    private int offsetOf(int index, int size, String what) {
        if (index < 0) {
            throw new IndexOutOfBoundsException(index);
        }
        if (((long) index + 1) * size > length) {
            throw wrong(" has " + length + " bytes, no " + what + " with index " + index);
        }
        return start + index * size;
    }

    private String text(int from, int to) {
        return new String(data, from, to - from, StandardCharsets.UTF_8);
    }

    private DeviceTreeException wrong(String fact) {
        String path = node == null ? "a new node" : node.path();
        return DeviceTreeException.inTree(DeviceTreeException.Code.BAD_VALUE, path, name, path + ": " + name + fact);
    }
}
