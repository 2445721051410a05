// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.jcstress;

import dev.hwmailbox.ChannelEvent;
import dev.hwmailbox.ClientOptions;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.IIIII_Result;
import org.openjdk.jcstress.infra.results.IIII_Result;
import org.openjdk.jcstress.infra.results.II_Result;

/**
 * What a close may do to what other threads are doing. The last two results are always {@link Rig#ending} and
 * {@link Rig#afterClose}.
 */
final class CloseStress {
    private static final String INSIDE = "as before, and a thread that was inside already made one more callback";

    private CloseStress() {}

    /** The message in flight is reported. Results: reported, ABANDONED. */
    @JCStressTest
    @Outcome(
            id = {"0, 1, 110, 0", "1, 0, 110, 0"},
            expect = Expect.ACCEPTABLE,
            desc = "abandoned or reported")
    @Outcome(id = "1, 0, 110, 1", expect = Expect.ACCEPTABLE_INTERESTING, desc = INSIDE)
    @Outcome(id = "0, 0, .*", expect = Expect.FORBIDDEN, desc = "lost without a word")
    @Outcome(expect = Expect.FORBIDDEN, desc = "two outcomes, a call too late, or not closed in order")
    @State
    public static class TxDoneAgainstClose extends Rig {
        public TxDoneAgainstClose() {
            channel.sendMessage(1);
        }

        @Actor
        void report() {
            call(() -> hardware.txDone(lastTxId, 0));
        }

        @Actor
        void closeAndReport() {
            close();
            call(() -> hardware.txDone(lastTxId, 0));
        }

        @Arbiter
        void look(IIII_Result r) {
            r.r1 = reported;
            r.r2 = abandoned.get();
            r.r3 = ending();
            r.r4 = afterClose();
        }
    }

    /**
     * One message in flight and one in the queue, of a client that is told of what a close drops. Results: how often
     * message 1 was reported, and ten times how often message 2 was; ABANDONED.
     */
    @JCStressTest
    @Outcome(id = "11, 1, 110, 0", expect = Expect.ACCEPTABLE, desc = "each told once")
    @Outcome(id = "11, 1, 110, 1", expect = Expect.ACCEPTABLE_INTERESTING, desc = INSIDE)
    @Outcome(id = "11, 1, 110, 2", expect = Expect.ACCEPTABLE_INTERESTING, desc = "likewise, two more")
    @Outcome(expect = Expect.FORBIDDEN, desc = "lost, two outcomes, a call too late, or not closed in order")
    @State
    public static class QueueAgainstClose extends Rig {
        // By two threads at once: what was claimed before the close by the claimer, the rest by the closer.
        private final AtomicInteger told = new AtomicInteger();

        public QueueAgainstClose() {
            super(ClientOptions.NON_BLOCKING.withReportAbandoned(), RING_LENGTH);
            channel.sendMessage(1);
            channel.sendMessage(10);
        }

        @Override
        void reported(int message, int status) {
            told.addAndGet(message);
        }

        @Actor
        void report() {
            call(() -> hardware.txDone(lastTxId, 0));
        }

        @Actor
        void closeAndReport() {
            close();
            call(() -> hardware.txDone(0));
        }

        @Arbiter
        void look(IIII_Result r) {
            r.r1 = told.get();
            r.r2 = abandoned.get();
            r.r3 = ending();
            r.r4 = afterClose();
        }
    }

    /** A send. Results: its answer, ABANDONED. */
    @JCStressTest
    @Outcome(id = "-22, 0, 110, 0", expect = Expect.ACCEPTABLE, desc = "EINVAL")
    @Outcome(id = "0, 1, 110, 0", expect = Expect.ACCEPTABLE, desc = "queued and abandoned")
    @Outcome(id = "0, 1, 110, 1", expect = Expect.ACCEPTABLE_INTERESTING, desc = INSIDE)
    @Outcome(expect = Expect.FORBIDDEN, desc = "lost, a call too late, or not closed in order")
    @State
    public static class SendAgainstClose extends Rig {
        @Actor
        void send(IIII_Result r) {
            call(() -> r.r1 = channel.sendMessage(1));
        }

        @Actor
        void closeAndGoOn() {
            close();
            call(() -> channel.sendMessage(2));
            call(() -> hardware.receivedData(3)); // the channel is still bound while the attempt lasts
        }

