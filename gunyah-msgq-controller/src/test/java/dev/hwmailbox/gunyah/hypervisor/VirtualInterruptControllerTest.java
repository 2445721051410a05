// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.hypervisor;

import static dev.hwmailbox.gunyah.hypervisor.HypervisorBed.RX_VIRQ;
import static dev.hwmailbox.gunyah.hypervisor.HypervisorBed.TX_VIRQ;
import static dev.hwmailbox.gunyah.hypervisor.HypervisorBed.ok;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hwmailbox.Errno;
import dev.hwmailbox.MailboxException;
import dev.hwmailbox.gunyah.InterruptSink;
import dev.hwmailbox.gunyah.hypervisor.HypervisorBed.Pipe;
import dev.hwmailbox.gunyah.hypervisor.VirtualInterruptController.Trigger;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

class VirtualInterruptControllerTest {
    @AutoClose
    private final HypervisorBed bed = new HypervisorBed();

    private final AtomicInteger runs = new AtomicInteger();

    private static void refusedWith(int errno, ThrowingCallable call) {
        assertThatThrownBy(call)
                .isInstanceOfSatisfying(
                        MailboxException.class, e -> assertThat(e.errno()).isEqualTo(errno));
    }

    private void attach(VirtualMachine vm, int virq) {
        vm.interrupts().attach(virq, runs::incrementAndGet);
    }

    @Test
    void aHandlerRunsAsATaskOfTheVmByDefault() {
        Pipe pipe = bed.pipe(4, 8);
        attach(bed.b, RX_VIRQ);

        ok(bed.send(pipe.send(), "x"));

        assertThat(runs).hasValue(0);
        assertThat(bed.tasks.runAll()).isEqualTo(1);
        assertThat(runs).hasValue(1);
    }

    /** Both ways to run on the asserting thread: the one that is known as such, and one that is not. */
    static List<Executor> onTheSpot() {
        return List.of(SoftwareHypervisor.INLINE, Runnable::run);
    }

    @ParameterizedTest
    @MethodSource("onTheSpot")
    void anInlineHandlerRunsBeforeTheHypercallReturns(Executor executor) {
        try (HypervisorBed inline = HypervisorBed.delivering(executor)) {
            Pipe pipe = inline.pipe(4, 8);
            attach(inline.b, RX_VIRQ);

            ok(inline.send(pipe.send(), "x"));

            assertThat(runs).hasValue(1);
        }
    }

    @Test
    void anInterruptWhileMaskedIsDeliveredExactlyOnceAfterUnmask() {
        Pipe pipe = bed.pipe(4, 8);
        attach(bed.b, RX_VIRQ);
        bed.b.interrupts().mask(RX_VIRQ);
        for (int i = 0; i < 3; i++) {
            bed.rmCalls.msgqSend(pipe.master(), new byte[1], 0, 1, true);
        }
        bed.tasks.runAll();
        assertThat(runs).hasValue(0);

        bed.b.interrupts().unmask(RX_VIRQ);
        bed.tasks.runAll();

        assertThat(runs).hasValue(1);
        bed.b.interrupts().mask(RX_VIRQ);
        bed.b.interrupts().unmask(RX_VIRQ);
        bed.tasks.runAll();
        assertThat(runs).hasValue(1);
    }

    @Test
    void anInterruptMaskedAfterItsDeliveryWasSubmittedIsDeliveredOnceAfterUnmask() {
        Pipe pipe = bed.pipe(4, 8);
        attach(bed.b, RX_VIRQ);
        ok(bed.send(pipe.send(), "x"));

        bed.b.interrupts().mask(RX_VIRQ);
        bed.tasks.runAll();
        assertThat(runs).hasValue(0);
        bed.b.interrupts().unmask(RX_VIRQ);
        bed.tasks.runAll();

        assertThat(runs).hasValue(1);
    }

    @Test
    void maskAndUnmaskBeforeTheSubmittedDeliveryRunsGiveOneRun() {
        Pipe pipe = bed.pipe(4, 8);
        attach(bed.b, RX_VIRQ);
        ok(bed.send(pipe.send(), "x"));

        bed.b.interrupts().mask(RX_VIRQ);
        bed.b.interrupts().unmask(RX_VIRQ);
        assertThat(bed.tasks.runAll()).isEqualTo(1);

        assertThat(runs).hasValue(1);
    }

