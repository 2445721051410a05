// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.jcstress;

import dev.hwmailbox.ClientOptions;
import dev.hwmailbox.Errno;
import java.util.List;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.III_Result;
import org.openjdk.jcstress.infra.results.II_Result;
import org.openjdk.jcstress.infra.results.I_Result;

/** Sends against sends, and against what makes room for them: nothing is lost, doubled, reordered or left lying. */
final class SendStress {
    private SendStress() {}

    /** Each sends two messages. Results: handed over, reported. */
    @JCStressTest
    @Outcome(
            id = {"1234, 1234", "1324, 1324", "1342, 1342", "3124, 3124", "3142, 3142", "3412, 3412"},
            expect = Expect.ACCEPTABLE,
            desc = "all, and each sender's in its order")
    @Outcome(expect = Expect.FORBIDDEN, desc = "lost, doubled or out of order")
    @State
    public static class TwoSenders extends Rig {
        @Actor
        void one() {
            channel.sendMessage(1);
            channel.sendMessage(2);
        }

        @Actor
        void other() {
            channel.sendMessage(3);
            channel.sendMessage(4);
        }

        @Arbiter
        void look(II_Result r) {
            drain();
            r.r1 = handedOver;
            r.r2 = reported;
        }
    }

    /** The driver completes inside the attempt. Results: handed over, reported, both without a further push. */
    @JCStressTest
    @Outcome(
            id = {"12, 12", "21, 21"},
            expect = Expect.ACCEPTABLE,
            desc = "whoever reports looks again")
    @Outcome(expect = Expect.FORBIDDEN, desc = "left lying, or out of order")
    @State
    public static class TwoSendersDoneInside extends Rig {
        @Override
        int answer(long txId) {
            hardware.txDone(txId, 0);
            return 0;
        }

        @Actor
        void one() {
            channel.sendMessage(1);
        }

        @Actor
        void other() {
            channel.sendMessage(2);
        }

        @Arbiter
        void look(II_Result r) {
            r.r1 = handedOver;
            r.r2 = reported;
        }
    }

    /** The message in flight is reported while the next one is sent. Results as above. */
    @JCStressTest
    @Outcome(id = "12, 1", expect = Expect.ACCEPTABLE, desc = "the next one is on its way")
    @Outcome(id = "1, 1", expect = Expect.FORBIDDEN, desc = "left in the queue with nothing in flight")
    @Outcome(expect = Expect.FORBIDDEN, desc = "lost, doubled or reported too early")
    @State
    public static class SendAgainstTxDone extends Rig {
        public SendAgainstTxDone() {
            channel.sendMessage(1);
        }

        @Actor
        void send() {
            channel.sendMessage(2);
        }

        @Actor
        void report() {
            hardware.txDone(lastTxId, 0);
        }

        @Arbiter
        void look(II_Result r) {
            r.r1 = handedOver;
            r.r2 = reported;
        }
    }

    /** Two lists. Result: reported. */
    @JCStressTest
    @Outcome(
            id = {"1234", "3412"},
            expect = Expect.ACCEPTABLE,
            desc = "one list after the other")
    @Outcome(expect = Expect.FORBIDDEN, desc = "mixed or incomplete")
    @State
    public static class TwoLists extends Rig {
        @Actor
        void one() {
            channel.sendAll(List.of(1, 2));
        }

        @Actor
        void other() {
            channel.sendAll(List.of(3, 4));
        }

        @Arbiter
        void look(I_Result r) {
            drain();
            r.r1 = reported;
        }
    }

    /** A driver that refuses until another thread has made room. */
    private static class Stubborn extends Rig {
        private volatile boolean room;

        @Override
        final int answer(long txId) {
            return room ? 0 : -Errno.EBUSY;
        }

        final void makeRoom() {
            room = true;
        }
    }

    /** A refusal while another thread reports. Results: handed over, reported. */
    @JCStressTest
    @Outcome(
            id = "1, 0",
            expect = Expect.ACCEPTABLE,
            desc = "accepted; the report came too early or had it tried again")
    @Outcome(id = "1, 1", expect = Expect.ACCEPTABLE, desc = "accepted at first, and the report was for it")
    @Outcome(id = "0, 0", expect = Expect.FORBIDDEN, desc = "the report went unheard")
    @Outcome(expect = Expect.FORBIDDEN, desc = "reported without having been accepted")
    @State
    public static class RefusedAgainstTxDone extends Stubborn {
        @Actor
        void send() {
            channel.sendMessage(1);
        }

        @Actor
        void report() {
            makeRoom();
            hardware.txDone(0);
        }

        @Arbiter
        void look(II_Result r) {
            r.r1 = handedOver;
            r.r2 = reported;
        }
    }

    /** A refusal while the controller asks for another attempt. Results: handed over, reported. */
    @JCStressTest
    @Outcome(id = "1, 0", expect = Expect.ACCEPTABLE, desc = "accepted")
    @Outcome(expect = Expect.FORBIDDEN, desc = "the request went unheard")
    @State
    public static class RefusedAgainstResubmit extends Stubborn {
        @Actor
        void send() {
            channel.sendMessage(1);
        }

        @Actor
        void resubmit() {
            makeRoom();
            hardware.resubmit();
        }

        @Arbiter
        void look(II_Result r) {
            r.r1 = handedOver;
            r.r2 = reported;
        }
    }

    /** A refusal while another thread sends. Results: handed over before and after everything is reported. */
    @JCStressTest
    @Outcome(
            id = {"1, 12", "2, 21"},
            expect = Expect.ACCEPTABLE,
            desc = "the second send has the oldest tried again")
    @Outcome(id = "0, .*", expect = Expect.FORBIDDEN, desc = "the second send went unheard")
    @Outcome(expect = Expect.FORBIDDEN, desc = "lost, doubled or out of order")
    @State
    public static class RefusedAgainstSend extends Stubborn {
        @Actor
        void send() {
            channel.sendMessage(1);
        }

        @Actor
        void sendAnother() {
            makeRoom();
            channel.sendMessage(2);
        }

        @Arbiter
        void look(II_Result r) {
            r.r1 = handedOver;
            drain();
            r.r2 = handedOver;
        }
    }

    /** A send to a full queue while a report makes room. Results: its answer, writable told, handed over. */
    @JCStressTest
    @Outcome(id = "0, 0, 12", expect = Expect.ACCEPTABLE, desc = "found room")
    @Outcome(id = "-105, 1, 12", expect = Expect.ACCEPTABLE, desc = "ENOBUFS, and told of the room")
    @Outcome(id = "-105, 0, 12", expect = Expect.FORBIDDEN, desc = "ENOBUFS, and never told")
    @Outcome(expect = Expect.FORBIDDEN, desc = "told without reason, or a message stuck")
    @State
    public static class FullAgainstTxDone extends Rig {
        public FullAgainstTxDone() {
            super(ClientOptions.NON_BLOCKING, 1);
            channel.sendMessage(1);
            channel.sendMessage(2);
        }

        @Actor
        void send(III_Result r) {
            r.r1 = channel.sendMessage(3);
        }

        @Actor
        void report() {
            hardware.txDone(0);
        }

        @Arbiter
        void look(III_Result r) {
            r.r2 = writable.get();
            r.r3 = handedOver;
        }
    }
}