        @Arbiter
        void look(IIII_Result r) {
            r.r2 = abandoned.get();
            r.r3 = ending();
            r.r4 = afterClose();
        }
    }

    /** A blocking send, whose time is soon up. Results: its answer, reported, ABANDONED. */
    @JCStressTest
    @Outcome(
            id = {"-22, 0, 0, 110, 0", "-62, 1, 0, 110, 0", "-108, 0, 1, 110, 0"},
            expect = Expect.ACCEPTABLE,
            desc = "EINVAL; ETIME and reported; ESHUTDOWN and abandoned")
    @Outcome(
            id = {"-62, 1, 0, 110, 1", "-108, 0, 1, 110, 1"},
            expect = Expect.ACCEPTABLE_INTERESTING,
            desc = INSIDE)
    @Outcome(expect = Expect.FORBIDDEN, desc = "lost, two outcomes, a call too late, or not closed in order")
    @State
    public static class BlockingSendAgainstClose extends Rig {
        public BlockingSendAgainstClose() {
            super(BLOCKING, RING_LENGTH);
        }

        @Actor
        void send(IIIII_Result r) {
            call(() -> r.r1 = channel.sendMessage(1));
        }

        @Actor
        void closeIt() {
            close();
        }

        @Arbiter
        void look(IIIII_Result r) {
            r.r2 = reported;
            r.r3 = abandoned.get();
            r.r4 = ending();
            r.r5 = afterClose();
        }
    }

    /** A future whose message is reported. Results: how the future ended, reported, ABANDONED. */
    @JCStressTest
    @Outcome(
            id = {"0, 1, 0, 110, 0", "-1, 0, 1, 110, 0"},
            expect = Expect.ACCEPTABLE,
            desc = "reported and done, or abandoned and failed")
    @Outcome(id = "0, 1, 0, 110, 1", expect = Expect.ACCEPTABLE_INTERESTING, desc = INSIDE)
    @Outcome(id = "-2, .*", expect = Expect.FORBIDDEN, desc = "the future never ends")
    @Outcome(expect = Expect.FORBIDDEN, desc = "lost, two outcomes, a call too late, or not closed in order")
    @State
    public static class FutureAgainstClose extends Rig {
        private final CompletableFuture<Integer> future = channel.sendMessageAsync(1);

        @Actor
        void report() {
            call(() -> hardware.txDone(lastTxId, 0));
        }

        @Actor
        void closeIt() {
            close();
        }

        @Arbiter
        void look(IIIII_Result r) {
            r.r1 = future.handle((slot, thrown) -> thrown == null ? slot : -1).getNow(-2);
            r.r2 = reported;
            r.r3 = abandoned.get();
            r.r4 = ending();
            r.r5 = afterClose();
        }
    }

    /** Data and an event come in, on the thread that closes also afterwards. */
    @JCStressTest
    @Outcome(id = "110, 0", expect = Expect.ACCEPTABLE, desc = "before or never")
    @Outcome(id = "110, 1", expect = Expect.ACCEPTABLE_INTERESTING, desc = INSIDE)
    @Outcome(expect = Expect.FORBIDDEN, desc = "a call too late, or not closed in order")
    @State
    public static class ReceptionAgainstClose extends Rig {
        @Actor
        void receive() {
            call(() -> hardware.receivedData(1));
            call(() -> hardware.raiseEvent(ChannelEvent.PEER_RESET));
        }

        @Actor
        void closeAndReceive() {
            close();
            call(() -> hardware.receivedData(2));
            call(() -> hardware.raiseEvent(ChannelEvent.PEER_RESET));
        }

        @Arbiter
        void look(II_Result r) {
            r.r1 = ending();
            r.r2 = afterClose();
        }
    }

    /** Two threads close, and the one that comes second may return first. Results: ABANDONED; {@link Rig#ending}. */
    @JCStressTest
    @Outcome(id = "1, 110", expect = Expect.ACCEPTABLE, desc = "once")
    @Outcome(expect = Expect.FORBIDDEN, desc = "not once")
    @State
    public static class CloseAgainstClose extends Rig {
        public CloseAgainstClose() {
            channel.sendMessage(1);
        }

        @Actor
        void one() {
            channel.close();
        }

        @Actor
        void other() {
            controller.close();
        }

        @Arbiter
        void look(II_Result r) {
            r.r1 = abandoned.get();
            r.r2 = ending();
        }
    }
}
