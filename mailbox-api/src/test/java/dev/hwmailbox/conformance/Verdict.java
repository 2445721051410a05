// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.conformance;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * What a replay of a trace shows.
 *
 * @param kind the verdict
 * @param detail what failed, or the first difference
 * @param output the replay's own steps as far as they differ, below a line that says where and why that begins; empty
 *     for an exact replay
 */
record Verdict(Kind kind, String detail, List<String> output) {
    private static final String NUMBERED_REPORTS = "idle-txdone";

    /** Whether the port behaves as it should. */
    enum Kind {
        EXACT,
        DOCUMENTED,
        FAILED
    }

    Verdict {
        output = List.copyOf(output);
    }

    private static Verdict failed(Trace trace, String detail) {
        return new Verdict(Kind.FAILED, trace + ": " + detail, List.of());
    }

    /** Replays a trace and judges it. */
    static Verdict of(Trace trace, Replay.Reports reports) {
        Replay.Run run;
        try {
            run = Replay.run(trace, reports);
        } catch (AssertionError e) {
            return failed(trace, e.getMessage() + ": " + e.getCause());
        }
        return of(trace, reports, run);
    }

    static Verdict of(Trace trace, Replay.Reports reports, Replay.Run run) {
        if (!run.violations().isEmpty()) {
            return failed(trace, String.join("\n  ", run.violations()));
        }
        Map<String, Integer> references = new TreeMap<>();
        trace.header()
                .at("/end/module_refs")
                .properties()
                .forEach(
                        entry -> references.put(entry.getKey(), entry.getValue().intValue()));
        if (!run.references().equals(references)) {
            return failed(trace, "references held at the end: expected " + references + " but was " + run.references());
        }
        Difference first = Difference.first(trace, run);
        if (first == null) {
            return new Verdict(Kind.EXACT, "", List.of());
        }
        Optional<String> quirk = explanation(trace, reports, first);
        if (quirk.isEmpty()) {
            String rules = trace.quirks().isEmpty() ? "differs at" : "no rule of " + trace.quirks() + " permits";
            return failed(trace, rules + " " + first);
        }
        return new Verdict(Kind.DOCUMENTED, quirk.get() + " " + first, output(trace, run, first, quirk.get()));
    }

    /** One quirk explains the difference, or what another that shows in the same step has left of it. */
    private static Optional<String> explanation(Trace trace, Replay.Reports reports, Difference first) {
        Set<String> possible = trace.quirks();
        if (reports == Replay.Reports.NUMBERED) {
            possible.add(NUMBERED_REPORTS);
        } else {
            possible.remove("late-txdone"); // as in the original
        }
        Stream<String> alone =
                possible.stream().filter(name -> Quirk.named(name).explains(first));
        Stream<String> together = possible.stream().flatMap(name -> {
            Difference rest = first.after(Quirk.named(name).instead(first));
            return possible.stream()
                    .filter(other -> !other.equals(name) && Quirk.named(other).explains(rest))
                    .map(other -> name + "+" + other);
        });
        return Stream.concat(alone, together).findFirst();
    }

    private static List<String> output(Trace trace, Replay.Run run, Difference first, String quirk) {
        List<String> output = new ArrayList<>();
        output.add(Json.object().put("from", first.index()).put("quirk", quirk).toString());
        for (int i = first.index(); i < run.steps().size(); i++) {
            String line = line(run.steps(), i);
            if (!line.equals(line(trace.steps(), i))) {
                output.add(line);
            }
        }
        return output;
    }

    private static String line(List<Step> steps, int index) {
        return steps.get(index)
                .line(index == 0 ? Map.of() : steps.get(index - 1).states())
                .toString();
    }
}
