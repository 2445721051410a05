// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.gpio;

import dev.hwmailbox.examples.calls.Refusals;

/**
 * What one end has refused, by what was wrong with it, and what else it could not use.
 *
 * <p>Context: the VM's scheduler.
 */
final class GpioCounters {
    private final Refusals<GpioField> refused = new Refusals<>(GpioField.class);
    private long stale;
    private long unsent;

    void refuse(GpioField field) {
        refused.add(field);
    }

    /** A message of the other side's former life, or of a channel that is no more. */
    void foundStale() {
        stale++;
    }

    /** A response that the channel did not take. */
    void couldNotSend() {
        unsent++;
    }

    long refused(GpioField field) {
        return refused.of(field);
    }

    long refused() {
        return refused.total();
    }

    long stale() {
        return stale;
    }

    long unsent() {
        return unsent;
    }

    @Override
    public String toString() {
        return "refused " + refused + ", stale " + stale + ", unsent " + unsent;
    }
}
