// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm.protocol;

import java.util.List;

/**
 * A range of guest addresses of a memory parcel's owner.
 *
 * <p>Context: any thread; immutable.
 *
 * @param address where it begins, unsigned; the Resource Manager wants whole pages
 * @param size how long it is, in bytes, unsigned
 * @since 0.1
 */
public record MemRange(long address, long size) {
    static final int LENGTH = 16;

    /** A copy of a message's list. */
    static List<MemRange> copyOf(List<MemRange> list) {
        return Unsigned.copyOf("ranges", list, MemParcelRequest.MAX_LIST_LENGTH);
    }

    /** Reads a message's list. */
    static List<MemRange> readList(PayloadReader in) {
        return in.shortList("ranges", MemParcelRequest.MAX_LIST_LENGTH, MemRange::read);
    }

    static MemRange read(PayloadReader in) {
        return new MemRange(in.u64("range address"), in.u64("range size"));
    }

    void write(PayloadWriter out) {
        out.u64(address).u64(size);
    }

    @Override
    public String toString() {
        return "MemRange[0x%x, 0x%x bytes]".formatted(address, size);
    }
}
