// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.qrtr;

import java.util.EnumMap;
import java.util.Map;

/** How many packets were not taken, and why. */
final class Counters {
    private final Map<Refusal, Integer> refused = new EnumMap<>(Refusal.class);

    void refuse(Refusal refusal) {
        refused.merge(refusal, 1, Integer::sum);
    }

    int of(Refusal refusal) {
        return refused.getOrDefault(refusal, 0);
    }

    int total() {
        return refused.values().stream().mapToInt(Integer::intValue).sum();
    }

    @Override
    public String toString() {
        return "refused " + refused;
    }
}
