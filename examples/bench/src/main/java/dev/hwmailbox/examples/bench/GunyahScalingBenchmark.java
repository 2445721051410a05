// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.bench;

import dev.hwmailbox.MailboxChannel;
import dev.hwmailbox.MailboxClient;
import dev.hwmailbox.gunyah.msgq.MsgqMessage;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** Two channels between the same two VMs, requested one after the other, used by one thread and by two. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Fork(5)
@Warmup(iterations = 4, time = 300, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 10, time = 100, timeUnit = TimeUnit.MILLISECONDS)
public class GunyahScalingBenchmark {
    private final TwoVms.Link[] links = new TwoVms.Link[2];
    private final MsgqMessage[] messages = new MsgqMessage[2];

    public GunyahScalingBenchmark() {
        this(new MailboxClient() {});
    }

    GunyahScalingBenchmark(MailboxClient receiver) {
        TwoVms vms = GunyahMessageBenchmark.onTheSpot(links.length);
        MailboxClient sender = new MailboxClient() {};
        for (int i = 0; i < links.length; i++) {
            links[i] = vms.connect(GunyahMessageBenchmark.DEPTH, sender, receiver);
            messages[i] = MsgqMessage.of(GunyahMessageBenchmark.message());
        }
    }

    @Benchmark
    public int gunyahNeighbours(ScalingBenchmark.Share share) {
        return send(share.index());
    }

    int send(int index) {
        MailboxChannel channel = links[index].near();
        return channel.sendMessage(messages[index]);
    }
}
