// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.hypervisor;

import dev.hwmailbox.gunyah.GuestMemory;
import dev.hwmailbox.gunyah.GunyahError;
import dev.hwmailbox.gunyah.GunyahException;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The guest physical address space of one VM: extents mapped at page-aligned addresses. Addresses are unsigned 64-bit
 * numbers. Everything mapped can be read and written.
 *
 * <p>Context: any thread; reading and writing take no lock. An access runs on the mappings it found when it began.
 *
 * <p>Gunyah counterpart: address spaces, docs/api/gunyah_api.md (gunyah-hypervisor).
 *
 * @since 0.1
 */
public final class GuestAddressSpace implements GuestMemory {
    /** Bytes of a page; mappings start and end at multiples of it. */
    public static final int PAGE_SIZE = 4096;

    private static final long LAST_ADDRESS = -1;

    // guards: replacing the mappings
    private final ReentrantLock lock = new ReentrantLock();

    /** Sorted by address, disjoint; the list is never changed, only replaced. */
    private volatile List<Mapping> mappings = List.of();

    /** Makes an empty address space. */
    public GuestAddressSpace() {}

    /**
     * Maps an extent.
     *
     * @param address guest physical address of its first byte, a multiple of {@link #PAGE_SIZE}
     * @param extent what to map; its size is a multiple of {@link #PAGE_SIZE} and not 0
     * @throws GunyahException ARGUMENT_ALIGNMENT (address), ARGUMENT_SIZE (size), ADDR_OVERFLOW (the range wraps), BUSY
     *     (part of the range is mapped)
     */
    public void map(long address, MemoryExtent extent) {
        Objects.requireNonNull(extent, "extent");
        checkPages(address, extent.size(), "cannot map");
        var mapping = new Mapping(address, extent);
        lock.lock();
        try {
            List<Mapping> changed = new ArrayList<>(mappings);
            int index = indexOfLastAtOrBelow(mappings, mapping.last()) + 1;
            if (index > 0 && Long.compareUnsigned(changed.get(index - 1).last(), address) >= 0) {
                throw refused(GunyahError.BUSY, "cannot map over a mapping", address, extent.size());
            }
            changed.add(index, mapping);
            join(changed, index);
            join(changed, index - 1);
            mappings = List.copyOf(changed);
        } finally {
            lock.unlock();
        }
    }

    /** Makes one mapping of two neighbours that are neighbours in the same memory, too: it may come back in pieces. */
    private static void join(List<Mapping> mappings, int index) {
        if (index < 0 || index + 1 >= mappings.size()) {
            return;
        }
        Mapping first = mappings.get(index);
        Mapping second = mappings.get(index + 1);
        if (first.last() + 1 == second.address() && first.extent().continuesIn(second.extent())) {
            mappings.remove(index + 1);
            mappings.set(index, new Mapping(first.address(), first.extent().joined(second.extent())));
        }
    }

    /**
     * Unmaps a range, all of which must be mapped. Mappings that reach out of it are cut.
     *
     * @param address guest physical address of the first byte, a multiple of {@link #PAGE_SIZE}
     * @param size bytes, a multiple of {@link #PAGE_SIZE} and not 0
     * @throws GunyahException ARGUMENT_ALIGNMENT (address), ARGUMENT_SIZE (size), ADDR_OVERFLOW (the range wraps),
     *     ADDR_INVALID (not all of it is mapped; nothing has changed)
     */
    public void unmap(long address, long size) {
        checkPages(address, size, "cannot unmap");
        long last = address + size - 1;
        lock.lock();
        try {
            List<Mapping> kept = new ArrayList<>();
            long removed = 0;
            for (Mapping mapping : mappings) {
                removed += mapping.cut(address, last, kept);
            }
            if (removed != size) {
                throw refused(GunyahError.ADDR_INVALID, "cannot unmap what is not mapped", address, size);
            }
            mappings = List.copyOf(kept);
        } finally {
            lock.unlock();
        }
    }

    /**
     * Where something can be mapped.
     *
     * @param base lowest address, a multiple of {@link #PAGE_SIZE}
     * @param size bytes, more than 0
     * @return the lowest address from there on where so many bytes are free; if there is no such place, one where
     *     {@link #map} refuses
     */
    public long firstFree(long base, long size) {
        long address = base;
        for (Mapping mapping : mappings) {
            boolean isAhead = Long.compareUnsigned(mapping.address(), address) > 0;
            if (isAhead && Long.compareUnsigned(mapping.address() - address, size) >= 0) {
                return address;
            }
            if (Long.compareUnsigned(mapping.last(), address) >= 0 && mapping.last() != LAST_ADDRESS) {
                address = mapping.last() + 1;
            }
        }
        return address;
    }

