// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.jcstress;

import dev.hwmailbox.MailboxChannel;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.III_Result;
import org.openjdk.jcstress.infra.results.II_Result;
import org.openjdk.jcstress.infra.results.I_Result;

/** Receiving through a Gunyah controller by two threads, and queues that vanish. */
final class GunyahReceiveStress {
    private GunyahReceiveStress() {}

    /** The task drains while an interrupt asks for the same. Result: received without a further push. */
    @JCStressTest
    @Outcome(id = "1234", expect = Expect.ACCEPTABLE, desc = "all, in order, once")
    @Outcome(expect = Expect.FORBIDDEN, desc = "left lying, doubled or out of order")
    @State
    public static class TwoDrains extends GunyahRig {
        public TwoDrains() {
            super(4);
            near.interrupts().mask(pair.near().rxVirq());
            farSends(1);
            farSends(2);
            farSends(3);
        }

        @Actor
        void task() {
            scheduler.runTasks();
        }

        @Actor
        void interrupt() {
            near.interrupts().unmask(pair.near().rxVirq());
            farSends(4);
        }

        @Arbiter
        void look(I_Result r) {
            r.r1 = received;
        }
    }

    /** The task ends, finding nothing, while a message comes. Result: received without a further push. */
    @JCStressTest
    @Outcome(id = "1", expect = Expect.ACCEPTABLE, desc = "by one or the other")
    @Outcome(expect = Expect.FORBIDDEN, desc = "left lying or doubled")
    @State
    public static class LastLookAgainstArrival extends GunyahRig {
        public LastLookAgainstArrival() {
            super(4);
        }

        @Actor
        void task() {
            scheduler.runTasks();
        }

        @Actor
        void arrival() {
            farSends(1);
        }

        @Arbiter
        void look(I_Result r) {
            r.r1 = received;
        }
    }

    /** Two messages come one right after the other from two threads. Result: received. */
    @JCStressTest
    @Outcome(
            id = {"12", "21"},
            expect = Expect.ACCEPTABLE,
            desc = "both")
    @Outcome(expect = Expect.FORBIDDEN, desc = "left lying or doubled")
    @State
    public static class TwoArrivals extends GunyahRig {
        public TwoArrivals() {
            super(4);
            scheduler.runTasks();
        }

        @Actor
        void one() {
            farSends(1);
        }

        @Actor
        void other() {
            farSends(2);
        }

        @Arbiter
        void look(I_Result r) {
            r.r1 = received;
        }
    }

    /** The client throws an Error on the first message while another comes. Result: received in the end. */
    @JCStressTest
    @Outcome(
            id = {"12", "21"},
            expect = Expect.ACCEPTABLE,
            desc = "both")
    @Outcome(expect = Expect.FORBIDDEN, desc = "left lying or doubled")
    @State
    public static class ErrorAgainstArrival extends GunyahRig {
        private boolean thrown;

        public ErrorAgainstArrival() {
            super(4);
            near.interrupts().mask(pair.near().rxVirq());
            farSends(1);
        }

        @Override
        public void rxCallback(MailboxChannel onChannel, @Nullable Object message) {
            received = received * 10 + (message instanceof ByteBuffer bytes ? bytes.get(0) : 0);
            if (!thrown) {
                thrown = true;
                throw new AssertionError("the client's");
            }
        }

        private static void surviving(Runnable call) {
            try {
                call.run();
            } catch (AssertionError e) {
                // the client's
            }
        }

        @Actor
        void task() {
            surviving(scheduler::runTasks);
        }

        @Actor
        void arrival() {
            surviving(() -> near.interrupts().unmask(pair.near().rxVirq()));
            surviving(() -> farSends(2));
        }

        @Arbiter
        void look(I_Result r) {
            surviving(scheduler::runTasks);
            surviving(scheduler::runTasks);
            r.r1 = received;
        }
    }

    /** A send while the capability is revoked. Results: status of the message; what the manager finds in the queue. */
    @JCStressTest
    @Outcome(id = "0, 1", expect = Expect.ACCEPTABLE, desc = "sent before")
    @Outcome(id = "-\\d+, 0", expect = Expect.ACCEPTABLE, desc = "failed with an error, and not sent")
    @Outcome(expect = Expect.FORBIDDEN, desc = "said to be sent and is not, or the other way round, or no outcome")
    @State
    public static class RevokeAgainstSend extends GunyahRig {
        public RevokeAgainstSend() {
            super(4);
            lastStatus = 1;
        }

        @Actor
        void send() {
            sendMessage(1);
        }

        @Actor
        void revoke() {
            revoke(pair.nearToFar());
        }

        @Arbiter
        void look(II_Result r) {
            r.r1 = lastStatus;
            r.r2 = hypervisor.census().queuedMessages();
        }
    }

    /** A revoke while a message waits for room, which the timer then notices. Results: status, reported. */
    @JCStressTest
    @Outcome(
            id = {"0, 1", "-\\d+, 1"},
            expect = Expect.ACCEPTABLE,
            desc = "done, or failed with an error")
    @Outcome(expect = Expect.FORBIDDEN, desc = "no outcome, or two")
    @State
    public static class RevokeAgainstRoom extends GunyahRig {
        public RevokeAgainstRoom() {
            super(1);
            lastStatus = 1;
            sendMessage(1);
        }

        @Actor
        void receiveOne() {
            receive();
        }

        @Actor
        void revoke() {
            revoke(pair.nearToFar());
        }

        @Arbiter
        void look(II_Result r) {
            scheduler.expireTimers();
            r.r1 = lastStatus;
            r.r2 = reported;
        }
    }

    /** The queue is destroyed under a send. Results: its status; messages left; queues left, one of the pair. */
    @JCStressTest
    @Outcome(
            id = {"0, 0, 1", "(33|50|51), 0, 1"},
            expect = Expect.ACCEPTABLE,
            desc = "sent before, or an error: not active, no capability, revoked")
    @Outcome(expect = Expect.FORBIDDEN, desc = "something stays behind")
    @State
    public static class DestroyAgainstSend extends TwoGuests {
        public DestroyAgainstSend() {
            super(4);
        }

        @Actor
        void send(III_Result r) {
            r.r1 = send(1) / 10;
        }

        @Actor
        void destroy() {
            destroy(pair.nearToFar());
        }

        @Arbiter
        void look(III_Result r) {
            r.r2 = hypervisor.census().queuedMessages();
            r.r3 = hypervisor.census().messageQueues();
        }
    }

    /** The queue is destroyed under a receive. Results: what it got; queues left, one of the pair. */
    @JCStressTest
    @Outcome(id = "1, 1", expect = Expect.ACCEPTABLE, desc = "received before")
    @Outcome(id = "-\\d+, 1", expect = Expect.ACCEPTABLE, desc = "an error")
    @Outcome(expect = Expect.FORBIDDEN, desc = "a wrong message, or something stays behind")
    @State
    public static class DestroyAgainstReceive extends TwoGuests {
        public DestroyAgainstReceive() {
            super(4);
            send(1);
        }

        @Actor
        void take(II_Result r) {
            r.r1 = receive();
        }

        @Actor
        void destroy() {
            destroy(pair.nearToFar());
        }

        @Arbiter
        void look(II_Result r) {
            r.r2 = hypervisor.census().messageQueues();
        }
    }
}
