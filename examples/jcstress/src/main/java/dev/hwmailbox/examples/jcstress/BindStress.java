// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.jcstress;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.IIII_Result;
import org.openjdk.jcstress.infra.results.II_Result;

/** A channel changes hands: one owner at a time, and nothing of the old one reaches the new one. */
final class BindStress {
    private BindStress() {}

    /** Two clients want one channel. Results: what each got. */
    @JCStressTest
    @Outcome(
            id = {"0, -16", "-16, 0"},
            expect = Expect.ACCEPTABLE,
            desc = "one has it, the other EBUSY")
    @Outcome(id = "0, 0", expect = Expect.FORBIDDEN, desc = "two owners")
    @Outcome(expect = Expect.FORBIDDEN, desc = "no owner")
    @State
    public static class BindAgainstBind extends Rig {
        private final Newcomer one = new Newcomer();
        private final Newcomer other = new Newcomer();

        public BindAgainstBind() {
            channel.close();
        }

        @Actor
        void one(II_Result r) {
            r.r1 = one.bind(hardware);
        }

        @Actor
        void other(II_Result r) {
            r.r2 = other.bind(hardware);
        }
    }

    /**
     * A client wants a channel that is being closed. Results: what it got, at once or later; handed over;
     * {@link Rig#ending}.
     */
    @JCStressTest
    @Outcome(
            id = {"0, 0, 2, 111", "-16, 0, 2, 111"},
            expect = Expect.ACCEPTABLE,
            desc = "has it, if need be by asking again")
    @Outcome(id = "-16, -16, .*", expect = Expect.FORBIDDEN, desc = "closed, and never free again")
    @Outcome(expect = Expect.FORBIDDEN, desc = "does not work for the new owner")
    @State
    public static class BindAgainstClose extends Rig {
        private final Newcomer newcomer = new Newcomer();

        @Actor
        void closeIt() {
            close();
        }

        @Actor
        void bind(IIII_Result r) {
            r.r1 = newcomer.bind(hardware);
        }

        @Arbiter
        void look(IIII_Result r) {
            r.r2 = r.r1 == 0 ? 0 : newcomer.bind(hardware);
            newcomer.send(2);
            r.r3 = handedOver;
            r.r4 = ending();
        }
    }

    /** The old owner sends while the channel changes hands. Results: what the new one got, handed over. */
    @JCStressTest
    @Outcome(
            id = {"0, 2", "0, 12"},
            expect = Expect.ACCEPTABLE,
            desc = "the old one's attempt came before, or not at all")
    @Outcome(
            id = {"-16, 0", "-16, 1"},
            expect = Expect.ACCEPTABLE,
            desc = "EBUSY until the old one's attempt was over")
    @Outcome(expect = Expect.FORBIDDEN, desc = "two attempts at once, or the old one's after the new one's")
    @State
    public static class SendAgainstRebind extends Rig {
        private final Newcomer newcomer = new Newcomer();

        @Actor
        void send() {
            channel.sendMessage(1);
        }

        @Actor
        void rebind(II_Result r) {
            close();
            r.r1 = newcomer.bind(hardware);
            newcomer.send(2);
        }

        @Arbiter
        void look(II_Result r) {
            r.r2 = handedOver;
        }
    }

    /**
     * The old owner's message is reported when the new one has sent its own. Results: reported to the new, to the old.
     */
    @JCStressTest
    @Outcome(
            id = {"0, 0", "0, 1"},
            expect = Expect.ACCEPTABLE,
            desc = "the report reached the old owner or nobody")
    @Outcome(id = "1, .*", expect = Expect.FORBIDDEN, desc = "the late report ended the new owner's message")
    @Outcome(expect = Expect.FORBIDDEN, desc = "reported twice")
    @State
    public static class TxDoneAgainstRebind extends Rig {
        private final Newcomer newcomer = new Newcomer();
        private final long old;

        public TxDoneAgainstRebind() {
            channel.sendMessage(1);
            old = lastTxId;
        }

        @Actor
        void report() {
            hardware.txDone(old, 0);
        }

        @Actor
        void rebind() {
            close();
            newcomer.bind(hardware);
            newcomer.send(2);
        }

        @Arbiter
        void look(II_Result r) {
            r.r1 = newcomer.reported();
            r.r2 = reported;
        }
    }
}
