// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.jcstress;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.III_Result;
import org.openjdk.jcstress.infra.results.II_Result;

/** Sends through a Gunyah controller against what makes room in the queue. No timer helps unless the test says so. */
final class GunyahSendStress {
    private GunyahSendStress() {}

    /** A send that fills the queue, against the receive that frees it. Results: received; reported, then and later. */
    @JCStressTest
    @Outcome(id = "1, 1, 1", expect = Expect.ACCEPTABLE, desc = "room again, and reported")
    @Outcome(id = "-60, 0, 1", expect = Expect.ACCEPTABLE, desc = "received too early; reported when there is room")
    @Outcome(id = "1, 0, .*", expect = Expect.FORBIDDEN, desc = "the interrupt was lost")
    @Outcome(expect = Expect.FORBIDDEN, desc = "reported before there was room, or twice")
    @State
    public static class FillingSendAgainstRoom extends GunyahRig {
        public FillingSendAgainstRoom() {
            super(1);
        }

        @Actor
        void send() {
            sendMessage(1);
        }

        @Actor
        void receive(III_Result r) {
            r.r1 = receive();
        }

        @Arbiter
        void look(III_Result r) {
            scheduler.runTasks();
            r.r2 = reported;
            receiveAll();
            r.r3 = reported;
        }
    }

    /** A send that finds the queue full, against the receive that frees it. Results: received then; later; reported. */
    @JCStressTest
    @Outcome(id = "3, 1, 1", expect = Expect.ACCEPTABLE, desc = "sent, again if need be")
    @Outcome(id = "3, 0, .*", expect = Expect.FORBIDDEN, desc = "left lying: the interrupt was lost")
    @Outcome(expect = Expect.FORBIDDEN, desc = "lost or doubled")
    @State
    public static class RefusedSendAgainstRoom extends GunyahRig {
        public RefusedSendAgainstRoom() {
            super(1);
            send(3);
        }

        @Actor
        void send() {
            sendMessage(1);
            scheduler.runTasks();
        }

        @Actor
        void receive(III_Result r) {
            r.r1 = receive();
        }

        @Arbiter
        void look(III_Result r) {
            r.r2 = receiveAll();
            r.r3 = reported;
        }
    }

    /** The message that filled the queue is reported while the next one is sent. Results: received, reported. */
    @JCStressTest
    @Outcome(id = "12, 12", expect = Expect.ACCEPTABLE, desc = "both, in order")
    @Outcome(expect = Expect.FORBIDDEN, desc = "left lying, lost or doubled")
    @State
    public static class NextSendAgainstRoom extends GunyahRig {
        private int first;

        public NextSendAgainstRoom() {
            super(1);
            sendMessage(1);
        }

        @Actor
        void send() {
            sendMessage(2);
        }

        @Actor
        void receiveOne() {
            first = receive();
        }

        @Arbiter
        void look(II_Result r) {
            scheduler.runTasks();
            r.r1 = first % 10 * 10 + receiveAll();
            r.r2 = reported;
        }
    }

    /** The timer looks after a message that waits for room, which comes. Results: received, reported. */
    @JCStressTest
    @Outcome(id = "12, 12", expect = Expect.ACCEPTABLE, desc = "both, in order, once")
    @Outcome(expect = Expect.FORBIDDEN, desc = "left lying, lost or doubled")
    @State
    public static class TimerAgainstRoom extends GunyahRig {
        private int first;

        public TimerAgainstRoom() {
            super(1);
            sendMessage(1);
            sendMessage(2);
        }

        @Actor
        void timer() {
            scheduler.expireTimers();
        }

        @Actor
        void receiveOne() {
            first = receive();
        }

        @Arbiter
        void look(II_Result r) {
            scheduler.runTasks();
            r.r1 = first % 10 * 10 + receiveAll();
            r.r2 = reported;
        }
    }

    /** The timer has a refused message sent again, and so does the interrupt. Results: received, reported. */
    @JCStressTest
    @Outcome(id = "312, 12", expect = Expect.ACCEPTABLE, desc = "all, in order, once")
    @Outcome(expect = Expect.FORBIDDEN, desc = "left lying, lost or doubled")
    @State
    public static class RetryAgainstRoom extends GunyahRig {
        private int first;

        public RetryAgainstRoom() {
            super(1);
            send(3);
            sendMessage(1);
            sendMessage(2);
            scheduler.runTasks();
        }

        @Actor
        void timer() {
            scheduler.expireTimers();
        }

        @Actor
        void receiveOne() {
            first = receive();
        }

        @Arbiter
        void look(II_Result r) {
            scheduler.runTasks();
            r.r1 = first % 10 * 100;
            for (int got = receive(); got >= 0; got = receive()) {
                scheduler.runTasks();
                r.r1 += got % 10 * (got % 10 == 1 ? 10 : 1);
            }
            r.r2 = reported;
        }
    }

    /** Two interrupts, one of them spurious. Results: reported then, and once the queue is empty; received. */
    @JCStressTest
    @Outcome(
            id = {"1, 12, 12", "12, 12, 12"},
            expect = Expect.ACCEPTABLE,
            desc = "each once; the second one on the spurious interrupt, too")
    @Outcome(expect = Expect.FORBIDDEN, desc = "left lying, lost or doubled")
    @State
    public static class TwoTxInterrupts extends GunyahRig {
        private int first;

        public TwoTxInterrupts() {
            super(1);
            sendMessage(1);
            sendMessage(2);
        }

        @Actor
        void spurious() {
            near.interrupts().raise(pair.near().txVirq());
        }

        @Actor
        void receiveOne() {
            first = receive();
        }

        @Arbiter
        void look(III_Result r) {
            scheduler.runTasks();
            r.r1 = reported;
            int digits = first % 10;
            for (int got = receive(); got >= 0; got = receive()) {
                scheduler.runTasks();
                digits = digits * 10 + got % 10;
            }
            r.r2 = reported;
            r.r3 = digits;
        }
    }
}
