// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import dev.hwmailbox.conformance.Replay.Reports;
import dev.hwmailbox.conformance.Verdict.Kind;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.Timeout;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Replays every recorded trace of the original framework. What runs into no weakness of the original comes out the
 * same, event for event; everything else comes out the same up to a first difference that the rule of one of its
 * quirks permits, keeps the rules of the {@link Ledger} to its end, and comes out as it did before.
 *
 * <p>How it did before is in {@code mailbox-golden.zip}, beside the traces: of each trace that differs, the port's
 * own steps where they are others than recorded. When a change of these is meant,
 *
 * <pre>{@code
 * mvn test -pl mailbox-api -Dtest=MailboxConformanceTest -Dhwmailbox.conformance.mailbox.golden=write
 * }</pre>
 *
 * <p>writes {@code target/mailbox-golden.zip} and fails: looking at it, and putting it in its place, is for a human.
 */
class MailboxConformanceTest {
    private static final Logger TALLY = LoggerFactory.getLogger("conformance");

    private record Result(String name, Kind kind, List<String> output, List<String> failures) {}

    @TestFactory
    @Timeout(120)
    Stream<DynamicTest> replaysEveryTraceExactlyOrWithADocumentedDifference() {
        if (System.getProperty("hwmailbox.conformance.mailbox.golden", "").equals("write")) {
            return Stream.of(dynamicTest("write golden data", MailboxConformanceTest::writeGolden));
        }
        Map<String, List<String>> golden = new TreeMap<>(TraceFiles.golden());
        List<Result> results = new ArrayList<>();
        for (Trace trace : TraceFiles.recorded()) {
            List<String> before = golden.remove(trace.name());
            results.add(compareOutput(replay(trace.name(), () -> trace), before == null ? List.of() : before));
        }
        for (Path file : TraceFiles.extra()) {
            results.add(replay(file.toString(), () -> TraceFiles.read(file)));
        }
        TALLY.info(
                "conformance mailbox: {} exact, {} documented differences, {} failed",
                count(results, Kind.EXACT),
                count(results, Kind.DOCUMENTED),
                count(results, Kind.FAILED));
        return Stream.concat(
                Stream.of(dynamicTest(
                        "golden data of recorded traces only",
                        () -> assertThat(golden).isEmpty())),
                results.stream()
                        .map(result -> dynamicTest(
                                result.name, () -> assertThat(result.failures).isEmpty())));
    }

    private static long count(List<Result> results, Kind kind) {
        return results.stream()
                .filter(result -> kind == (result.failures.isEmpty() ? result.kind : Kind.FAILED))
                .count();
    }

    /**
     * Replays a trace twice: with controllers that report as the original's do, and with such as give the number of the
     * transmission. Without quirks the first has to be exact; the output is that of the second, which differs more.
     */
    private static Result replay(String name, Supplier<Trace> reader) {
        Verdict numbered;
        Verdict anonymous;
        boolean plain;
        try {
            Trace trace = reader.get();
            plain = trace.quirks().isEmpty();
            numbered = Verdict.of(trace, Reports.NUMBERED);
            anonymous = Verdict.of(trace, Reports.ANONYMOUS);
        } catch (RuntimeException | StackOverflowError e) {
            // A bad file, or a worse port, is one failure and not the end.
            return new Result(name, Kind.FAILED, List.of(), List.of(name + ": " + e));
        }
        List<String> failures = new ArrayList<>();
        if (numbered.kind() == Kind.FAILED) {
            failures.add(numbered.detail());
        } else if (anonymous.kind() == Kind.FAILED) {
            failures.add("with reports without number, " + anonymous.detail());
        }
        return new Result(name, plain ? anonymous.kind() : numbered.kind(), numbered.output(), failures);
    }

    private static Result compareOutput(Result result, List<String> before) {
        List<String> failures = new ArrayList<>(result.failures);
        for (int i = 0; i < Math.max(before.size(), result.output.size()) && failures.isEmpty(); i++) {
            String expected = i < before.size() ? before.get(i) : "nothing";
            String actual = i < result.output.size() ? result.output.get(i) : "nothing";
            if (!expected.equals(actual)) {
                failures.add("%s: not the output it had before, line %d\n  expected %s\n  but was  %s"
                        .formatted(result.name, i + 1, expected, actual));
            }
        }
        return new Result(result.name, result.kind, result.output, failures);
    }

    private static void writeGolden() {
        SortedMap<String, List<String>> output = new TreeMap<>();
        for (Trace trace : TraceFiles.recorded()) {
            Result result = replay(trace.name(), () -> trace);
            assertThat(result.failures)
                    .as("only what keeps all rules is worth keeping")
                    .isEmpty();
            if (!result.output.isEmpty()) {
                output.put(trace.name(), result.output);
            }
        }
        Path target = Path.of("target", "mailbox-golden.zip");
        TraceFiles.zip(target, output);
        fail("wrote the output of %d traces to %s; nothing has been compared".formatted(output.size(), target));
    }

    @Test
    void findsAllThatWasRecorded() {
        List<Trace> traces = TraceFiles.recorded();

        assertThat(traces).hasSize(518);
        assertThat(traces)
                .filteredOn(trace -> trace.name().startsWith("handmade/"))
                .hasSize(158);
        assertThat(traces)
                .filteredOn(trace -> trace.name().startsWith("random/"))
                .hasSize(360);
        assertThat(traces).filteredOn(trace -> trace.quirks().isEmpty()).hasSize(379);
        assertThat(traces).allMatch(Trace::hasStates);
        assertThat(traces.stream().mapToInt(trace -> trace.steps().size()).sum())
                .isEqualTo(24_527);
        assertThat(traces.stream()
                        .flatMap(trace -> trace.steps().stream())
                        .mapToInt(step -> step.events().size())
                        .sum())
                .isEqualTo(33_452);
    }
}
