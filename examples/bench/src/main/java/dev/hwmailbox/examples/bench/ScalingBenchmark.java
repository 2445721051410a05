// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.bench;

import dev.hwmailbox.Errno;
import dev.hwmailbox.MailboxChannel;
import dev.hwmailbox.MailboxClient;
import dev.hwmailbox.controller.ControllerChannel;
import dev.hwmailbox.controller.MailboxController;
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
import org.openjdk.jmh.annotations.Warmup;
import org.openjdk.jmh.infra.ThreadParams;

/** Two channels of one controller, requested one after the other, used by one thread and by two. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Fork(5)
@Warmup(iterations = 4, time = 300, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 10, time = 100, timeUnit = TimeUnit.MILLISECONDS)
public class ScalingBenchmark {
    private final Object message = new Object();
    private final MailboxController controller = Subject.controller(2);
    private final MailboxChannel[] channels = new MailboxChannel[2];

    public ScalingBenchmark() {
        MailboxClient client = new MailboxClient() {};
        for (int i = 0; i < channels.length; i++) {
            channels[i] = controller.channel(i).bindClient(client);
        }
    }

    /** Which channel a thread uses. */
    @State(Scope.Thread)
    public static class Share {
        private int index;

        @Setup
        public void choose(ThreadParams threads) {
            index = threads.getThreadIndex();
        }

        int index() {
            return index;
        }
    }

    @Benchmark
    public int neighbours(Share share) {
        return transmit(share.index);
    }

    @Benchmark
    public int oneChannel() {
        return transmit(0);
    }

    private int transmit(int index) {
        ControllerChannel hardware = controller.channel(index);
        int slot = channels[index].sendMessage(message);
        while (slot == -Errno.ENOBUFS) {
            hardware.txDone(0);
            slot = channels[index].sendMessage(message);
        }
        hardware.txDone(0);
        return slot;
    }
}
