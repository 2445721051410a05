// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.openjdk.jmh.profile.GCProfiler;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.Options;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.VerboseMode;
import org.openjdk.jmh.util.MultisetStatistics;
import org.openjdk.jmh.util.Statistics;

/** What the rounds of benchmarks gave, one fork of each benchmark in every round. */
final class Rounds {
    private static final int FIRST_TO_WARN_OF_UNSAFE = 24;

    private final Map<String, List<RunResult>> rounds = new TreeMap<>();

    void run(Options given, int threads, Class<?>... benchmarks) throws RunnerException {
        var options = new OptionsBuilder()
                .parent(given)
                .forks(1)
                .threads(threads)
                .addProfiler(GCProfiler.class)
                .verbosity(given.verbosity().orElse(VerboseMode.SILENT));
        if (Runtime.version().feature() >= FIRST_TO_WARN_OF_UNSAFE) {
            options.jvmArgsPrepend("--sun-misc-unsafe-memory-access=allow"); // JMH uses it
        }
        for (Class<?> benchmark : benchmarks) {
            options.include("\\b" + benchmark.getSimpleName() + "\\b");
        }
        for (RunResult result : new Runner(options.build()).run()) {
            String name = result.getParams().getBenchmark();
            rounds.computeIfAbsent(name.substring(name.lastIndexOf('.') + 1) + " " + threads, n -> new ArrayList<>())
                    .add(result);
        }
    }

    double shortest(String name) {
        return iterations(name + " 1").mapToDouble(Statistics::getMin).min().orElseThrow();
    }

    double most(String name) {
        return iterations(name).mapToDouble(Statistics::getMax).max().orElseThrow();
    }

    /**
     * Of senders in each other's way, which the best iteration is not about: there, one of them had to wait outside.
     */
    double middle(String name) {
        double[] medians = iterations(name)
                .mapToDouble(statistics -> statistics.getPercentile(50))
                .sorted()
                .toArray();
        return medians[medians.length / 2];
    }

    /**
     * Of two threads that depend on each other, over the samples of all rounds. Where one of them had to wait for a
     * processor there are few samples, so that they count little.
     */
    double percentile(String name, double percent) {
        var samples = new MultisetStatistics();
        iterations(name + " 1")
                .forEach(statistics -> statistics
                        .getRawData()
                        .forEachRemaining(sample -> samples.addValue(sample.getKey(), sample.getValue())));
        return samples.getPercentile(percent);
    }

    private Stream<Statistics> iterations(String name) {
        return results(name).stream().map(result -> result.getPrimaryResult().getStatistics());
    }

    double allocated(String name) {
        return results(name).stream()
                .map(result -> result.getSecondaryResults().get("gc.alloc.rate.norm"))
                .mapToDouble(bytes ->
                        Objects.requireNonNull(bytes, "gc.alloc.rate.norm").getScore())
                .max()
                .orElseThrow();
    }

    private List<RunResult> results(String name) {
        List<RunResult> results = rounds.get(name);
        if (results == null) {
            throw new IllegalStateException("no result " + name + " among " + rounds.keySet());
        }
        return results;
    }
}
