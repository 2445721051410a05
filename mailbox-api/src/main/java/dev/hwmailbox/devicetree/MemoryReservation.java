// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.devicetree;

/**
 * A range of physical memory that the kernel must not use, from the memory reservation block of a blob.
 *
 * <p>Context: any thread.
 *
 * @param address first byte, unsigned
 * @param size bytes, unsigned, not 0: an entry of size 0 ends the block
 * @since 0.1
 */
public record MemoryReservation(long address, long size) {
    public MemoryReservation {
        if (size == 0) {
            throw new IllegalArgumentException("a memory reservation has at least one byte");
        }
    }

    @Override
    public String toString() {
        return "/memreserve/ 0x%016x 0x%016x".formatted(address, size);
    }
}
