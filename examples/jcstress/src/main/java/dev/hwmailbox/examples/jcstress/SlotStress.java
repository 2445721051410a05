// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.jcstress;

import dev.hwmailbox.MailboxChannel;
import dev.hwmailbox.MailboxClient;
import dev.hwmailbox.gunyah.hypervisor.VirtualInterruptController.Trigger;
import dev.hwmailbox.gunyah.msgq.GunyahMsgqController;
import dev.hwmailbox.gunyah.msgq.MsgqEndpoint;
import dev.hwmailbox.gunyah.msgq.RequestRefusedException;
import dev.hwmailbox.gunyah.msgq.ReservationKey;
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

/** Who gets a slot. */
final class SlotStress {
    private static final int BUSY = -1 - RequestRefusedException.Reason.BUSY.ordinal();

    private SlotStress() {}

    /** A controller, and endpoints to ask for. */
    abstract static class Slots extends TwoGuests {
        final MsgqEndpoint other = pairs.make(near, far, 1, 8, Trigger.EDGE).near();
        final GunyahMsgqController controller;

        Slots(int slots, int growth) {
            super(1);
            GunyahMsgqController.Builder builder = GunyahMsgqController.builder(
                            near.hypercalls(), near.interrupts(), scheduler)
                    .slots(slots);
            controller = (growth > 0 ? builder.growing(growth) : builder).build();
        }

        /** The slot's number, or the reason's as a negative one. */
        final int request(MsgqEndpoint endpoint) {
            try {
                MailboxChannel channel = controller.requestChannel(new MailboxClient() {}, endpoint);
                String name = channel.toString();
                return name.charAt(name.length() - 1) - '0';
            } catch (RequestRefusedException e) {
                return -1 - e.reason().ordinal();
            }
        }
    }

    /** Two ask for the same queues. Results: channels given; refused as BUSY; free slots. */
    @JCStressTest
    @Outcome(id = "1, 1, 3", expect = Expect.ACCEPTABLE, desc = "one gets them")
    @Outcome(expect = Expect.FORBIDDEN, desc = "both, or none")
    @State
    public static class SameEndpoint extends Slots {
        private int one;
        private int two;

        public SameEndpoint() {
            super(4, 0);
        }

        @Actor
        void one() {
            one = request(pair.near());
        }

        @Actor
        void two() {
            two = request(pair.near());
        }

        @Arbiter
        void look(III_Result r) {
            r.r1 = (one >= 0 ? 1 : 0) + (two >= 0 ? 1 : 0);
            r.r2 = (one == BUSY ? 1 : 0) + (two == BUSY ? 1 : 0);
            r.r3 = controller.freeSlots();
        }
    }

    /** Two ask for the last slot. Results: slots or reasons given; free ones. */
    @JCStressTest
    @Outcome(
            id = {"0, -2, 0", "-2, 0, 0"},
            expect = Expect.ACCEPTABLE,
            desc = "one gets it, the other one EXHAUSTED")
    @Outcome(expect = Expect.FORBIDDEN, desc = "both, or none")
    @State
    public static class LastSlot extends Slots {
        public LastSlot() {
            super(1, 0);
        }

        @Actor
        void one(III_Result r) {
            r.r1 = request(pair.near());
        }

        @Actor
        void two(III_Result r) {
            r.r2 = request(other);
        }

        @Arbiter
        void look(III_Result r) {
            r.r3 = controller.freeSlots();
        }
    }

    /** Two ask a controller of one slot that grows. Results: slots given; slots there are. */
    @JCStressTest
    @Outcome(
            id = {"0, 1, 2", "1, 0, 2"},
            expect = Expect.ACCEPTABLE,
            desc = "one each")
    @Outcome(expect = Expect.FORBIDDEN, desc = "the same one, or none")
    @State
    public static class Growth extends Slots {
        public Growth() {
            super(1, 1);
        }

        @Actor
        void one(III_Result r) {
            r.r1 = request(pair.near());
        }

        @Actor
        void two(III_Result r) {
            r.r2 = request(other);
        }

        @Arbiter
        void look(III_Result r) {
            r.r3 = controller.slots();
        }
    }

    /** A reservation that ends while its queues are supplied. */
    abstract static class Reserved extends Slots {
        final CompletableFuture<MailboxChannel> future =
                controller.reserve(new MailboxClient() {}, new ReservationKey(3, 7), Duration.ofSeconds(1));

        Reserved() {
            super(1, 0);
        }

        final int supply() {
            return controller.supply(3, 7, pair.near()).isPresent() ? 1 : 0;
        }

        /** 0: open; 1: a channel, which works; -1: none. */
        final int outcome() {
            return future.handle((channel, failure) -> failure != null ? -1 : channel.isClosed() ? -2 : 1)
                    .getNow(0);
        }
    }

    /** Cancelled. Results: cancelled; supplied; how the future ended; free slots. */
    @JCStressTest
    @Outcome(id = "0, 1, 1, 0", expect = Expect.ACCEPTABLE, desc = "supplied")
    @Outcome(id = "1, 0, -1, 1", expect = Expect.ACCEPTABLE, desc = "cancelled, and the slot is free")
    @Outcome(expect = Expect.FORBIDDEN, desc = "both, neither, or the slot leaked")
    @State
    public static class CancelAgainstSupply extends Reserved {
        @Actor
        void cancel(IIII_Result r) {
            r.r1 = future.cancel(false) ? 1 : 0;
        }

        @Actor
        void supplyIt(IIII_Result r) {
            r.r2 = supply();
        }

        @Arbiter
        void look(IIII_Result r) {
            scheduler.runTasks();
            r.r3 = outcome();
            r.r4 = controller.freeSlots();
        }
    }

    /** Time is up. Results: supplied; how the future ended; free slots. */
    @JCStressTest
    @Outcome(id = "1, 1, 0", expect = Expect.ACCEPTABLE, desc = "supplied")
    @Outcome(id = "0, -1, 1", expect = Expect.ACCEPTABLE, desc = "ETIME, and the slot is free")
    @Outcome(expect = Expect.FORBIDDEN, desc = "both, neither, or the slot leaked")
    @State
    public static class TimeoutAgainstSupply extends Reserved {
        @Actor
        void timeOut() {
            scheduler.expireTimers();
        }

        @Actor
        void supplyIt(III_Result r) {
            r.r1 = supply();
        }

        @Arbiter
        void look(III_Result r) {
            scheduler.runTasks();
            r.r2 = outcome();
            r.r3 = controller.freeSlots();
        }
    }

    /** Two supply at once, with different queues. Results: each one's success; how the future ended; free slots. */
    @JCStressTest
    @Outcome(
            id = {"1, 0, 1, 0", "0, 1, 1, 0"},
            expect = Expect.ACCEPTABLE,
            desc = "one supplies")
    @Outcome(expect = Expect.FORBIDDEN, desc = "both or neither")
    @State
    public static class SupplyAgainstSupply extends Reserved {
        @Actor
        void one(IIII_Result r) {
            r.r1 = supply();
        }

        @Actor
        void two(IIII_Result r) {
            r.r2 = controller.supply(3, 7, other).isPresent() ? 1 : 0;
        }

        @Arbiter
        void look(IIII_Result r) {
            r.r3 = outcome();
            r.r4 = controller.freeSlots();
        }
    }
}
