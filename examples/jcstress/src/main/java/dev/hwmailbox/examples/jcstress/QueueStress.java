// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.jcstress;

import dev.hwmailbox.gunyah.GuestMemory;
import dev.hwmailbox.gunyah.hypervisor.RegisterCalls;
import dev.hwmailbox.gunyah.hypervisor.RegisterCalls.Conduit;
import dev.hwmailbox.gunyah.hypervisor.VirtualInterruptController.Trigger;
import java.util.concurrent.atomic.AtomicInteger;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.IIII_Result;
import org.openjdk.jcstress.infra.results.III_Result;
import org.openjdk.jcstress.infra.results.II_Result;

/**
 * Calls on one message queue at once: each is answered as if one had come after the other, and whoever has to hear of
 * it is interrupted. What {@link TwoGuests#send} and {@link TwoGuests#receive} answer stands in the results.
 */
final class QueueStress {
    private QueueStress() {}

    /** The queue holds one. Results: receive; interrupts of the receiver; what is left. */
    @JCStressTest
    @Outcome(id = "11, 0, 2", expect = Expect.ACCEPTABLE, desc = "the receiver has seen that there is more")
    @Outcome(id = "1, 1, 2", expect = Expect.ACCEPTABLE, desc = "the receiver was interrupted")
    @Outcome(id = "1, 0, 2", expect = Expect.FORBIDDEN, desc = "nobody told the receiver")
    @Outcome(expect = Expect.FORBIDDEN, desc = "no order explains it")
    @State
    public static class SendAgainstReceive extends TwoGuests {
        private final AtomicInteger interrupts;

        public SendAgainstReceive() {
            super(2);
            send(1);
            interrupts = count(far, pair.far().rxVirq());
            interrupts.set(0);
        }

        @Actor
        void send() {
            send(2);
        }

        @Actor
        void take(III_Result r) {
            r.r1 = receive();
        }

        @Arbiter
        void look(III_Result r) {
            r.r2 = interrupts.get();
            r.r3 = receiveAll();
        }
    }

    /** The queue is full. Results: send; receive; interrupts of the sender; what is left. */
    @JCStressTest
    @Outcome(id = "610, 1, 1, 0", expect = Expect.ACCEPTABLE, desc = "full, and interrupted when it is not")
    @Outcome(id = "0, 1, 1, 2", expect = Expect.ACCEPTABLE, desc = "room just in time")
    @Outcome(id = "610, 1, 0, 0", expect = Expect.FORBIDDEN, desc = "nobody told the sender")
    @Outcome(expect = Expect.FORBIDDEN, desc = "no order explains it")
    @State
    public static class SendAgainstReceiveWhenFull extends TwoGuests {
        private final AtomicInteger interrupts = count(near, pair.near().txVirq());

        public SendAgainstReceiveWhenFull() {
            super(1);
            send(1);
        }

        @Actor
        void send(IIII_Result r) {
            r.r1 = send(2);
        }

        @Actor
        void take(IIII_Result r) {
            r.r2 = receive();
        }

        @Arbiter
        void look(IIII_Result r) {
            r.r3 = interrupts.get();
            r.r4 = receiveAll();
        }
    }

    /** Room for two. Results: both sends; interrupts of the receiver; what is in the queue. */
    @JCStressTest
    @Outcome(
            id = {"1, 0, 1, 12", "0, 1, 1, 21"},
            expect = Expect.ACCEPTABLE,
            desc = "the second one has filled it")
    @Outcome(expect = Expect.FORBIDDEN, desc = "no order explains it")
    @State
    public static class TwoSends extends TwoGuests {
        private final AtomicInteger interrupts = count(far, pair.far().rxVirq());

        public TwoSends() {
            super(2);
        }

        @Actor
        void one(IIII_Result r) {
            r.r1 = send(1);
        }

        @Actor
        void other(IIII_Result r) {
            r.r2 = send(2);
        }

        @Arbiter
        void look(IIII_Result r) {
            r.r3 = interrupts.get();
            r.r4 = receiveAll();
        }
    }

    /** The last two. Results: both receives; interrupts of the sender, at the first one. */
    @JCStressTest
    @Outcome(
            id = {"11, 2, 1", "2, 11, 1"},
            expect = Expect.ACCEPTABLE,
            desc = "one each, and the second one has emptied it")
    @Outcome(expect = Expect.FORBIDDEN, desc = "no order explains it")
    @State
    public static class TwoReceives extends TwoGuests {
        private final AtomicInteger interrupts = count(near, pair.near().txVirq());

        public TwoReceives() {
            super(2);
            send(1);
            send(2);
        }

        @Actor
        void one(III_Result r) {
            r.r1 = receive();
        }

        @Actor
        void other(III_Result r) {
            r.r2 = receive();
        }

        @Arbiter
        void look(III_Result r) {
            r.r3 = interrupts.get();
        }
    }

