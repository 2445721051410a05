// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.membuf;

import java.util.BitSet;
import java.util.OptionalLong;

/**
 * Pages of the lender that can be lent, first fit.
 *
 * <p>Context: the lender's scheduler.
 */
final class PagePool {
    private final long base;
    private final int pages;
    private final BitSet taken = new BitSet();

    PagePool(long base, int pages) {
        this.base = base;
        this.pages = pages;
    }

    /** The address of so many bytes, whole pages, that nobody has; empty if there are not as many in a row. */
    OptionalLong take(int size) {
        int count = size / MemBufLender.PAGE;
        int first = taken.nextClearBit(0);
        while (first + count <= pages) {
            int next = taken.nextSetBit(first);
            if (next < 0 || next - first >= count) {
                taken.set(first, first + count);
                return OptionalLong.of(base + (long) first * MemBufLender.PAGE);
            }
            first = taken.nextClearBit(next);
        }
        return OptionalLong.empty();
    }

    void give(long address, int size) {
        int first = (int) ((address - base) / MemBufLender.PAGE);
        taken.clear(first, first + size / MemBufLender.PAGE);
    }

    /** Pages that nobody has. */
    int free() {
        return pages - taken.cardinality();
    }
}