    @Test
    void anAssertionWithoutHandlerIsRememberedForTheNextHandler() {
        Pipe pipe = bed.pipe(4, 8);
        ok(bed.send(pipe.send(), "x"));

        attach(bed.b, RX_VIRQ);
        bed.tasks.runAll();

        assertThat(runs).hasValue(1);
    }

    @Test
    void anAssertionWhileTheHandlerRunsGivesExactlyOneMoreRun() {
        Pipe pipe = bed.pipe(8, 8);
        bed.b.interrupts().attach(RX_VIRQ, () -> {
            if (runs.incrementAndGet() == 1) {
                for (int i = 0; i < 3; i++) {
                    bed.rmCalls.msgqSend(pipe.master(), new byte[1], 0, 1, true);
                }
            }
        });

        ok(bed.send(pipe.send(), "x"));
        bed.tasks.runAll();

        assertThat(runs).hasValue(2);
    }

    @Test
    void aHandlerNeverRunsInsideItself() {
        try (HypervisorBed inline = HypervisorBed.inline()) {
            Pipe pipe = inline.pipe(8, 8);
            var depth = new AtomicInteger();
            inline.b.interrupts().attach(RX_VIRQ, () -> {
                assertThat(depth.incrementAndGet()).isEqualTo(1);
                if (runs.incrementAndGet() < 4) {
                    inline.rmCalls.msgqSend(pipe.master(), new byte[1], 0, 1, true);
                }
                depth.decrementAndGet();
            });

            ok(inline.send(pipe.send(), "x"));

            assertThat(runs).hasValue(4);
        }
    }

    @Test
    void aLateDeliveryAfterDetachDoesNothing() {
        Pipe pipe = bed.pipe(4, 8);
        attach(bed.b, RX_VIRQ);
        ok(bed.send(pipe.send(), "x"));

        bed.b.interrupts().detach(RX_VIRQ);
        bed.tasks.runAll();

        assertThat(runs).hasValue(0);
        bed.b.interrupts().detach(RX_VIRQ);
    }

    @Test
    void aLateDeliveryOfAnOldHandlerDoesNotRunItsSuccessorTwice() {
        Pipe pipe = bed.pipe(4, 8);
        bed.b.interrupts().attach(RX_VIRQ, () -> runs.addAndGet(100));
        ok(bed.send(pipe.send(), "x"));
        bed.b.interrupts().detach(RX_VIRQ);

        attach(bed.b, RX_VIRQ);
        bed.tasks.runAll();

        assertThat(runs).hasValue(1);
    }

    @Test
    void aSuccessorGetsItsInterruptThoughTheEmbedderDroppedTheOldTasks() {
        Pipe pipe = bed.pipe(4, 8);
        attach(bed.b, RX_VIRQ);
        ok(bed.send(pipe.send(), "x"));
        bed.b.interrupts().detach(RX_VIRQ);
        bed.tasks.clear();

        attach(bed.b, RX_VIRQ);
        bed.tasks.runAll();

        assertThat(runs).hasValue(1);
    }

    @Test
    void aHandlerAttachedByTheRunningOneWaitsForItsEnd() {
        Pipe pipe = bed.pipe(4, 8);
        List<String> order = new ArrayList<>();
        bed.b.interrupts().attach(RX_VIRQ, () -> {
            bed.b.interrupts().detach(RX_VIRQ);
            bed.b.interrupts().attach(RX_VIRQ, () -> order.add("second"));
            bed.rmCalls.msgqSend(pipe.master(), new byte[1], 0, 1, true);
            order.add("first ends");
        });

        ok(bed.send(pipe.send(), "x"));
        bed.tasks.runAll();

        assertThat(order).containsExactly("first ends", "second");
    }

    @Test
    void aHandlerThatMasksItselfStopsUntilUnmask() {
        Pipe pipe = bed.pipe(4, 8);
        bed.b.interrupts().trigger(RX_VIRQ, Trigger.LEVEL);
        bed.b.interrupts().attach(RX_VIRQ, () -> {
            runs.incrementAndGet();
            bed.b.interrupts().mask(RX_VIRQ);
        });
        ok(bed.send(pipe.send(), "x"));
        bed.tasks.runAll();
        assertThat(runs).hasValue(1);

        bed.b.interrupts().unmask(RX_VIRQ);
        bed.tasks.runAll();

        assertThat(runs).hasValue(2);
    }

