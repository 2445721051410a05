// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.bench;

import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** A batch of messages from one thread to another. What one message takes is the time of a batch through its size. */
@BenchmarkMode(Mode.SampleTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(5)
@Warmup(iterations = 4, time = 300, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 10, time = 100, timeUnit = TimeUnit.MILLISECONDS)
public class OneWayBenchmark {
    /** The way that a benchmark measures; its thread runs only while it does. */
    @State(Scope.Benchmark)
    public abstract static class Way {
        private final OneWay way;

        Way(OneWay way) {
            this.way = way;
        }

        @Setup
        public void open() {
            way.open();
        }

        @TearDown
        public void close() {
            way.close();
        }
    }

    /** ArrayBlockingQueue, 64 references. */
    public static class References64 extends Way {
        public References64() {
            super(new OneWay.References(64));
        }
    }

    /** The bare ring of 8 slots. */
    public static class Bytes8 extends Way {
        public Bytes8() {
            super(new OneWay.Bytes(8));
        }
    }

    /** The bare ring of 64 slots. */
    public static class Bytes64 extends Way {
        public Bytes64() {
            super(new OneWay.Bytes(64));
        }
    }

    /** A channel over queues of 8 messages. */
    public static class Mailbox8 extends Way {
        public Mailbox8() {
            super(new OneWay.Mailbox(8));
        }
    }

    /** A channel over queues of 64 messages. */
    public static class Mailbox64 extends Way {
        public Mailbox64() {
            super(new OneWay.Mailbox(64));
        }
    }

    @Benchmark
    public void oneWayReferences64(References64 state) {
        batch(state);
    }

    @Benchmark
    public void oneWayBytes8(Bytes8 state) {
        batch(state);
    }

    @Benchmark
    public void oneWayBytes64(Bytes64 state) {
        batch(state);
    }

    @Benchmark
    public void oneWayMailbox8(Mailbox8 state) {
        batch(state);
    }

    @Benchmark
    public void oneWayMailbox64(Mailbox64 state) {
        batch(state);
    }

    private static void batch(Way state) {
        state.way.batch();
    }
}
