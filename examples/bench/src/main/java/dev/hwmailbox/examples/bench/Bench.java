// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.bench;

import dev.hwmailbox.examples.bench.DevicetreeWorkload.Pathological;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.openjdk.jmh.profile.GCProfiler;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.CommandLineOptionException;
import org.openjdk.jmh.runner.options.CommandLineOptions;
import org.openjdk.jmh.runner.options.Options;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.VerboseMode;
import org.openjdk.jmh.util.Statistics;

/**
 * Runs the benchmarks and prints a table: what was measured, against what, and whether it is within its bar. Options of
 * JMH are taken over, so {@code -f 1} makes a quick run and {@code -v NORMAL} shows everything.
 *
 * <p>All of them run in rounds, one fork of each after the other, and a figure is the best of all iterations: other
 * tenants of a shared machine make it slower for seconds at a time, and never faster. Of two senders on one channel it
 * is the median.
 */
public final class Bench {
    private static final int ROUNDS = 5;

    private final Map<String, List<RunResult>> rounds = new TreeMap<>();
    private int missed;

    private Bench() {}

    public static void main(String[] args) throws RunnerException, CommandLineOptionException {
        var bench = new Bench();
        print("%-58s %12s %12s  %s%n", "what", "figure", "bar", "within");
        bench.footprint();
        var options = new CommandLineOptions(args);
        for (int round = 0; round < options.getForkCount().orElse(ROUNDS); round++) {
            bench.run(options, 1, MessageBenchmark.class, ScalingBenchmark.class, DevicetreeBenchmark.class);
            bench.run(options, 2, ScalingBenchmark.class);
        }
        bench.messages();
        bench.scaling();
        bench.devicetree();
        print("%d of the bars missed%n", bench.missed);
    }

    private void footprint() {
        // First of all: registering is something that happens once, in a virtual machine that is cold.
        long[] registering = IntStream.range(0, 5)
                .mapToLong(i -> Footprint.registerNanos(Footprint.MANY))
                .toArray();
        bar("1,000,000 channels: register, the first time, ms", registering[0] / 1e6, 300);
        bar(
                "1,000,000 channels: register, the slowest of 5, ms",
                Arrays.stream(registering).max().orElseThrow() / 1e6,
                300);
        bar("1,000,000 channels: controller, MB", Footprint.controllerBytes(Footprint.MANY) / 1e6, 60);
        bar("idle channel, unbound, bytes", Footprint.unboundChannelBytes(), 40);
        bar("idle channel, bound, all included, bytes", Footprint.boundChannelBytes(), 256);
        Footprint.bindAndCloseNanos(1); // warm
        double few = Footprint.bindAndCloseNanos(1);
        double many = Footprint.bindAndCloseNanos(Footprint.MANY);
        figure("bind and close, 1 channel, ns", few);
        figure("bind and close, 1,000,000 channels, ns", many);
    }

