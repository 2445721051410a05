// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.function.ToDoubleFunction;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.openjdk.jmh.profile.GCProfiler;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.Options;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.VerboseMode;
import org.openjdk.jmh.util.Statistics;

/** What the rounds of benchmarks gave, one fork of each benchmark in every round. */
final class Rounds {
    private final Map<String, List<RunResult>> rounds = new TreeMap<>();

    void run(Options given, int threads, Class<?>... benchmarks) throws RunnerException {
        var options = new OptionsBuilder()
                .parent(given)
                .forks(1)
                .threads(threads)
                .addProfiler(GCProfiler.class)
                .verbosity(given.verbosity().orElse(VerboseMode.SILENT));
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
        return median(iterations(name).mapToDouble(statistics -> statistics.getPercentile(50)));
    }

    /** Of two threads, which may be in step or not for a whole fork: the median of the rounds' percentiles. */
    double percentile(String name, double percent) {
        return median(percentiles(name, percent).stream().mapToDouble(Double::doubleValue));
    }

    /**
     * The median of each round's own ratio: what slows a machine for minutes slows both.
     *
     * @param other what to divide by, a percentile like the other one
     */
    double percentileRatio(String name, String other, double percent) {
        List<Double> above = percentiles(name, percent);
        List<Double> below = percentiles(other, percent);
        return median(IntStream.range(0, above.size()).mapToDouble(round -> above.get(round) / below.get(round)));
    }

    private List<Double> percentiles(String name, double percent) {
        ToDoubleFunction<Statistics> percentile = statistics -> statistics.getPercentile(percent);
        return iterations(name + " 1").mapToDouble(percentile).boxed().toList();
    }

    private static double median(DoubleStream values) {
        double[] sorted = values.sorted().toArray();
        int upper = sorted.length / 2;
        return sorted.length % 2 == 1 ? sorted[upper] : (sorted[upper - 1] + sorted[upper]) / 2;
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
