// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.hypervisor;

import static dev.hwmailbox.gunyah.hypervisor.HypervisorBed.RX_VIRQ;
import static dev.hwmailbox.gunyah.hypervisor.HypervisorBed.ok;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hwmailbox.gunyah.GunyahError;
import dev.hwmailbox.gunyah.GunyahHypercalls;
import dev.hwmailbox.gunyah.hypervisor.HypervisorBed.Pipe;
import dev.hwmailbox.gunyah.hypervisor.QueueProbe.Operation;
import dev.hwmailbox.gunyah.hypervisor.VirtualInterruptController.Trigger;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;

class MessageQueueTest {
    /** Takes notes, and does one thing at one point. */
    private static final class Probe implements QueueProbe {
        final List<String> notes = new ArrayList<>();
        Runnable before = () -> {};
        Runnable after = () -> {};

        @Override
        public void before(int queue, Operation operation) {
            notes.add("before " + queue + " " + operation);
            Runnable once = before;
            before = () -> {};
            once.run();
        }

        @Override
        public void inside(int queue, Operation operation) {
            notes.add("inside " + queue + " " + operation);
        }

        @Override
        public void after(int queue, Operation operation, long result) {
            notes.add("after " + queue + " " + operation + " " + GunyahHypercalls.status(result));
            Runnable once = after;
            after = () -> {};
            once.run();
        }
    }

    private final Probe probe = new Probe();
    private final HypervisorBed bed =
            new HypervisorBed(SoftwareHypervisor.builder().probe(probe));

    @Test
    void aProbeSeesEveryOperationBeforeInsideAndAfter() {
        bed.activeQueue(1, 1);
        long master = bed.activeQueue(2, 8);
        byte[] buffer = new byte[8];

        bed.rmCalls.msgqSend(master, buffer, 0, 8, false);
        bed.rmCalls.msgqReceive(master, buffer, 0, 8);
        bed.rmCalls.msgqReceive(master, buffer, 0, 8);
        bed.rmCalls.msgqFlush(master);
        bed.rmCalls.msgqConfigureSend(master, 2, -1);
        bed.rmCalls.msgqConfigureReceive(master, 1, 0);

        assertThat(probe.notes)
                .containsExactly(
                        "before 1 SEND",
                        "inside 1 SEND",
                        "after 1 SEND 0",
                        "before 1 RECEIVE",
                        "inside 1 RECEIVE",
                        "after 1 RECEIVE 0",
                        "before 1 RECEIVE",
                        "inside 1 RECEIVE",
                        "after 1 RECEIVE 60",
                        "before 1 FLUSH",
                        "inside 1 FLUSH",
                        "after 1 FLUSH 0",
                        "before 1 CONFIGURE_SEND",
                        "inside 1 CONFIGURE_SEND",
                        "after 1 CONFIGURE_SEND 1",
                        "before 1 CONFIGURE_RECEIVE",
                        "inside 1 CONFIGURE_RECEIVE",
                        "after 1 CONFIGURE_RECEIVE -1");
    }

    @Test
    void aSendThatMeetsTheEndOfTheQueueFindsItInactive() {
        Pipe pipe = bed.pipe(2, 8);
        probe.before = () -> destroy(pipe);

        assertThat(bed.send(pipe.send(), "late")).isEqualTo(GunyahError.OBJECT_STATE);
        assertThat(bed.send(pipe.send(), "later")).isEqualTo(GunyahError.CSPACE_CAP_NULL);
    }

    @Test
    void anAssertionThatMeetsTheEndOfTheBindingReachesNobody() {
        Pipe pipe = bed.pipe(2, 8);
        List<String> runs = new ArrayList<>();
        bed.b.interrupts().attach(RX_VIRQ, () -> runs.add("run"));
        probe.after = () -> ok(bed.rmCalls.msgqUnbindReceiveVirq(pipe.master()));

        ok(bed.send(pipe.send(), "x"));
        bed.tasks.runAll();

        assertThat(runs).isEmpty();
    }

    @Test
    void aClearThatComesAfterANewMessageDoesNotLoseTheLevel() {
        Pipe pipe = bed.pipe(2, 8);
        bed.b.interrupts().trigger(RX_VIRQ, Trigger.LEVEL);
        line(RX_VIRQ).enable();
        ok(bed.send(pipe.send(), "old"));
        // The flush has decided to clear; before it does, the next message arrives and asserts.
        probe.after = () -> ok(bed.send(pipe.send(), "new"));

        ok(bed.b.hypercalls().msgqFlush(pipe.receive()));

        assertThat(line(RX_VIRQ).guestState()).isEqualTo("pending");
        assertThat(bed.receive(pipe.receive())).isEqualTo("new");
    }

    @Test
    void aRaisedThresholdThatIsReachedBeforeItsClearDoesNotLoseTheLevel() {
        Pipe pipe = bed.pipe(4, 8);
        bed.b.interrupts().trigger(RX_VIRQ, Trigger.LEVEL);
        line(RX_VIRQ).enable();
        ok(bed.send(pipe.send(), "one"));
        probe.after = () -> ok(bed.send(pipe.send(), "two"));

        ok(bed.b.hypercalls().msgqConfigureReceive(pipe.receive(), 2, -1));

        assertThat(line(RX_VIRQ).guestState()).isEqualTo("pending");
    }

    private InterruptLine line(int virq) {
        return Objects.requireNonNull(bed.b.interrupts().line(virq), "line");
    }

    private void destroy(Pipe pipe) {
        ok(bed.rmCalls.cspaceDeleteCapability(bed.rm.cspaceCapability().value(), pipe.master()));
        ok(bed.rmCalls.cspaceDeleteCapability(bed.cspaceOfA, pipe.send()));
        ok(bed.rmCalls.cspaceDeleteCapability(bed.cspaceOfB, pipe.receive()));
    }

    @Test
    void aProbeThatThrowsLeavesTheQueueUsable() {
        var faulty = new QueueProbe() {
            boolean armed = true;

            @Override
            public void inside(int queue, Operation operation) {
                if (armed) {
                    armed = false;
                    throw new IllegalStateException("probe");
                }
            }
        };
        try (var other = new HypervisorBed(SoftwareHypervisor.builder().probe(faulty))) {
            Pipe pipe = other.pipe(1, 8);

            assertThatThrownBy(() -> other.send(pipe.send(), "x")).isInstanceOf(IllegalStateException.class);
            ok(other.send(pipe.send(), "y"));
            assertThat(other.receive(pipe.receive())).isEqualTo("y");
        }
    }
}
