// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.bench;

import dev.hwmailbox.MailboxChannel;
import dev.hwmailbox.MailboxClient;
import dev.hwmailbox.controller.ControllerChannel;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** One message by one thread, beside what a queue, a lock and a bare call cost. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(5)
@Warmup(iterations = 4, time = 300, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 10, time = 100, timeUnit = TimeUnit.MILLISECONDS)
public class MessageBenchmark {
    private final ArrayBlockingQueue<Object> queue = new ArrayBlockingQueue<>(MailboxChannel.TX_QUEUE_LENGTH);

    private final ReentrantLock lock = new ReentrantLock();
    private final Object message = new Object();
    private final Subject.Counter client = new Subject.Counter();
    private final MailboxClient calledBare = new Subject.Counter();
    private final ControllerChannel hardware = Subject.controller(1).channel(0);
    private final MailboxChannel channel = hardware.bindClient(client);

    @Benchmark
    public @Nullable Object arrayBlockingQueueOfferPoll() {
        return queue.offer(message) ? queue.poll() : null;
    }

    @Benchmark
    @SuppressWarnings("LockNotBeforeTry") // there is nothing to try
    public void reentrantLockUnlock() {
        lock.lock();
        lock.unlock();
    }

    @Benchmark
    public int sendAndTxDone() {
        int slot = channel.sendMessage(message);
        hardware.txDone(0);
        return slot;
    }

    @Benchmark
    public void callback() {
        calledBare.rxCallback(channel, message);
    }

    @Benchmark
    public void receivedData() {
        hardware.receivedData(message);
    }

    int delivered() {
        return client.received + client.sent;
    }
}