    /**
     * The memory behind a range, to be mapped elsewhere.
     *
     * @param address guest physical address of the first byte
     * @param size bytes, more than 0
     * @return a view of it
     * @throws GunyahException ARGUMENT_SIZE (size), ADDR_OVERFLOW (the range wraps), ADDR_INVALID (the range does not
     *     lie in one mapping)
     */
    public MemoryExtent extent(long address, long size) {
        checkRange(address, size, "no extent");
        List<Mapping> current = mappings;
        int index = indexOfLastAtOrBelow(current, address);
        if (index < 0 || Long.compareUnsigned(current.get(index).last(), address + size - 1) < 0) {
            throw refused(GunyahError.ADDR_INVALID, "not in one mapping", address, size);
        }
        Mapping mapping = current.get(index);
        return mapping.extent().slice((int) (address - mapping.address()), (int) size);
    }

    /**
     * {@inheritDoc}
     *
     * <p>A range may span adjacent mappings. A target range outside the array is ADDR_INVALID, too.
     */
    @Override
    public int read(long address, byte[] target, int offset, int length) {
        return access(address, target, offset, length, false);
    }

    /**
     * {@inheritDoc}
     *
     * <p>A range may span adjacent mappings. A source range outside the array is ADDR_INVALID, too.
     */
    @Override
    public int write(long address, byte[] source, int offset, int length) {
        return access(address, source, offset, length, true);
    }

    private int access(long address, byte[] buffer, int offset, int length, boolean write) {
        if ((offset | length) < 0 || length > buffer.length - offset) {
            return GunyahError.ADDR_INVALID;
        }
        if (length > 0 && wraps(address, length)) {
            return GunyahError.ADDR_OVERFLOW;
        }
        List<Mapping> current = mappings;
        int index = indexOfLastAtOrBelow(current, address);
        int done = 0;
        while (done < length) {
            int chunk = index < 0 || index >= current.size()
                    ? 0
                    : current.get(index).copy(address + done, buffer, offset + done, length - done, write);
            if (chunk == 0) {
                return GunyahError.ADDR_INVALID;
            }
            done += chunk;
            index++;
        }
        return GunyahError.OK;
    }

    /** Unmaps everything. */
    public void clear() {
        lock.lock();
        try {
            mappings = List.of();
        } finally {
            lock.unlock();
        }
    }

    private static int indexOfLastAtOrBelow(List<Mapping> mappings, long address) {
        int low = 0;
        int high = mappings.size();
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (Long.compareUnsigned(mappings.get(middle).address(), address) <= 0) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low - 1;
    }

    private static void checkPages(long address, long size, String fact) {
        if (address % PAGE_SIZE != 0) {
            throw refused(GunyahError.ARGUMENT_ALIGNMENT, fact, address, size);
        }
        if (size % PAGE_SIZE != 0) {
            throw refused(GunyahError.ARGUMENT_SIZE, fact, address, size);
        }
        checkRange(address, size, fact);
    }

    private static void checkRange(long address, long size, String fact) {
        if (size <= 0) {
            throw refused(GunyahError.ARGUMENT_SIZE, fact, address, size);
        }
        if (wraps(address, size)) {
            throw refused(GunyahError.ADDR_OVERFLOW, fact, address, size);
        }
    }

    private static boolean wraps(long address, long size) {
        return Long.compareUnsigned(address + size - 1, address) < 0;
    }

    private static GunyahException refused(int error, String fact, long address, long size) {
        return new GunyahException(error, "%s (address 0x%x, size 0x%x)".formatted(fact, address, size));
    }

    @Override
    public String toString() {
        return "GuestAddressSpace" + mappings;
    }

    private record Mapping(long address, MemoryExtent extent) {
        long last() {
            return address + extent.size() - 1;
        }

        /** Copies as much as lies in this mapping from an address on; 0 if it does not cover the address. */
        int copy(long from, byte[] buffer, int offset, int length, boolean write) {
            long inside = from - address;
            if (Long.compareUnsigned(inside, extent.size()) >= 0) {
                return 0;
            }
            int chunk = (int) Math.min(length, extent.size() - inside);
            if (write) {
                extent.write((int) inside, buffer, offset, chunk);
            } else {
                extent.read((int) inside, buffer, offset, chunk);
            }
            return chunk;
        }

        /** Adds what lies outside a range to a list; returns how many bytes lie inside. */
        long cut(long first, long rangeLast, List<Mapping> kept) {
            if (Long.compareUnsigned(last(), first) < 0 || Long.compareUnsigned(address, rangeLast) > 0) {
                kept.add(this);
                return 0;
            }
            int before = Long.compareUnsigned(address, first) < 0 ? (int) (first - address) : 0;
            int after = Long.compareUnsigned(last(), rangeLast) > 0 ? (int) (last() - rangeLast) : 0;
            if (before > 0) {
                kept.add(new Mapping(address, extent.slice(0, before)));
            }
            if (after > 0) {
                kept.add(new Mapping(rangeLast + 1, extent.slice(extent.size() - after, after)));
            }
            return (long) extent.size() - before - after;
        }

        @Override
        public String toString() {
            return "[0x%x..0x%x]".formatted(address, last());
        }
    }
}
