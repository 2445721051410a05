// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.bench;

import dev.hwmailbox.CallerRunsScheduler;
import dev.hwmailbox.MailboxChannel;
import dev.hwmailbox.MailboxClient;
import dev.hwmailbox.gunyah.GunyahHypercalls;
import dev.hwmailbox.gunyah.hypervisor.SoftwareHypervisor;
import dev.hwmailbox.gunyah.msgq.MsgqMessage;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Objects;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.TimeUnit;
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

/**
 * One message of 240 bytes from VM to VM by one thread: through a queue alone, and through everything, with both
 * controllers and interrupts that are delivered on the spot. Beside it rings that only copy the bytes.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(5)
@Warmup(iterations = 4, time = 300, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 10, time = 100, timeUnit = TimeUnit.MILLISECONDS)
public class GunyahMessageBenchmark {
    static final int DEPTH = 8;
    static final int IDLE_CHANNELS = 256;

    /** What is sent: no byte is zero. */
    static byte[] message() {
        byte[] message = new byte[TwoVms.MESSAGE_SIZE];
        for (int i = 0; i < message.length; i++) {
            message[i] = (byte) (i % 127 + 1);
        }
        return message;
    }

    /** The rings. */
    @State(Scope.Benchmark)
    public static class Rings {
        private final byte[] message = message();
        private final ArrayBlockingQueue<Object> references = new ArrayBlockingQueue<>(DEPTH);
        private final LockedRing locked = new LockedRing(DEPTH);
        private final BareRing bare = new BareRing(DEPTH);
        private final DisruptorRing disruptor = new DisruptorRing(DEPTH);
        final byte[] received = new byte[TwoVms.MESSAGE_SIZE];

        byte[] receivedByDisruptor() {
            return disruptor.received();
        }
    }

    /** A queue between two VMs. */
    @State(Scope.Benchmark)
    public static class Queue {
        private final byte[] message = message();
        private final GunyahHypercalls sender;
        private final GunyahHypercalls receiver;
        private final TwoVms.Pipe pipe;
        final byte[] received = new byte[TwoVms.MESSAGE_SIZE];

        public Queue() {
            TwoVms vms = onTheSpot(1);
            pipe = vms.pipe(DEPTH);
            sender = vms.near.hypercalls();
            receiver = vms.far.hypercalls();
        }
    }

    /** A channel between two VMs. */
    @State(Scope.Benchmark)
    public static class Channel {
        final Receiver receiver = new Receiver();
        final Subject.Counter sender = new Subject.Counter();
        private final MsgqMessage message = MsgqMessage.of(message());
        private final MailboxChannel channel;

        public Channel() {
            this(0);
        }

        Channel(int idleChannels) {
            TwoVms vms = onTheSpot(idleChannels + 1);
            for (int i = 0; i < idleChannels; i++) {
                vms.connect(DEPTH, new Subject.Counter(), new Subject.Counter());
            }
            channel = vms.connect(DEPTH, sender, receiver).near();
        }

        int send() {
            return channel.sendMessage(message);
        }
    }

    /** A channel with many others beside it. */
    @State(Scope.Benchmark)
    public static class Crowd extends Channel {
        public Crowd() {
            super(IDLE_CHANNELS);
        }
    }

    /** Counts, and keeps the bytes of a message if it is given room for them. */
    static final class Receiver implements MailboxClient {
        int received;
        byte @Nullable [] copy;

        @Override
        public void rxCallback(MailboxChannel channel, @Nullable Object message) {
            received++;
            if (copy != null) {
                ByteBuffer bytes = (ByteBuffer) Objects.requireNonNull(message, "message");
                copy = Arrays.copyOf(copy, bytes.remaining());
                bytes.get(bytes.position(), copy);
            }
        }
    }

    static TwoVms onTheSpot(int slots) {
        var processor = new TwoVms.Processor(new CallerRunsScheduler(), SoftwareHypervisor.INLINE);
        return new TwoVms(processor, processor, slots);
    }

    @Benchmark
    public @Nullable Object referenceThroughArrayBlockingQueue(Rings rings) {
        return rings.references.offer(rings.message) ? rings.references.poll() : null;
    }

    @Benchmark
    public int bytesThroughLockedRing(Rings rings) {
        rings.locked.put(rings.message, 0, rings.message.length);
        return rings.locked.take(rings.received);
    }

    @Benchmark
    public int bytesThroughBareRing(Rings rings) {
        rings.bare.put(rings.message, 0, rings.message.length);
        return rings.bare.take(rings.received);
    }

    @Benchmark
    public boolean bytesThroughDisruptor(Rings rings) {
        rings.disruptor.put(rings.message);
        return rings.disruptor.take();
    }

    @Benchmark
    public long queueSendAndReceive(Queue queue) {
        queue.sender.msgqSend(queue.pipe.send(), queue.message, 0, queue.message.length, false);
        return queue.receiver.msgqReceive(queue.pipe.receive(), queue.received, 0, queue.received.length);
    }

    @Benchmark
    public int wholeStack(Channel channel) {
        return channel.send();
    }

    @Benchmark
    public int wholeStackAmongMany(Crowd crowd) {
        return crowd.send();
    }
}