    @Test
    void aLevelLineRepeatsWhileItsConditionHolds() {
        Pipe pipe = bed.pipe(4, 8);
        List<String> received = new ArrayList<>();
        bed.b.interrupts().trigger(RX_VIRQ, Trigger.LEVEL);
        bed.b.interrupts().attach(RX_VIRQ, () -> received.add(bed.receive(pipe.receive())));
        for (String message : List.of("1", "2", "3")) {
            ok(bed.send(pipe.send(), message));
        }

        bed.tasks.runAll();

        assertThat(received).containsExactly("1", "2", "3");
    }

    @Test
    void anEdgeLineDoesNotRepeatThoughMessagesWait() {
        Pipe pipe = bed.pipe(4, 8);
        attach(bed.b, RX_VIRQ);
        ok(bed.send(pipe.send(), "1"));
        ok(bed.send(pipe.send(), "2"));

        bed.tasks.runAll();

        assertThat(runs).hasValue(1);
    }

    @Test
    void unbindingWithdrawsALevelButNotAnEdge() {
        Pipe pipe = bed.pipe(4, 8);
        bed.b.interrupts().trigger(RX_VIRQ, Trigger.LEVEL);
        attach(bed.b, RX_VIRQ);
        ok(bed.send(pipe.send(), "x"));
        ok(bed.rmCalls.msgqUnbindReceiveVirq(pipe.master()));
        bed.tasks.runAll();
        assertThat(runs).hasValue(0);

        Pipe other = bed.pipe(4, 8, RX_VIRQ + 1);
        attach(bed.b, RX_VIRQ + 1);
        ok(bed.send(other.send(), "x"));
        ok(bed.rmCalls.msgqUnbindReceiveVirq(other.master()));
        bed.tasks.runAll();
        assertThat(runs).hasValue(1);
    }

    @Test
    void aStormingLevelLineLeavesOthersTheirTurn() {
        Pipe storm = bed.pipe(4, 8);
        Pipe calm = bed.pipe(4, 8, RX_VIRQ + 1);
        bed.b.interrupts().trigger(RX_VIRQ, Trigger.LEVEL);
        attach(bed.b, RX_VIRQ);
        List<String> received = new ArrayList<>();
        bed.b.interrupts().attach(RX_VIRQ + 1, () -> received.add(bed.receive(calm.receive())));
        ok(bed.send(storm.send(), "unread"));
        ok(bed.send(calm.send(), "calm"));

        bed.tasks.runOne();
        bed.tasks.runOne();

        assertThat(runs).hasValue(InterruptLine.MAX_DELIVERIES_PER_RUN);
        assertThat(received).containsExactly("calm");
        bed.tasks.runOne();
        assertThat(runs).hasValue(2 * InterruptLine.MAX_DELIVERIES_PER_RUN);
        bed.b.interrupts().detach(RX_VIRQ);
        assertThat(bed.tasks.runAll()).isEqualTo(1);
        assertThat(runs).hasValue(2 * InterruptLine.MAX_DELIVERIES_PER_RUN);
    }

    @ParameterizedTest
    @MethodSource("onTheSpot")
    void anInlineStormGoesToTheSchedulerAfterOneRun(Executor executor) {
        try (HypervisorBed inline = HypervisorBed.delivering(executor)) {
            Pipe pipe = inline.pipe(4, 8);
            inline.b.interrupts().trigger(RX_VIRQ, Trigger.LEVEL);
            attach(inline.b, RX_VIRQ);

            ok(inline.send(pipe.send(), "unread"));

            assertThat(runs).hasValue(InterruptLine.MAX_DELIVERIES_PER_RUN);
            assertThat(inline.tasks.size()).isEqualTo(1);
            inline.tasks.runOne();
            assertThat(runs).hasValue(2 * InterruptLine.MAX_DELIVERIES_PER_RUN);
        }
    }

    @ParameterizedTest
    @MethodSource("onTheSpot")
    void aStormWhoseHandlerIsReplacedAtEachRunGoesToTheSchedulerToo(Executor executor) {
        try (HypervisorBed inline = HypervisorBed.delivering(executor)) {
            Pipe pipe = inline.pipe(4, 8);
            VirtualInterruptController interrupts = inline.b.interrupts();
            interrupts.trigger(RX_VIRQ, Trigger.LEVEL);
            interrupts.attach(RX_VIRQ, new Runnable() {
                @Override
                public void run() {
                    interrupts.detach(RX_VIRQ);
                    interrupts.attach(RX_VIRQ, this);
                    runs.incrementAndGet();
                }
            });

            ok(inline.send(pipe.send(), "unread"));

            assertThat(runs).hasValue(InterruptLine.MAX_DELIVERIES_PER_RUN);
            assertThat(inline.tasks.size()).isEqualTo(1);
            inline.tasks.runOne();
            assertThat(runs).hasValue(2 * InterruptLine.MAX_DELIVERIES_PER_RUN);
        }
    }

