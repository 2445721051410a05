// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah;

/**
 * Receives the capability that a hypercall hands out beside its status. Reusable; one call at a time.
 *
 * @since 0.1
 */
public final class NewCapability {
    private long value = CapabilityId.INVALID.value();

    /** Makes an empty result. */
    public NewCapability() {}

    /**
     * The capability of the last successful call.
     *
     * @return the raw 64-bit ID, all bits set if there was none
     */
    public long value() {
        return value;
    }

    /**
     * Called by implementations of {@link GunyahHypercalls}.
     *
     * @param capability the raw 64-bit ID
     */
    public void set(long capability) {
        value = capability;
    }

    @Override
    public String toString() {
        return CapabilityId.toString(value);
    }
}
