// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.bench;

import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.openjdk.jmh.profile.GCProfiler;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.CommandLineOptionException;
import org.openjdk.jmh.runner.options.CommandLineOptions;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.VerboseMode;
import org.openjdk.jmh.util.Statistics;

/**
 * Runs the benchmarks and prints a table: what was measured, against what, and whether it is within its bar. Options of JMH
 * are taken over, so {@code -f 1} makes a quick run and {@code -v NORMAL} shows everything.
 *
 * <p>Figures are medians over all iterations of all forks, because a machine that is shared makes means useless.
 */
public final class Bench {
    private final Map<String, RunResult> results = new TreeMap<>();
    private int missed;

    private Bench() {}

    public static void main(String[] args) throws RunnerException, CommandLineOptionException {
        var bench = new Bench();
        print("%-58s %12s %12s  %s%n", "what", "figure", "bar", "within");
        bench.footprint();
        bench.run(args, 1, MessageBenchmark.class, ScalingBenchmark.class);
        bench.run(args, 2, ScalingBenchmark.class);
        bench.messages();
        bench.scaling();
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

    private void run(String[] args, int threads, Class<?>... benchmarks)
            throws RunnerException, CommandLineOptionException {
        var options = new OptionsBuilder()
                .parent(new CommandLineOptions(args))
                .threads(threads)
                .addProfiler(GCProfiler.class);
        if (!List.of(args).contains("-v")) {
            options.verbosity(VerboseMode.SILENT);
        }
        for (Class<?> benchmark : benchmarks) {
            options.include("\\b" + benchmark.getSimpleName() + "\\b");
        }
        Collection<RunResult> run = new Runner(options.build()).run();
        for (RunResult result : run) {
            String name = result.getParams().getBenchmark();
            results.put(name.substring(name.lastIndexOf('.') + 1) + " " + threads, result);
        }
    }

    private void messages() {
        double queue = median("arrayBlockingQueueOfferPoll 1");
        double message = median("sendAndTxDone 1");
        double bare = median("callback 1");
        double received = median("receivedData 1");
        figure("ArrayBlockingQueue: offer and poll, ns", queue);
        figure("ReentrantLock: lock and unlock, ns", median("reentrantLockUnlock 1"));
        figure("message: send and tx-done, ns", message);
        bar("message: send and tx-done / offer and poll", message / queue, 1.3);
        bar("message: bytes allocated", allocated("sendAndTxDone 1"), 0.5);
        figure("callback called bare, ns", bare);
        figure("received data to callback, ns", received);
        bar("received data to callback: more than bare, ns", received - bare, 15);
        bar("received data: bytes allocated", allocated("receivedData 1"), 0.5);
    }

    private void scaling() {
        double one = median("neighbours 1");
        double two = median("neighbours 2");
        figure("neighbouring channels: 1 thread, messages/us", one);
        figure("neighbouring channels: 2 threads, messages/us", two);
        atLeast("neighbouring channels: 2 threads / 1 thread", two / one, 1.9);
        double alone = median("oneChannel 1");
        double shared = median("oneChannel 2");
        figure("one channel: 2 senders, messages/us", shared);
        atLeast("one channel: 2 senders / 1 sender", shared / alone, 1.0 / 3);
    }

    private double median(String name) {
        Statistics statistics = result(name).getPrimaryResult().getStatistics();
        return statistics.getPercentile(50);
    }

    private double allocated(String name) {
        var bytes = result(name).getSecondaryResults().get("gc.alloc.rate.norm");
        return Objects.requireNonNull(bytes, "gc.alloc.rate.norm").getScore();
    }

    private RunResult result(String name) {
        RunResult result = results.get(name);
        if (result == null) {
            throw new IllegalStateException("no result " + name + " among " + results.keySet());
        }
        return result;
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
