// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.jcstress;

import dev.hwmailbox.ClientOptions;
import dev.hwmailbox.CloseMode;
import dev.hwmailbox.MailboxException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.IIII_Result;
import org.openjdk.jcstress.infra.results.III_Result;

/** Closing that waits for its messages; and reports made inside the attempt, which take a way of their own. */
final class DrainStress {
    private DrainStress() {}

    /** A send. Results: its answer; the close's; reported; ABANDONED and {@link Rig#ending}. */
    @JCStressTest
    @Outcome(id = "-22, 0, 0, 110", expect = Expect.ACCEPTABLE, desc = "EINVAL")
    @Outcome(id = "0, 0, 1, 110", expect = Expect.ACCEPTABLE, desc = "sent and waited for")
    @Outcome(id = "0, -62, 1, 110", expect = Expect.ACCEPTABLE, desc = "sent, time was up, reported all the same")
    @Outcome(id = "0, -62, 0, 1110", expect = Expect.ACCEPTABLE, desc = "sent, time was up, and abandoned")
    @Outcome(expect = Expect.FORBIDDEN, desc = "lost, two outcomes, or a wrong answer")
    @State
    public static class SendAgainstDrainingClose extends Rig {
        @Override
        int answer(long txId) {
            hardware.txDone(txId, 0);
            return 0;
        }

        @Actor
        void send(IIII_Result r) {
            r.r1 = channel.sendMessage(1);
        }

        @Actor
        void closeIt(IIII_Result r) {
            r.r2 = channel.close(CloseMode.DRAIN, Duration.ofMillis(1));
        }

        @Arbiter
        void look(IIII_Result r) {
            r.r3 = reported;
            r.r4 = abandoned.get() * 1000 + ending();
        }
    }

    /** The report of the last message. Results: the close's answer; reported; ABANDONED and {@link Rig#ending}. */
    @JCStressTest
    @Outcome(
            id = {"0, 1, 110", "-62, 1, 110"},
            expect = Expect.ACCEPTABLE,
            desc = "waited for, or reported all the same when time was up")
    @Outcome(id = "-62, 0, 1110", expect = Expect.ACCEPTABLE, desc = "time was up, and abandoned")
    @Outcome(id = "0, 0, .*", expect = Expect.FORBIDDEN, desc = "said to be drained before it was reported")
    @Outcome(expect = Expect.FORBIDDEN, desc = "lost or two outcomes")
    @State
    public static class TxDoneAgainstDrainingClose extends Rig {
        public TxDoneAgainstDrainingClose() {
            channel.sendMessage(1);
        }

        @Actor
        void report() {
            hardware.txDone(lastTxId, 0);
        }

        @Actor
        void closeIt(III_Result r) {
            r.r1 = channel.close(CloseMode.DRAIN, Duration.ofMillis(1));
        }

        @Arbiter
        void look(III_Result r) {
            r.r2 = reported;
            r.r3 = abandoned.get() * 1000 + ending();
        }
    }

    /** Two close, one draining. Results: the draining one's answer; ABANDONED; {@link Rig#ending}. */
    @JCStressTest
    @Outcome(
            id = {"-108, 1, 110", "-22, 1, 110", "-62, 1, 110"},
            expect = Expect.ACCEPTABLE,
            desc = "ESHUTDOWN, EINVAL or ETIME")
    @Outcome(expect = Expect.FORBIDDEN, desc = "not closed in order, or said to be drained")
    @State
    public static class CloseAgainstDrainingClose extends Rig {
        public CloseAgainstDrainingClose() {
            channel.sendMessage(1);
        }

        @Actor
        void drainIt(III_Result r) {
            r.r1 = channel.close(CloseMode.DRAIN, Duration.ofMillis(1));
        }

        @Actor
        void closeIt() {
            channel.close();
        }

        @Arbiter
        void look(III_Result r) {
            r.r2 = abandoned.get();
            r.r3 = ending();
        }
    }

    /** Reports the second message inside its attempt, with 5; the first one ended with 7. */
    abstract static class DoneInside extends Rig {
        final long first;

