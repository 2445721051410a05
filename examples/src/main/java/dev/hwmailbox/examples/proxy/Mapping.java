// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.proxy;

import java.util.Optional;

/**
 * Memory that a device may reach, and how.
 *
 * @param address where the device finds it
 * @param physical where it is
 * @param size bytes, unsigned
 * @param rights {@link #READ}, {@link #WRITE} or both
 */
record Mapping(long address, long physical, int size, int rights) {
    static final int READ = 1;
    static final int WRITE = 2;
    static final int PAGE = 4096;

    /** What is wrong with it, if anything. */
    Optional<ProxyField> flaw() {
        if (!isAligned(address)) {
            return Optional.of(ProxyField.ADDRESS);
        }
        if (!isAligned(physical)) {
            return Optional.of(ProxyField.PHYSICAL);
        }
        if (isFlawed(address, size) || isFlawed(physical, size)) {
            return Optional.of(ProxyField.SIZE);
        }
        if (rights == 0 || (rights & ~(READ | WRITE)) != 0) {
            return Optional.of(ProxyField.RIGHTS);
        }
        return Optional.empty();
    }

    static boolean isAligned(long value) {
        return value % PAGE == 0;
    }

    /** Whether a range has no pages, or parts of some, or reaches beyond the last address. */
    static boolean isFlawed(long address, int size) {
        long length = Integer.toUnsignedLong(size);
        return length == 0 || !isAligned(length) || Long.compareUnsigned(address + (length - 1), address) < 0;
    }

    long last() {
        return address + Integer.toUnsignedLong(size) - 1;
    }

    boolean overlaps(Mapping other) {
        return Long.compareUnsigned(address, other.last()) <= 0 && Long.compareUnsigned(other.address, last()) <= 0;
    }

    @Override
    public String toString() {
        return "0x%x+0x%x -> 0x%x%s%s"
                .formatted(
                        address,
                        size,
                        physical,
                        (rights & READ) != 0 ? " read" : "",
                        (rights & WRITE) != 0 ? " write" : "");
    }
}
