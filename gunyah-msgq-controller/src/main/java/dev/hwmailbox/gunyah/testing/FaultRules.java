// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.testing;

import java.util.Objects;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** The faults of one decorator. While it is off nobody looks at them. */
final class FaultRules<K, F> {
    private final CopyOnWriteArrayList<FaultRule<K, F>> rules = new CopyOnWriteArrayList<>();
    private volatile boolean on;

    void add(K key, Occurrence when, F fault) {
        rules.add(new FaultRule<>(
                Objects.requireNonNull(key, "key"),
                Objects.requireNonNull(when, "when"),
                Objects.requireNonNull(fault, "fault")));
        on = true;
    }

    boolean areOn() {
        return on;
    }

    void stop() {
        on = false;
        rules.forEach(FaultRule::end);
    }

    /** The fault of the first rule that means this one. Every rule for it counts, whichever comes first. */
    @Nullable
    F choose(Predicate<K> about, long subject) {
        F chosen = null;
        for (FaultRule<K, F> rule : rules) {
            if (about.test(rule.key()) && rule.isMeant(subject, chosen == null)) {
                chosen = rule.fault();
            }
        }
        return chosen;
    }

    long used(Predicate<K> about) {
        return rules.stream()
                .filter(rule -> about.test(rule.key()))
                .mapToLong(FaultRule::used)
                .sum();
    }

    @Override
    public String toString() {
        return (on ? "" : "off ") + rules;
    }
}
