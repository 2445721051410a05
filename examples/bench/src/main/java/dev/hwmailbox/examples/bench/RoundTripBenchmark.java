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

/** A message from one thread to another and one back: by threads that spin, and by threads that park. */
@BenchmarkMode(Mode.SampleTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(5)
@Warmup(iterations = 4, time = 300, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 10, time = 100, timeUnit = TimeUnit.MILLISECONDS)
public class RoundTripBenchmark {
    private static final byte TAG = 42;

    /** The pair that a benchmark measures; its thread runs only while it does. */
    @State(Scope.Benchmark)
    public abstract static class Pair {
        private final RoundTrip trip;

        Pair(RoundTrip trip) {
            this.trip = trip;
        }

        @Setup
        public void open() {
            trip.open();
        }

        @TearDown
        public void close() {
            trip.close();
        }
    }

    /** Disruptors. */
    public static class Disruptors extends Pair {
        public Disruptors() {
            super(new RoundTrip.Disruptors());
        }
    }

    /** Threads that park, and nothing else. */
    public static class Token extends Pair {
        public Token() {
            super(new RoundTrip.Token());
        }
    }

    /** A channel between threads that spin. */
    public static class SpinningMailbox extends Pair {
        public SpinningMailbox() {
            super(new RoundTrip.Mailbox(false));
        }
    }

    /** A channel between threads that park. */
    public static class ParkedMailbox extends Pair {
        public ParkedMailbox() {
            super(new RoundTrip.Mailbox(true));
        }
    }

    @Benchmark
    public byte roundTripDisruptors(Disruptors state) {
        return exchange(state);
    }

    @Benchmark
    public byte roundTripSpinningMailbox(SpinningMailbox state) {
        return exchange(state);
    }

    @Benchmark
    public byte roundTripToken(Token state) {
        return exchange(state);
    }

    @Benchmark
    public byte roundTripParkedMailbox(ParkedMailbox state) {
        return exchange(state);
    }

    private static byte exchange(Pair state) {
        return state.trip.exchange(TAG);
    }
}