    @Test
    void anErrorInAHandlerThatWasReplacedPassesAndItsSuccessorGoesOn() {
        try (HypervisorBed inline = HypervisorBed.inline()) {
            VirtualInterruptController interrupts = inline.b.interrupts();
            interrupts.attach(50, () -> {
                interrupts.detach(50);
                attach(inline.b, 50);
                interrupts.raise(50);
                throw new StackOverflowError("on purpose");
            });

            assertThatThrownBy(() -> interrupts.raise(50)).isInstanceOf(StackOverflowError.class);
            inline.tasks.runAll();

            assertThat(runs).hasValue(1);
        }
    }

    @Test
    void anExceptionInAHandlerIsLoggedAndTheLineGoesOn() {
        Pipe pipe = bed.pipe(4, 8);
        bed.b.interrupts().attach(RX_VIRQ, () -> {
            if (runs.incrementAndGet() == 1) {
                throw new IllegalStateException("on purpose");
            }
        });
        bed.rmCalls.msgqSend(pipe.master(), new byte[1], 0, 1, true);
        try (var log = new LogCapture(InterruptLine.class)) {
            bed.tasks.runAll();
            assertThat(log.lines()).containsExactly("ERROR interrupt handler failed (vm 4, virq 34)");
        }

        bed.rmCalls.msgqSend(pipe.master(), new byte[1], 0, 1, true);
        bed.tasks.runAll();

        assertThat(runs).hasValue(2);
    }

    @Test
    void anErrorInAHandlerPassesAndTheLineGoesOn() {
        Pipe pipe = bed.pipe(4, 8);
        bed.b.interrupts().attach(RX_VIRQ, () -> {
            if (runs.incrementAndGet() == 1) {
                bed.rmCalls.msgqSend(pipe.master(), new byte[1], 0, 1, true);
                throw new StackOverflowError("on purpose");
            }
        });
        bed.rmCalls.msgqSend(pipe.master(), new byte[1], 0, 1, true);

        assertThatThrownBy(bed.tasks::runAll).isInstanceOf(StackOverflowError.class);
        bed.tasks.runAll();

        assertThat(runs).hasValue(2);
    }

    static List<RuntimeException> refusals() {
        return List.of(new RejectedExecutionException("on purpose"), new IllegalStateException("on purpose"));
    }

    @ParameterizedTest
    @MethodSource("refusals")
    void anExecutorThatRefusesLosesNothing(RuntimeException refusal) {
        var refusing = new boolean[] {true};
        var builder = SoftwareHypervisor.builder().interruptDelivery(vmid -> task -> {
            if (refusing[0]) {
                throw refusal;
            }
            task.run();
        });
        try (var other = new HypervisorBed(builder)) {
            Pipe pipe = other.pipe(4, 8);
            attach(other.b, RX_VIRQ);
            try (var log = new LogCapture(VirtualInterruptController.class)) {
                ok(other.send(pipe.send(), "x"));
                assertThat(log.lines()).containsExactly("WARN interrupt delivery was refused (vm 4)");
            }
            assertThat(runs).hasValue(0);

            refusing[0] = false;
            other.rmCalls.msgqSend(pipe.master(), new byte[1], 0, 1, true);

            assertThat(runs).hasValue(1);
        }
    }

    @Test
    void anExecutorThatFindsNoThreadLosesNothing() {
        var failing = new boolean[] {true};
        try (var other = HypervisorBed.delivering(task -> {
            if (failing[0]) {
                throw new OutOfMemoryError("on purpose");
            }
            task.run();
        })) {
            attach(other.b, 50);
            assertThatThrownBy(() -> other.b.interrupts().raise(50)).isInstanceOf(OutOfMemoryError.class);
            failing[0] = false;

            other.b.interrupts().mask(50);
            other.b.interrupts().unmask(50);

            assertThat(runs).hasValue(1);
        }
    }

