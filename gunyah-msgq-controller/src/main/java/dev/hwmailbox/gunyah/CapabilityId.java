// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah;

/**
 * A capability ID: an opaque 64-bit name of a hypervisor object in one VM's capability space. It means nothing in any
 * other VM. 0 is a valid ID, and so is one with the top bit set; compare unsigned.
 *
 * <p>Gunyah counterpart: {@code cap_id_t}, docs/api/gunyah_api.md (gunyah-hypervisor).
 *
 * @param value the 64 bits
 * @since 0.1
 */
public record CapabilityId(long value) implements Comparable<CapabilityId> {
    /** "No capability": all bits set. */
    public static final CapabilityId INVALID = new CapabilityId(-1L);

    /**
     * The capability ID with a given value.
     *
     * @param value the 64 bits
     * @return the ID
     */
    public static CapabilityId of(long value) {
        return value == -1L ? INVALID : new CapabilityId(value);
    }

    /**
     * Tells whether this can name an object.
     *
     * @return false for {@link #INVALID} only
     */
    public boolean isValid() {
        return value != -1L;
    }

    @Override
    public int compareTo(CapabilityId other) {
        return Long.compareUnsigned(value, other.value);
    }

    @Override
    public String toString() {
        return toString(value);
    }

    /**
     * How capability IDs are printed everywhere: {@code 0x} and 16 hex digits.
     *
     * @param value the 64 bits
     * @return the text
     */
    public static String toString(long value) {
        return "0x%016x".formatted(value);
    }
}