    private void run(Options given, int threads, Class<?>... benchmarks) throws RunnerException {
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

    private void messages() {
        double queue = shortest("arrayBlockingQueueOfferPoll");
        double message = shortest("sendAndTxDone");
        double bare = shortest("callback");
        double received = shortest("receivedData");
        figure("ArrayBlockingQueue: offer and poll, ns", queue);
        figure("ReentrantLock: lock and unlock, ns", shortest("reentrantLockUnlock"));
        figure("message: send and tx-done, ns", message);
        bar("message: send and tx-done / offer and poll", message / queue, 1.3);
        bar("message: bytes allocated", allocated("sendAndTxDone 1"), 0.5);
        figure("callback called bare, ns", bare);
        figure("received data to callback, ns", received);
        bar("received data to callback: more than bare, ns", received - bare, 15);
        bar("received data: bytes allocated", allocated("receivedData 1"), 0.5);
    }

    private void scaling() {
        double one = most("neighbours 1");
        double two = most("neighbours 2");
        double shared = middle("oneChannel 2");
        figure("neighbouring channels: 1 thread, messages/us", one);
        figure("neighbouring channels: 2 threads, messages/us", two);
        atLeast("neighbouring channels: 2 threads / 1 thread", two / one, 1.9);
        figure("one channel: 2 senders, messages/us", shared);
        atLeast("one channel: 2 senders / 1 sender", shared / middle("oneChannel 1"), 1.0 / 3);
    }

    private void devicetree() {
        bar("devicetree of 10,000 nodes: read, ms", shortest("read") / 1e6, 8.3);
        figure("devicetree of 10,000 nodes: write, ms", shortest("write") / 1e6);
        bar("devicetree of 10,000 nodes: memory / size of the blob", DevicetreeFootprint.memoryPerBlobByte(), 6);
        sameAmongMany("find by path", shortest("findByPath"), shortest("findByPathAmongFew"));
        sameAmongMany("find by phandle", shortest("findByPhandle"), shortest("findByPhandleAmongFew"));
        double small = shortest("overlayOfTenFragments") / 1e6;
        double large = shortest("overlayOfHundredFragments") / 1e6;
        double huge = shortest("overlayOfThousandFragments") / 1e6;
        figure("overlay of 10 fragments, 100 nodes, ms", small);
        bar("overlay of 100 fragments, 1,000 nodes, ms", large, 30);
        figure("overlay of 1,000 fragments, 10,000 nodes, ms", huge);
        // What the base costs falls out of the differences; ten times the overlay may cost ten times and half of it
        // more.
        bar("overlay: 900 fragments more / 90 more", (huge - large) / (large - small), 15);
        for (Pathological kind : Pathological.values()) {
            String what = "devicetree blob of 1 MB, "
                    + kind.name().toLowerCase(Locale.ROOT).replace('_', ' ');
            byte[] blob = kind.blob();
            figure(what + ": first, ms", DevicetreeFootprint.firstReadNanos(blob) / 1e6);
            bar(what + ": slowest of 10, ms", DevicetreeFootprint.slowestReadNanos(blob) / 1e6, 100);
        }
    }

    /** Memory that is not in a cache may cost a few times as much; a walk over the nodes costs thousands of times. */
    private void sameAmongMany(String what, double many, double few) {
        figure("devicetree of 3 nodes: " + what + ", ns", few);
        bar("devicetree of 10,000 nodes: " + what + ", ns", many, 10 * few);
    }

    private double shortest(String name) {
        return iterations(name + " 1").mapToDouble(Statistics::getMin).min().orElseThrow();
    }

    private double most(String name) {
        return iterations(name).mapToDouble(Statistics::getMax).max().orElseThrow();
    }

    /**
     * Of senders in each other's way, which the best iteration is not about: there, one of them had to wait outside.
     */
    private double middle(String name) {
        double[] medians = iterations(name)
                .mapToDouble(statistics -> statistics.getPercentile(50))
                .sorted()
                .toArray();
        return medians[medians.length / 2];
    }

    private Stream<Statistics> iterations(String name) {
        return results(name).stream().map(result -> result.getPrimaryResult().getStatistics());
    }

    private double allocated(String name) {
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

    private static void figure(String what, double figure) {
        print("%-58s %12.2f%n", what, figure);
    }

    private void bar(String what, double figure, double most) {
        verdict(what, figure, "<= ", most, figure <= most);
    }

    private void atLeast(String what, double figure, double least) {
        verdict(what, figure, ">= ", least, figure >= least);
    }

    private void verdict(String what, double figure, String relation, double bar, boolean within) {
        missed += within ? 0 : 1;
        print(
                "%-58s %12.2f %12s  %s%n",
                what, figure, relation + String.format(Locale.ROOT, "%.2f", bar), within ? "yes" : "NO");
    }

    private static void print(String format, Object... arguments) {
        System.out.printf(Locale.ROOT, format, arguments);
    }
}
