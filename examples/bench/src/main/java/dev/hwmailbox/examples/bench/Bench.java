// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.bench;

import dev.hwmailbox.examples.bench.DevicetreeWorkload.Pathological;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.IntStream;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.CommandLineOptionException;
import org.openjdk.jmh.runner.options.CommandLineOptions;

/**
 * Runs the benchmarks and prints a table: what was measured, against what, and whether it is within its bar. Arguments
 * {@code framework}, {@code devicetree} and {@code gunyah} choose parts; without any of them all are run. Options of
 * JMH are taken over, so {@code -f 1} makes a quick run and {@code -v NORMAL} shows everything.
 *
 * <p>All of them run in rounds, one fork of each after the other, and a figure is the best of all iterations: other
 * tenants of a shared machine make it slower for seconds at a time, and never faster. Of two threads that depend on
 * each other it is a percentile or the median.
 */
public final class Bench {
    private static final int ROUNDS = 5;

    private final Rounds rounds = new Rounds();
    private final Table table = new Table();

    private enum Part {
        FRAMEWORK,
        DEVICETREE,
        GUNYAH
    }

    private Bench() {}

    public static void main(String[] args) throws RunnerException, CommandLineOptionException {
        Set<Part> parts = EnumSet.noneOf(Part.class);
        List<String> others = new ArrayList<>(List.of(args));
        for (Part part : Part.values()) {
            if (others.remove(part.name().toLowerCase(Locale.ROOT))) {
                parts.add(part);
            }
        }
        new Bench()
                .run(
                        parts.isEmpty() ? EnumSet.allOf(Part.class) : parts,
                        new CommandLineOptions(others.toArray(String[]::new)));
    }

    private void run(Set<Part> parts, CommandLineOptions options) throws RunnerException {
        table.heading();
        if (parts.contains(Part.FRAMEWORK)) {
            footprint();
        }
        var gunyah = new GunyahTable(rounds, table);
        for (int round = 0; round < options.getForkCount().orElse(ROUNDS); round++) {
            if (parts.contains(Part.FRAMEWORK)) {
                rounds.run(options, 1, MessageBenchmark.class, ScalingBenchmark.class);
                rounds.run(options, 2, ScalingBenchmark.class);
            }
            if (parts.contains(Part.DEVICETREE)) {
                rounds.run(options, 1, DevicetreeBenchmark.class);
            }
            if (parts.contains(Part.GUNYAH)) {
                gunyah.run(options);
            }
        }
        if (parts.contains(Part.FRAMEWORK)) {
            messages();
            scaling();
        }
        if (parts.contains(Part.DEVICETREE)) {
            devicetree();
        }
        if (parts.contains(Part.GUNYAH)) {
            gunyah.print();
        }
        table.end();
    }

    private void footprint() {
        // First of all: registering is something that happens once, in a virtual machine that is cold.
        long[] registering = IntStream.range(0, 5)
                .mapToLong(i -> Footprint.registerNanos(Footprint.MANY))
                .toArray();
        table.bar("1,000,000 channels: register, the first time, ms", registering[0] / 1e6, 300);
        table.bar(
                "1,000,000 channels: register, the slowest of 5, ms",
                Arrays.stream(registering).max().orElseThrow() / 1e6,
                300);
        table.bar("1,000,000 channels: controller, MB", Footprint.controllerBytes(Footprint.MANY) / 1e6, 60);
        table.bar("idle channel, unbound, bytes", Footprint.unboundChannelBytes(), 40);
        table.bar("idle channel, bound, all included, bytes", Footprint.boundChannelBytes(), 256);
        Footprint.bindAndCloseNanos(1); // warm
        double few = Footprint.bindAndCloseNanos(1);
        double many = Footprint.bindAndCloseNanos(Footprint.MANY);
        table.figure("bind and close, 1 channel, ns", few);
        table.figure("bind and close, 1,000,000 channels, ns", many);
    }

    private void messages() {
        double queue = rounds.shortest("arrayBlockingQueueOfferPoll");
        double message = rounds.shortest("sendAndTxDone");
        double bare = rounds.shortest("callback");
        double received = rounds.shortest("receivedData");
        table.figure("ArrayBlockingQueue: offer and poll, ns", queue);
        table.figure("ReentrantLock: lock and unlock, ns", rounds.shortest("reentrantLockUnlock"));
        table.figure("message: send and tx-done, ns", message);
        table.bar("message: send and tx-done / offer and poll", message / queue, 1.3);
        table.bar("message: bytes allocated", rounds.allocated("sendAndTxDone 1"), 0.5);
        table.figure("callback called bare, ns", bare);
        table.figure("received data to callback, ns", received);
        table.bar("received data to callback: more than bare, ns", received - bare, 15);
        table.bar("received data: bytes allocated", rounds.allocated("receivedData 1"), 0.5);
    }

    private void scaling() {
        double one = rounds.most("neighbours 1");
        double two = rounds.most("neighbours 2");
        double shared = rounds.middle("oneChannel 2");
        table.figure("neighbouring channels: 1 thread, messages/us", one);
        table.figure("neighbouring channels: 2 threads, messages/us", two);
        table.atLeast("neighbouring channels: 2 threads / 1 thread", two / one, 1.9);
        table.figure("one channel: 2 senders, messages/us", shared);
        table.atLeast("one channel: 2 senders / 1 sender", shared / rounds.middle("oneChannel 1"), 1.0 / 3);
    }

    private void devicetree() {
        table.bar("devicetree of 10,000 nodes: read, ms", rounds.shortest("read") / 1e6, 8.3);
        table.figure("devicetree of 10,000 nodes: write, ms", rounds.shortest("write") / 1e6);
        table.bar("devicetree of 10,000 nodes: memory / size of the blob", DevicetreeFootprint.memoryPerBlobByte(), 6);
        sameAmongMany("find by path", rounds.shortest("findByPath"), rounds.shortest("findByPathAmongFew"));
        sameAmongMany("find by phandle", rounds.shortest("findByPhandle"), rounds.shortest("findByPhandleAmongFew"));
        double small = rounds.shortest("overlayOfTenFragments") / 1e6;
        double large = rounds.shortest("overlayOfHundredFragments") / 1e6;
        double huge = rounds.shortest("overlayOfThousandFragments") / 1e6;
        table.figure("overlay of 10 fragments, 100 nodes, ms", small);
        table.bar("overlay of 100 fragments, 1,000 nodes, ms", large, 30);
        table.figure("overlay of 1,000 fragments, 10,000 nodes, ms", huge);
        // What the base costs falls out of the differences; ten times the overlay may cost ten times and half of it
        // more.
        table.bar("overlay: 900 fragments more / 90 more", (huge - large) / (large - small), 15);
        for (Pathological kind : Pathological.values()) {
            String what = "devicetree blob of 1 MB, "
                    + kind.name().toLowerCase(Locale.ROOT).replace('_', ' ');
            byte[] blob = kind.blob();
            table.figure(what + ": first, ms", DevicetreeFootprint.firstReadNanos(blob) / 1e6);
            table.bar(what + ": slowest of 10, ms", DevicetreeFootprint.slowestReadNanos(blob) / 1e6, 100);
        }
    }

    /** Memory that is not in a cache may cost a few times as much; a walk over the nodes costs thousands of times. */
    private void sameAmongMany(String what, double many, double few) {
        table.figure("devicetree of 3 nodes: " + what + ", ns", few);
        table.bar("devicetree of 10,000 nodes: " + what + ", ns", many, 10 * few);
    }
}
