// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.qrtr;

import dev.hwmailbox.examples.calls.Refusals;

/** How many packets were not taken, and why. */
final class Counters {
    private final Refusals<Refusal> refused = new Refusals<>(Refusal.class);

    void refuse(Refusal refusal) {
        refused.add(refusal);
    }

    long of(Refusal refusal) {
        return refused.of(refusal);
    }

    long total() {
        return refused.total();
    }

    @Override
    public String toString() {
        return "refused " + refused;
    }
}
