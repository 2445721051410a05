// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.hypervisor;

import java.util.Objects;

/**
 * A piece of memory that can be mapped into address spaces: a view of a byte array. The same bytes may be mapped in
 * several VMs, which is how memory is shared; taken out of one and mapped into another, it is lent.
 *
 * <p>Context: any thread; the bytes themselves are not synchronised.
 *
 * <p>Gunyah counterpart: memory extents, docs/api/gunyah_api.md (gunyah-hypervisor).
 *
 * @since 0.1
 */
public final class MemoryExtent {
    private final byte[] bytes;
    private final int offset;
    private final int size;

    private MemoryExtent(byte[] bytes, int offset, int size) {
        this.bytes = bytes;
        this.offset = offset;
        this.size = size;
    }

    /**
     * Fresh memory, all zero.
     *
     * @param size bytes, 0 or more; a multiple of {@link GuestAddressSpace#PAGE_SIZE} if it is to be mapped
     * @return the extent
     * @throws IllegalArgumentException if the size is negative
     */
    public static MemoryExtent allocate(int size) {
        if (size < 0) {
            throw new IllegalArgumentException("size must not be negative: " + size);
        }
        return new MemoryExtent(new byte[size], 0, size);
    }

    /**
     * The size.
     *
     * @return bytes
     */
    public int size() {
        return size;
    }

    /**
     * A part of this extent, backed by the same bytes.
     *
     * @param offset index of its first byte
     * @param size its size in bytes
     * @return the part
     * @throws IndexOutOfBoundsException if it does not lie in this extent
     */
    public MemoryExtent slice(int offset, int size) {
        Objects.checkFromIndexSize(offset, size, this.size);
        return new MemoryExtent(bytes, this.offset + offset, size);
    }

    /** Whether another extent's bytes are those behind the ones of this extent. */
    boolean continuesIn(MemoryExtent next) {
        return bytes == next.bytes && offset + size == next.offset;
    }

    /** This extent and the one it continues in. */
    MemoryExtent joined(MemoryExtent next) {
        return new MemoryExtent(bytes, offset, size + next.size);
    }

    void read(int from, byte[] target, int targetOffset, int length) {
        System.arraycopy(bytes, offset + from, target, targetOffset, length);
    }

    void write(int to, byte[] source, int sourceOffset, int length) {
        System.arraycopy(source, sourceOffset, bytes, offset + to, length);
    }

    @Override
    public String toString() {
        return "MemoryExtent[size=0x%x]".formatted(size);
    }
}
