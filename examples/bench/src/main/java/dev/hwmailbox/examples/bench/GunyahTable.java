// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.bench;

import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.Options;

/**
 * The part of the table about messages between two VMs. The bars are ratios to anchors of the same run: a ring that
 * copies the same bytes, a queue of the JDK, a Disruptor, bare park and unpark.
 */
final class GunyahTable {
    private final Rounds rounds;
    private final Table table;

    GunyahTable(Rounds rounds, Table table) {
        this.rounds = rounds;
        this.table = table;
    }

    /** One round. */
    void run(Options options) throws RunnerException {
        rounds.run(
                options,
                1,
                GunyahMessageBenchmark.class,
                RmCallBenchmark.class,
                GunyahScalingBenchmark.class,
                OneWayBenchmark.class,
                RoundTripBenchmark.class);
        rounds.run(options, 2, GunyahScalingBenchmark.class);
    }

    void print() {
        oneThread();
        resourceManager();
        scaling();
        oneWay();
        roundTrip();
    }

    private void oneThread() {
        double ring = rounds.shortest("bytesThroughLockedRing");
        double queue = rounds.shortest("queueSendAndReceive");
        double stack = rounds.shortest("wholeStack");
        double amongMany = rounds.shortest("wholeStackAmongMany");
        table.figure("1 thread: ring, 240 bytes under a ReentrantLock (R), ns", ring);
        table.figure("1 thread: ring, 240 bytes, no lock, ns", rounds.shortest("bytesThroughBareRing"));
        table.figure("1 thread: Disruptor, 240 bytes, ns", rounds.shortest("bytesThroughDisruptor"));
        table.figure(
                "1 thread: ArrayBlockingQueue, a reference, ns", rounds.shortest("referenceThroughArrayBlockingQueue"));
        table.figure("queue: send and receive, ns", queue);
        table.bar("queue: send and receive / R", queue / ring, 1.2);
        table.bar("queue: bytes allocated", rounds.allocated("queueSendAndReceive 1"), 0.5);
        table.figure("whole stack: one way, ns", stack);
        table.bar("whole stack: one way / R", stack / ring, 1.6);
        table.bar("whole stack: one way / R, the aim", stack / ring, 1.2);
        table.bar("whole stack: bytes allocated", rounds.allocated("wholeStack 1"), 0.5);
        table.figure("whole stack beside 256 idle channels, ns", amongMany);
        table.bar("whole stack beside 256 idle channels / without", amongMany / stack, 1.1);
    }

    private void resourceManager() {
        double call = rounds.shortest("rmCall");
        table.figure("Resource Manager call, ns", call);
        table.bar(
                "Resource Manager call / two ways through the whole stack",
                call / (2 * rounds.shortest("wholeStack")),
                2.5);
        table.bar("Resource Manager call: bytes allocated", rounds.allocated("rmCall 1"), 1024);
    }

    private void scaling() {
        double one = rounds.most("gunyahNeighbours 1");
        double two = rounds.most("gunyahNeighbours 2");
        table.figure("neighbouring channels of 2 VMs: 1 thread, messages/us", one);
        table.figure("neighbouring channels of 2 VMs: 2 threads, messages/us", two);
        table.atLeast("neighbouring channels of 2 VMs: 2 threads / 1 thread", two / one, 1.9);
    }

    private void oneWay() {
        message("one way: ArrayBlockingQueue of 64, a reference", "oneWayReferences64");
        message("one way: ring of 64, 240 bytes, no lock", "oneWayBytes64");
        message("one way: ring of 8, 240 bytes, no lock (B)", "oneWayBytes8");
        message("one way: mailbox over queues of 64", "oneWayMailbox64");
        table.bar(
                "one way: mailbox of 64 / ArrayBlockingQueue, p50",
                ratio("oneWayMailbox64", "oneWayReferences64"),
                0.5);
        message("one way: mailbox over queues of 8", "oneWayMailbox8");
        table.bar("one way: mailbox of 8 / B, p50", ratio("oneWayMailbox8", "oneWayBytes8"), 1.5);
    }

    private void message(String what, String benchmark) {
        table.figure(what + ", p10, ns", rounds.percentile(benchmark, 10) / OneWay.BATCH);
        table.figure(what + ", p50, ns", rounds.percentile(benchmark, 50) / OneWay.BATCH);
    }

    private void roundTrip() {
        trip("round trip: Disruptors, 240 bytes", "roundTripDisruptors");
        trip("round trip: mailbox, spinning", "roundTripSpinningMailbox");
        table.bar(
                "round trip: mailbox, spinning / Disruptors, p50",
                ratio("roundTripSpinningMailbox", "roundTripDisruptors"),
                1.3);
        trip("round trip: park and unpark", "roundTripToken");
        trip("round trip: mailbox, parked", "roundTripParkedMailbox");
        table.bar(
                "round trip: mailbox, parked / park and unpark, p50",
                ratio("roundTripParkedMailbox", "roundTripToken"),
                1.1);
    }

    private double ratio(String name, String anchor) {
        return rounds.percentile(name, 50) / rounds.percentile(anchor, 50);
    }

    private void trip(String what, String benchmark) {
        table.figure(what + ", p10, ns", rounds.percentile(benchmark, 10));
        table.figure(what + ", p50, ns", rounds.percentile(benchmark, 50));
        table.figure(what + ", p99, ns", rounds.percentile(benchmark, 99));
    }
}