    @Test
    void equalNumbersOfTwoVmsAreDifferentLines() {
        long master = bed.activeQueue(1, 8);
        ok(bed.rmCalls.msgqBindSendVirq(master, bed.vicOfA, 40));
        ok(bed.rmCalls.msgqBindReceiveVirq(master, bed.vicOfB, 40));
        List<String> order = new ArrayList<>();
        bed.a.interrupts().attach(40, () -> order.add("a"));
        bed.b.interrupts().attach(40, () -> order.add("b"));

        bed.rmCalls.msgqSend(master, new byte[1], 0, 1, false);
        bed.tasks.runAll();
        bed.rmCalls.msgqReceive(master, new byte[8], 0, 8);
        bed.tasks.runAll();

        assertThat(order).containsExactly("b", "a");
    }

    @Test
    void attachRefusesUnknownNumbersAndASecondHandler() {
        var interrupts = bed.a.interrupts();
        for (int virq : new int[] {-1, 0, 31, 1020, Integer.MAX_VALUE}) {
            refusedWith(Errno.EINVAL, () -> interrupts.attach(virq, () -> {}));
            refusedWith(Errno.EINVAL, () -> interrupts.trigger(virq, Trigger.EDGE));
            refusedWith(Errno.EINVAL, () -> interrupts.raise(virq));
            assertThatCode(() -> {
                        interrupts.mask(virq);
                        interrupts.unmask(virq);
                        interrupts.detach(virq);
                    })
                    .doesNotThrowAnyException();
        }
        interrupts.attach(32, () -> {});
        refusedWith(Errno.EBUSY, () -> interrupts.attach(32, () -> {}));
        interrupts.detach(32);
        interrupts.attach(32, () -> {});
    }

    @Test
    void maskingALineWithoutHandlerDoesNothing() {
        Pipe pipe = bed.pipe(4, 8);
        bed.b.interrupts().mask(RX_VIRQ);
        ok(bed.send(pipe.send(), "x"));
        bed.b.interrupts().unmask(RX_VIRQ);
        bed.tasks.runAll();

        attach(bed.b, RX_VIRQ);
        bed.tasks.runAll();

        assertThat(runs).hasValue(1);
    }

    @Test
    void aRaisedLineIsDeliveredLikeAnyOtherAndNotRepeated() {
        attach(bed.a, 50);
        bed.a.interrupts().trigger(50, Trigger.LEVEL);

        bed.a.interrupts().raise(50);
        bed.tasks.runAll();

        assertThat(runs).hasValue(1);
    }

    @ParameterizedTest
    @EnumSource(Trigger.class)
    void aRaisedLineThatIsMaskedBeforeItsDeliveryIsDeliveredOnceAfterUnmask(Trigger trigger) {
        VirtualInterruptController interrupts = bed.a.interrupts();
        interrupts.trigger(50, trigger);
        attach(bed.a, 50);
        interrupts.raise(50);

        interrupts.mask(50);
        interrupts.mask(50);
        bed.tasks.runAll();
        assertThat(runs).hasValue(0);
        interrupts.unmask(50);
        bed.tasks.runAll();

        assertThat(runs).hasValue(1);
    }

    @Test
    void turningALatchedLineToTheOtherTriggerDeliversIt() {
        Pipe pipe = bed.pipe(4, 8);
        bed.b.interrupts().trigger(RX_VIRQ, Trigger.LEVEL);
        ok(bed.send(pipe.send(), "x"));
        ok(bed.b.hypercalls().msgqFlush(pipe.receive()));
        attach(bed.b, RX_VIRQ);
        bed.tasks.runAll();
        assertThat(runs).hasValue(0);

        bed.b.interrupts().trigger(RX_VIRQ, Trigger.EDGE);
        bed.tasks.runAll();

        assertThat(runs).hasValue(1);
    }

    @Test
    void whatComesLateFromAnEndedBindingDoesNotTouchTheNextOne() {
        Pipe old = bed.pipe(4, 8);
        Binding ended = Objects.requireNonNull(old.queue().end(false).binding(), "binding");
        ok(bed.rmCalls.msgqUnbindReceiveVirq(old.master()));
        ok(bed.rmCalls.msgqUnbindSendVirq(old.master()));
        Pipe next = bed.pipe(4, 8);
        bed.b.interrupts().trigger(RX_VIRQ, Trigger.LEVEL);
        attach(bed.b, RX_VIRQ);

        ended.line().assertBy(ended);
        assertThat(bed.tasks.runAll()).isZero();
        ok(bed.send(next.send(), "x"));
        ended.line().clearBy(ended);
        ended.line().release(ended);
        bed.tasks.runOne();

        assertThat(runs.get()).isPositive();
        assertThat(bed.hypervisor.census().boundVirqs()).isEqualTo(2);
    }