    /** The queue holds one, and a level line is held back. Results: what is left; interrupts of both sides. */
    @JCStressTest
    @Outcome(id = "0, 1, 0", expect = Expect.ACCEPTABLE, desc = "both dropped")
    @Outcome(id = "2, 1, 1", expect = Expect.ACCEPTABLE, desc = "sent after the flush, and the receiver is told")
    @Outcome(id = "2, 1, 0", expect = Expect.FORBIDDEN, desc = "the flush took the new message's interrupt back")
    @Outcome(expect = Expect.FORBIDDEN, desc = "no order explains it")
    @State
    public static class SendAgainstFlush extends TwoGuests {
        private final AtomicInteger room = count(near, pair.near().txVirq());
        private final AtomicInteger news = new AtomicInteger();
        private int left;

        public SendAgainstFlush() {
            super(2, Trigger.LEVEL);
            near.interrupts().trigger(pair.near().txVirq(), Trigger.EDGE);
            room.set(0);
            far.interrupts().attach(pair.far().rxVirq(), () -> {
                news.incrementAndGet();
                left = receiveAll();
            });
            far.interrupts().mask(pair.far().rxVirq());
            send(1);
        }

        @Actor
        void send() {
            send(2);
        }

        @Actor
        void flush() {
            far.hypercalls().msgqFlush(in);
        }

        @Arbiter
        void look(III_Result r) {
            far.interrupts().unmask(pair.far().rxVirq());
            r.r1 = left * 100 + receiveAll();
            r.r1 = r.r1 % 100 == 0 ? r.r1 / 100 : r.r1;
            r.r2 = room.get();
            r.r3 = news.get();
        }
    }

    /** "Tell me when it is empty", of a queue with one. Results: receive; interrupts of the sender. */
    @JCStressTest
    @Outcome(id = "1, 1", expect = Expect.ACCEPTABLE, desc = "told once")
    @Outcome(
            id = "1, 2",
            expect = Expect.ACCEPTABLE_INTERESTING,
            desc = "told twice: what clears the line looks again, or it could take back the other call's interrupt")
    @Outcome(id = "1, 0", expect = Expect.FORBIDDEN, desc = "not told")
    @Outcome(expect = Expect.FORBIDDEN, desc = "no order explains it")
    @State
    public static class ThresholdAgainstReceive extends TwoGuests {
        private final AtomicInteger interrupts = count(near, pair.near().txVirq());

        public ThresholdAgainstReceive() {
            super(3);
            send(1);
        }

        @Actor
        @SuppressWarnings("ReturnValueIgnored")
        void configure() {
            near.hypercalls().msgqConfigureSend(out, 0, -1);
        }

        @Actor
        void take(II_Result r) {
            r.r1 = receive();
        }

        @Arbiter
        void look(II_Result r) {
            r.r2 = interrupts.get();
        }
    }

    /** A receive by registers, which looks, copies and takes, against a plain one. Results: both; what is left. */
    @JCStressTest
    @Outcome(
            id = {"1, 2, 3", "2, 1, 3"},
            expect = Expect.ACCEPTABLE,
            desc = "one each")
    @Outcome(expect = Expect.FORBIDDEN, desc = "one for both, or lost")
    @State
    public static class RegistersAgainstReceive extends TwoGuests implements GuestMemory {
        private final RegisterCalls registers = far.registerCalls(this);
        private byte written;

        public RegistersAgainstReceive() {
            super(4);
            send(1);
            send(2);
            send(3);
        }

        @Override
        public int read(long address, byte[] target, int offset, int length) {
            return 0;
        }

        @Override
        public int write(long address, byte[] source, int offset, int length) {
            written = source[offset];
            return 0;
        }

        @Actor
        void byRegisters(III_Result r) {
            long[] x = {in, 0, 8, 0, 0, 0, 0, 0};
            registers.call(Conduit.HVC, 0x601C, x);
            r.r1 = x[0] == 0 && x[1] == 1 ? written : (int) -x[0] - 1;
        }

        @Actor
        void plainly(III_Result r) {
            r.r2 = receive() % 10;
        }

        @Arbiter
        void look(III_Result r) {
            r.r3 = receiveAll();
        }
    }

    /** A receive by registers against a flush and a send of a message that must not be taken for the one looked at. */
    @JCStressTest
    @Outcome(
            id = {"1, 2", "2, 0", "-61, 2", "1, 0"},
            expect = Expect.ACCEPTABLE,
            desc = "the old one before, the new one afterwards, or empty in between")
    @Outcome(expect = Expect.FORBIDDEN, desc = "the wrong one was taken")
    @State
    public static class RegistersAgainstFlush extends TwoGuests implements GuestMemory {
        private final RegisterCalls registers = far.registerCalls(this);
        private byte written;

        public RegistersAgainstFlush() {
            super(4);
            send(1);
        }

        @Override
        public int read(long address, byte[] target, int offset, int length) {
            return 0;
        }

        @Override
        public int write(long address, byte[] source, int offset, int length) {
            written = source[offset];
            return 0;
        }

        @Actor
        void byRegisters(II_Result r) {
            long[] x = {in, 0, 8, 0, 0, 0, 0, 0};
            registers.call(Conduit.HVC, 0x601C, x);
            r.r1 = x[0] == 0 && x[1] == 1 ? written : (int) -x[0] - 1;
        }

        @Actor
        void flushAndSend() {
            far.hypercalls().msgqFlush(in);
            send(2);
        }

        @Arbiter
        void look(II_Result r) {
            r.r2 = receiveAll();
        }
    }
}
