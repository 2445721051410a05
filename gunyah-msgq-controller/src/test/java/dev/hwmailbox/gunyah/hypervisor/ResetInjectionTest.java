// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.hypervisor;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hwmailbox.gunyah.hypervisor.ResetWorld.Fault;
import dev.hwmailbox.gunyah.hypervisor.ResetWorld.Injection;
import dev.hwmailbox.gunyah.hypervisor.ResetWorld.Style;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A reset, a stop with restart and a destruction of either VM at every event of a scripted exchange, and a second fault
 * while the first is being dealt with.
 */
class ResetInjectionTest {
    private static final Logger TALLY = LoggerFactory.getLogger("conformance");

    /** A way to run the world, and the VM to fail there; the two do nearly the same. */
    private record Run(Style style, char victim) {}

    private static final List<Run> RUNS = List.of(
            new Run(new Style(false, true), 'A'),
            new Run(new Style(true, true), 'B'),
            new Run(new Style(true, false), 'A'),
            new Run(new Style(false, false), 'B'));

    private final List<String> failed = new ArrayList<>();
    private int injections;

    @Test
    void aFaultAtAnyEventLeavesEverybodyInOrder() {
        int events = 0;
        try (var log = new LogCapture("dev.hwmailbox")) {
            for (Run each : RUNS) {
                int count = run(each.style(), List.of());
                events += count;
                for (int at = 0; at < count; at++) {
                    injectAt(each.style(), each.victim(), at);
                }
            }
            assertThat(log.lines()).noneMatch(line -> line.startsWith("ERROR"));
        }

        TALLY.info("reset injection: {} events, {} injections, {} failed", events, injections, failed.size());
        assertThat(failed).isEmpty();
        assertThat(events).isGreaterThan(400);
        assertThat(injections).isGreaterThan(5_000);
    }

    private void injectAt(Style style, char victim, int at) {
        for (Fault fault : Fault.values()) {
            if (style.programs() || fault != Fault.RESTART) {
                run(style, List.of(new Injection(at, victim, fault)));
            }
        }
        run(style, twice(at));
    }

    /** A second fault while the first is being dealt with: of the same VM, or of the other. */
    private static List<Injection> twice(int at) {
        char victim = at % 2 == 0 ? 'A' : 'B';
        char other = at % 2 == 0 ? 'B' : 'A';
        int later = at + 1 + at % 7;
        return switch (at % 3) {
            case 0 ->
                List.of(new Injection(at, victim, Fault.RESET_KEEP), new Injection(later, victim, Fault.RESET_FLUSH));
            case 1 ->
                List.of(new Injection(at, victim, Fault.RESET_FLUSH), new Injection(later, other, Fault.RESET_TAG));
            default -> List.of(new Injection(at, victim, Fault.RESET_KEEP), new Injection(at, other, Fault.RESET_KEEP));
        };
    }

    private int run(Style style, List<Injection> faults) {
        try (var world = new ResetWorld(style, faults)) {
            try {
                world.run();
            } catch (RuntimeException | AssertionError e) {
                if (failed.size() < 5) {
                    failed.add(style + " " + faults + ": " + e + "\n" + String.join("\n", world.trace));
                }
            }
            injections += world.injected;
            return world.events();
        }
    }
}