    @Test
    void nothingReachesADestroyedVm() {
        Pipe pipe = bed.pipe(4, 8);
        attach(bed.b, RX_VIRQ);
        ok(bed.send(pipe.send(), "x"));

        bed.b.destroy();
        bed.rmCalls.msgqSend(pipe.master(), new byte[1], 0, 1, true);
        VirtualMachine successor = bed.hypervisor.createVm(HypervisorBed.B);
        successor.interrupts().attach(RX_VIRQ, () -> runs.addAndGet(100));
        bed.rmCalls.msgqSend(pipe.master(), new byte[1], 0, 1, true);
        bed.tasks.runAll();

        assertThat(runs).hasValue(0);
        refusedWith(Errno.EINVAL, () -> attach(bed.b, RX_VIRQ));
    }

    /** Notes what a queue says, and whether it holds when it is said. */
    private static final class RecordingSink implements InterruptSink {
        final List<String> notes = new ArrayList<>();

        @Override
        public void assertLine(int vmid, int virq, Source source) {
            notes.add("assert " + vmid + " " + virq + " " + source.isStillPending());
        }

        @Override
        public void clearLine(int vmid, int virq) {
            notes.add("clear " + vmid + " " + virq);
        }
    }

    @Test
    void aSinkReplacesTheBuiltInDelivery() {
        var sink = new RecordingSink();
        try (var other = new HypervisorBed(SoftwareHypervisor.builder().interruptSink(sink))) {
            Pipe pipe = other.pipe(1, 8);
            attach(other.b, RX_VIRQ);

            ok(other.send(pipe.send(), "x"));
            ok(other.b.hypercalls().msgqFlush(pipe.receive()));
            ok(other.rmCalls.msgqUnbindSendVirq(pipe.master()));
            other.b.destroy();
            other.tasks.runAll();

            assertThat(sink.notes)
                    .containsExactly(
                            "assert %d %d true".formatted(HypervisorBed.B, RX_VIRQ),
                            "assert %d %d true".formatted(HypervisorBed.A, TX_VIRQ),
                            "clear %d %d".formatted(HypervisorBed.B, RX_VIRQ),
                            "clear %d %d".formatted(HypervisorBed.A, TX_VIRQ),
                            "clear %d %d".formatted(HypervisorBed.B, RX_VIRQ));
            assertThat(runs).hasValue(0);
        }
    }

    @Test
    void aSinkMayPassInterruptsOnToTheHandler() {
        var machines = new SoftwareHypervisor[1];
        var forwarding = new InterruptSink() {
            @Override
            public void assertLine(int vmid, int virq, Source source) {
                machines[0].vm(vmid).orElseThrow().interrupts().raise(virq);
            }

            @Override
            public void clearLine(int vmid, int virq) {}
        };
        try (var other = new HypervisorBed(SoftwareHypervisor.builder().interruptSink(forwarding))) {
            machines[0] = other.hypervisor;
            Pipe pipe = other.pipe(1, 8);
            attach(other.b, RX_VIRQ);

            ok(other.send(pipe.send(), "x"));
            other.tasks.runAll();

            assertThat(runs).hasValue(1);
        }
    }

    @Test
    void aSinkThatThrowsDoesNotSpoilTheHypercall() {
        var faulty = new InterruptSink() {
            @Override
            public void assertLine(int vmid, int virq, Source source) {
                throw new IllegalStateException("on purpose");
            }

            @Override
            public void clearLine(int vmid, int virq) {
                throw new IllegalStateException("on purpose");
            }
        };
        try (var log = new LogCapture(QueueEnd.class);
                var other = new HypervisorBed(SoftwareHypervisor.builder().interruptSink(faulty))) {
            Pipe pipe = other.pipe(1, 8);

            ok(other.send(pipe.send(), "x"));
            ok(other.b.hypercalls().msgqFlush(pipe.receive()));
            ok(other.rmCalls.msgqUnbindReceiveVirq(pipe.master()));

            assertThat(log.lines())
                    .hasSize(4)
                    .allMatch(line -> line.startsWith("ERROR the interrupt sink failed (vm "));
        }
    }
}
