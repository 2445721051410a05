// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.jcstress;

import dev.hwmailbox.MailboxChannel;
import dev.hwmailbox.MailboxClient;
import dev.hwmailbox.MailboxException;
import dev.hwmailbox.gunyah.hypervisor.VirtualInterruptController.Trigger;
import dev.hwmailbox.gunyah.testing.QueuePairs;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.IIII_Result;
import org.openjdk.jcstress.infra.results.III_Result;

/** What a close may do to what a Gunyah controller is doing; the slot comes free once. */
final class GunyahCloseStress {
    private static final String INSIDE = "as before, and a thread that was inside already made one more callback";

    private GunyahCloseStress() {}

    /** Closes the only channel and asks at once for another one, which must not suffer from the end of the first. */
    abstract static class Successor extends GunyahRig {
        private final QueuePairs.Pair next = pairs.make(near, far, 1, 8, Trigger.EDGE);
        private int requests;

        Successor(int depth) {
            super(depth);
        }

        final void closeAndAskForAnother() {
            close();
            request();
        }

        private void request() {
            try {
                MailboxChannel unused = controller.requestChannel(new MailboxClient() {}, next.near());
                requests++;
            } catch (MailboxException e) {
                // the old channel's last call has not left yet
            }
        }

        /** Two digits: how many requests got the slot, the last of two at need, and how many are free. 10 is right. */
        final int slot() {
            scheduler.runTasks();
            if (requests == 0) {
                request();
            }
            return requests * 10 + controller.freeSlots();
        }
    }

    /** A message comes in. Results: received, {@link Rig#afterClose}, {@link Successor#slot}. */
    @JCStressTest
    @Outcome(
            id = {"0, 0, 10", "1, 0, 10"},
            expect = Expect.ACCEPTABLE,
            desc = "before or never")
    @Outcome(id = "1, 1, 10", expect = Expect.ACCEPTABLE_INTERESTING, desc = INSIDE)
    @Outcome(expect = Expect.FORBIDDEN, desc = "a call too late, or the slot was not given back once")
    @State
    public static class RxInterruptAgainstClose extends Successor {
        public RxInterruptAgainstClose() {
            super(4);
            scheduler.runTasks();
        }

        @Actor
        void arrival() {
            call(() -> farSends(1));
        }

        @Actor
        void closeIt() {
            closeAndAskForAnother();
            call(() -> farSends(2));
        }

        @Arbiter
        void look(III_Result r) {
            r.r3 = slot();
            r.r1 = received;
            r.r2 = afterClose();
        }
    }

    /** Messages that came before the channel are delivered. Results as above. */
    @JCStressTest
    @Outcome(
            id = {"0, 0, 10", "1, 0, 10", "12, 0, 10"},
            expect = Expect.ACCEPTABLE,
            desc = "before or never")
    @Outcome(id = "(1|12), 1, 10", expect = Expect.ACCEPTABLE_INTERESTING, desc = INSIDE)
    @Outcome(expect = Expect.FORBIDDEN, desc = "a call too late, or the slot was not given back once")
    @State
    public static class DrainTaskAgainstClose extends Successor {
        public DrainTaskAgainstClose() {
            super(4);
            near.interrupts().mask(pair.near().rxVirq());
            farSends(1);
            farSends(2);
        }

        @Actor
        void drain() {
            call(scheduler::runTasks);
        }

        @Actor
        void closeIt() {
            closeAndAskForAnother();
        }

        @Arbiter
        void look(III_Result r) {
            r.r3 = slot();
            r.r1 = received;
            r.r2 = afterClose();
        }
    }

    /** Room for the message that waits. Results: reported, ABANDONED, {@link Rig#afterClose}, slot. */
    @JCStressTest
    @Outcome(
            id = {"1, 0, 0, 10", "0, 1, 0, 10"},
            expect = Expect.ACCEPTABLE,
            desc = "reported or abandoned")
    @Outcome(id = "1, 0, 1, 10", expect = Expect.ACCEPTABLE_INTERESTING, desc = INSIDE)
    @Outcome(expect = Expect.FORBIDDEN, desc = "lost, two outcomes, a call too late, or the slot not given back once")
    @State
    public static class TxInterruptAgainstClose extends Successor {
        public TxInterruptAgainstClose() {
            super(1);
            sendMessage(1);
        }

        @Actor
        void room() {
            call(this::receive);
        }

        @Actor
        void closeIt() {
            closeAndAskForAnother();
        }

        @Arbiter
        void look(IIII_Result r) {
            r.r4 = slot();
            r.r1 = reported;
            r.r2 = abandoned.get();
            r.r3 = afterClose();
        }
    }

    /** The timer that looks after the message that waits. Results as above. */
    @JCStressTest
    @Outcome(id = "0, 1, 0, 10", expect = Expect.ACCEPTABLE, desc = "abandoned")
    @Outcome(expect = Expect.FORBIDDEN, desc = "lost, two outcomes, a call too late, or the slot not given back once")
    @State
    public static class TimerAgainstClose extends Successor {
        public TimerAgainstClose() {
            super(1);
            sendMessage(1);
        }

        @Actor
        void timer() {
            call(scheduler::expireTimers);
        }

        @Actor
        void closeIt() {
            closeAndAskForAnother();
        }

        @Arbiter
        void look(IIII_Result r) {
            r.r4 = slot();
            r.r1 = reported;
            r.r2 = abandoned.get();
            r.r3 = afterClose();
        }
    }
}
