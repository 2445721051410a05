// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.jcstress;

import java.util.concurrent.CompletableFuture;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.III_Result;
import org.openjdk.jcstress.infra.results.II_Result;

/**
 * Reports against reports, and against senders that give up: each message has one outcome, and both sides are told it.
 */
final class ReportStress {
    private ReportStress() {}

    /** Three messages, and each thread reports twice what it sees in flight. Results: handed over, reported. */
    @JCStressTest
    @Outcome(id = "123, 123", expect = Expect.ACCEPTABLE, desc = "one at a time and in order")
    @Outcome(expect = Expect.FORBIDDEN, desc = "lost, doubled, out of order, or two reports at once")
    @State
    public static class TwoReporters extends Rig {
        public TwoReporters() {
            channel.sendMessage(1);
            channel.sendMessage(2);
            channel.sendMessage(3);
        }

        @Actor
        void one() {
            hardware.txDone(lastTxId, 0);
            hardware.txDone(lastTxId, 0);
        }

        @Actor
        void other() {
            hardware.txDone(lastTxId, 0);
            hardware.txDone(lastTxId, 0);
        }

        @Arbiter
        void look(II_Result r) {
            drain();
            r.r1 = handedOver;
            r.r2 = reported;
        }
    }

    /** One message is reported twice, and another waits behind it. Results: handed over, reported, status. */
    @JCStressTest
    @Outcome(
            id = {"12, 1, 5", "12, 1, 6"},
            expect = Expect.ACCEPTABLE,
            desc = "the first report counts")
    @Outcome(id = "12, 12, .", expect = Expect.FORBIDDEN, desc = "the second report ended the next message")
    @Outcome(expect = Expect.FORBIDDEN, desc = "lost, doubled, or the next one left lying")
    @State
    public static class OneMessageReportedTwice extends Rig {
        private final long first;

        public OneMessageReportedTwice() {
            channel.sendMessage(1);
            first = lastTxId;
            channel.sendMessage(2);
        }

        @Actor
        void one() {
            hardware.txDone(first, 5);
        }

        @Actor
        void other() {
            hardware.txDone(first, 6);
        }

        @Arbiter
        void look(III_Result r) {
            r.r1 = handedOver;
            r.r2 = reported;
            r.r3 = lastStatus;
        }
    }

    /** A blocking send that gives up while its message is reported. Results: its answer, reported, status. */
    @JCStressTest
    @Outcome(id = "0, 1, 5", expect = Expect.ACCEPTABLE, desc = "reported in time")
    @Outcome(id = "-62, 1, -62", expect = Expect.ACCEPTABLE, desc = "timed out, ETIME told to both")
    @Outcome(id = ".*, 1, .*", expect = Expect.FORBIDDEN, desc = "sender and client were told different outcomes")
    @Outcome(expect = Expect.FORBIDDEN, desc = "not reported, or twice")
    @State
    public static class TxDoneAgainstTimeout extends Rig {
        public TxDoneAgainstTimeout() {
            super(BLOCKING, RING_LENGTH);
        }

        @Actor
        void send(III_Result r) {
            r.r1 = channel.sendMessage(1);
        }

        @Actor
        void report() {
            hardware.txDone(lastTxId, 5);
        }

        @Arbiter
        void look(III_Result r) {
            drain();
            r.r2 = reported;
            r.r3 = lastStatus;
        }
    }

    /**
     * A blocking send gives up while the report of the message before it puts its own in flight. Results: its answer,
     * handed over, reported.
     */
    @JCStressTest
    @Outcome(id = "-62, 2, 2", expect = Expect.ACCEPTABLE, desc = "taken off the queue")
    @Outcome(id = "-62, 21, 21", expect = Expect.ACCEPTABLE, desc = "given up in flight")
    @Outcome(id = "-62, 2, 21", expect = Expect.FORBIDDEN, desc = "reported without having been transmitted")
    @Outcome(expect = Expect.FORBIDDEN, desc = "lost, doubled, or the end of another message")
    @State
    public static class SubmissionAgainstTimeout extends Rig {
        @SuppressWarnings("FutureReturnValueIgnored") // only there to be in flight
        public SubmissionAgainstTimeout() {
            super(BLOCKING, RING_LENGTH);
            channel.sendMessageAsync(2);
        }

        @Actor
        void send(III_Result r) {
            r.r1 = channel.sendMessage(1);
        }

        @Actor
        void report() {
            hardware.txDone(lastTxId, 0);
        }

        @Arbiter
        void look(III_Result r) {
            drain();
            r.r2 = handedOver;
            r.r3 = reported;
        }
    }

    /** A future is cancelled while its message is reported. Results: cancelled, reported, status. */
    @JCStressTest
    @Outcome(id = "0, 1, 0", expect = Expect.ACCEPTABLE, desc = "reported; too late to cancel")
    @Outcome(id = "1, 1, -125", expect = Expect.ACCEPTABLE, desc = "cancelled, and reported as such")
    @Outcome(
            id = "1, 1, 0",
            expect = Expect.ACCEPTABLE_INTERESTING,
            desc = "cancelled while the report was under way: the message had its outcome already")
    @Outcome(id = "0, 1, -125", expect = Expect.FORBIDDEN, desc = "given up, but not cancelled")
    @Outcome(expect = Expect.FORBIDDEN, desc = "not reported, or twice")
    @State
    public static class TxDoneAgainstCancel extends Rig {
        private final CompletableFuture<Integer> future = channel.sendMessageAsync(1);

        @Actor
        void cancel(III_Result r) {
            r.r1 = future.cancel(false) ? 1 : 0;
        }

        @Actor
        void report() {
            hardware.txDone(lastTxId, 0);
        }

        @Arbiter
        void look(III_Result r) {
            drain();
            r.r2 = reported;
            r.r3 = lastStatus;
        }
    }

    /**
     * A future is cancelled while the report before it puts its message in flight. Results: handed over, reported,
     * status.
     */
    @JCStressTest
    @Outcome(id = "1, 1, 0", expect = Expect.ACCEPTABLE, desc = "taken off the queue")
    @Outcome(id = "12, 12, -125", expect = Expect.ACCEPTABLE, desc = "given up in flight, and reported as such")
    @Outcome(expect = Expect.FORBIDDEN, desc = "lost, doubled, or not told")
    @State
    public static class SubmissionAgainstCancel extends Rig {
        private final CompletableFuture<Integer> future;

        public SubmissionAgainstCancel() {
            channel.sendMessage(1);
            future = channel.sendMessageAsync(2);
        }

        @Actor
        void cancel() {
            future.cancel(false);
        }

        @Actor
        void report() {
            hardware.txDone(lastTxId, 0);
        }

        @Arbiter
        void look(III_Result r) {
            r.r1 = handedOver;
            r.r2 = reported;
            r.r3 = lastStatus;
        }
    }
}
