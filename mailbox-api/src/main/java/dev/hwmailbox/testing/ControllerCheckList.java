// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.testing;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Collects the checks for one controller. */
final class ControllerCheckList {
    private final Supplier<? extends ControllerFixture> factory;
    private final Set<ControllerTrait> traits;
    private final List<ControllerCheck> checks = new ArrayList<>();

    ControllerCheckList(Supplier<? extends ControllerFixture> factory, Set<ControllerTrait> traits) {
        this.factory = factory;
        this.traits = traits;
    }

    /** A check that any of some traits makes pointless. */
    void add(String id, String name, String rule, Consumer<ControllerBench> body, ControllerTrait... pointlessWith) {
        for (ControllerTrait trait : pointlessWith) {
            if (traits.contains(trait)) {
                add(id, name, rule, body, "the controller has the trait " + trait);
                return;
            }
        }
        add(id, name, rule, body, (String) null);
    }

    /** A check about a trait itself. */
    void addFor(ControllerTrait trait, String id, String name, String rule, Consumer<ControllerBench> body) {
        add(id, name, rule, body, traits.contains(trait) ? null : "the controller does not have the trait " + trait);
    }

    private void add(String id, String name, String rule, Consumer<ControllerBench> body, @Nullable String obstacle) {
        checks.add(
                new ControllerCheck(id, name, rule, obstacle, log -> new ControllerBench(factory, traits, log), body));
    }

    List<ControllerCheck> toList() {
        return List.copyOf(checks);
    }
}