        DoneInside(ClientOptions options) {
            super(options, RING_LENGTH);
            CompletableFuture<Integer> unused = channel.sendMessageAsync(9);
            hardware.txDone(lastTxId, -7);
            unused = channel.sendMessageAsync(1);
            first = lastTxId;
        }

        @Override
        int answer(long txId) {
            if (first != 0) {
                hardware.txDone(txId, -5);
            }
            return 0;
        }
    }

    /** A sender gives up while its message is handed over and reported in one. Results: answer; reported; status. */
    @JCStressTest
    @Outcome(id = "-5, 912, -5", expect = Expect.ACCEPTABLE, desc = "reported in time")
    @Outcome(id = "-62, 912, -62", expect = Expect.ACCEPTABLE, desc = "timed out, and told to both")
    @Outcome(id = "-62, 91, 0", expect = Expect.ACCEPTABLE, desc = "taken off the queue")
    @Outcome(id = "-?\\d+, 912, -?\\d+", expect = Expect.FORBIDDEN, desc = "a wrong or a different outcome was told")
    @Outcome(expect = Expect.FORBIDDEN, desc = "lost or doubled")
    @State
    public static class ReportInsideAgainstTimeout extends DoneInside {
        public ReportInsideAgainstTimeout() {
            super(BLOCKING);
        }

        @Actor
        void send(III_Result r) {
            r.r1 = channel.sendMessage(2);
        }

        @Actor
        void report() {
            hardware.txDone(first, 0);
        }

        @Arbiter
        void look(III_Result r) {
            drain();
            r.r2 = reported;
            r.r3 = lastStatus;
        }
    }

    /** A future is cancelled meanwhile. Results: its end; reported; status. */
    @JCStressTest
    @Outcome(
            id = {"-5, 912, -5", "-125, 912, -125"},
            expect = Expect.ACCEPTABLE,
            desc = "reported, or cancelled and told so")
    @Outcome(
            id = "-125, 912, -5",
            expect = Expect.ACCEPTABLE_INTERESTING,
            desc = "cancelled while the report was under way: the message had its outcome already")
    @Outcome(id = "-125, 91, 0", expect = Expect.ACCEPTABLE, desc = "taken off the queue")
    @Outcome(expect = Expect.FORBIDDEN, desc = "a wrong outcome, lost or doubled")
    @State
    public static class ReportInsideAgainstCancel extends DoneInside {
        private final CompletableFuture<Integer> future;

        public ReportInsideAgainstCancel() {
            super(ClientOptions.NON_BLOCKING);
            future = channel.sendMessageAsync(2);
        }

        @Actor
        void cancel() {
            future.cancel(false);
        }

        @Actor
        void report() {
            hardware.txDone(first, 0);
        }

        @Arbiter
        void look(III_Result r) {
            drain();
            r.r1 = future.isCancelled()
                    ? -125
                    : future.handle((slot, failure) -> failure instanceof MailboxException e ? -e.errno() : 0)
                            .getNow(1);
            r.r2 = reported;
            r.r3 = lastStatus;
        }
    }

    /**
     * The channel is closed meanwhile. Results: the send's answer; reported and ABANDONED;
     * {@link Rig#ending}; {@link Rig#afterClose}.
     */
    @JCStressTest
    @Outcome(
            id = {"-22, 0, 110, 0", "0, 1, 110, 0", "0, 10, 110, 0"},
            expect = Expect.ACCEPTABLE,
            desc = "EINVAL, reported or abandoned")
    @Outcome(
            id = "0, (1|10), 110, [12]",
            expect = Expect.ACCEPTABLE_INTERESTING,
            desc = "likewise, and a thread that was inside already made one or two more callbacks")
    @Outcome(expect = Expect.FORBIDDEN, desc = "lost, two outcomes, a call too late, or not closed in order")
    @State
    public static class ReportInsideAgainstClose extends Rig {
        @Override
        int answer(long txId) {
            hardware.txDone(txId, 0);
            return 0;
        }

        @Actor
        void send(IIII_Result r) {
            r.r1 = channel.sendMessage(1);
        }

        @Actor
        void closeIt() {
            close();
        }

        @Arbiter
        void look(IIII_Result r) {
            r.r2 = reported + 10 * abandoned.get();
            r.r3 = ending();
            r.r4 = afterClose();
        }
    }
}
