// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.hypervisor;

import static dev.hwmailbox.gunyah.hypervisor.HypervisorBed.A;
import static dev.hwmailbox.gunyah.hypervisor.HypervisorBed.B;
import static dev.hwmailbox.gunyah.hypervisor.HypervisorBed.RX_VIRQ;
import static dev.hwmailbox.gunyah.hypervisor.HypervisorBed.TX_VIRQ;
import static dev.hwmailbox.gunyah.hypervisor.HypervisorBed.ok;
import static dev.hwmailbox.gunyah.hypervisor.HypervisorBed.sendResult;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.mockito.Mockito.mock;

import dev.hwmailbox.Errno;
import dev.hwmailbox.MailboxException;
import dev.hwmailbox.devicetree.DeviceTree;
import dev.hwmailbox.gunyah.CapabilityId;
import dev.hwmailbox.gunyah.GunyahError;
import dev.hwmailbox.gunyah.GunyahHypercalls;
import dev.hwmailbox.gunyah.GunyahRights;
import dev.hwmailbox.gunyah.NewCapability;
import dev.hwmailbox.gunyah.hypervisor.GuestProgram.StopReason;
import dev.hwmailbox.gunyah.hypervisor.HypervisorBed.Pipe;
import dev.hwmailbox.gunyah.hypervisor.VirtualInterruptController.Trigger;
import dev.hwmailbox.gunyah.hypervisor.VirtualMachine.State;
import java.util.ArrayList;
import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class VmResetTest {
    private final List<String> notes = new ArrayList<>();
    private final List<GuestContext> contexts = new ArrayList<>();
    private final DeviceTree tree = mock(DeviceTree.class);
    private Runnable atSend = () -> {};
    private Runnable afterSend = () -> {};
    private Runnable onChange = () -> {};
    private final HypervisorBed bed = new HypervisorBed(SoftwareHypervisor.builder()
            .guestPrograms((vmid, image) -> new Program(image))
            .lifeCycle((vm, state) -> {
                notes.add("vm " + vm.vmid() + " is " + state);
                onChange.run();
            })
            .probe(new QueueProbe() {
                @Override
                public void before(int queue, Operation operation) {
                    if (operation == Operation.SEND) {
                        atSend.run();
                    }
                }

                @Override
                public void after(int queue, Operation operation, long result) {
                    if (operation == Operation.SEND) {
                        afterSend.run();
                    }
                }
            }));

    /** Notes its calls. */
    private final class Program implements GuestProgram {
        private final String name;

        Program(String name) {
            this.name = name;
        }

        @Override
        public void start(GuestContext vm) {
            notes.add(name + " starts");
            contexts.add(vm);
        }

        @Override
        public void stop(StopReason reason) {
            notes.add(name + " stops: " + reason);
        }
    }

    private static void refusedWith(int errno, ThrowingCallable call) {
        assertThatThrownBy(call)
                .isInstanceOfSatisfying(
                        MailboxException.class, e -> assertThat(e.errno()).isEqualTo(errno));
    }

    private void note(String fact) {
        notes.add(fact);
    }

    private void run(VirtualMachine vm, String image) {
        vm.start(image, tree);
        bed.tasks.runAll();
        notes.clear();
    }

    // ---- states and order ----

    @Test
    void aRunningVmIsCutOffThenStoppedThenComesBack() {
        run(bed.a, "first");

        bed.a.reset(StaleMessages.KEEP, () -> note("done in " + bed.a.state()));

        assertThat(bed.a.state()).isEqualTo(State.RESETTING);
        assertThat(notes).containsExactly("vm 3 is RESETTING");
        bed.tasks.runAll();
        assertThat(notes).containsExactly("vm 3 is RESETTING", "first stops: RESET", "vm 3 is RESET", "done in RESET");
        bed.a.start("second", tree);
        bed.tasks.runAll();
        assertThat(contexts.get(1).hypercalls())
                .isSameAs(bed.a.hypercalls())
                .isNotSameAs(contexts.get(0).hypercalls());
        assertThat(contexts.get(1).interrupts())
                .isSameAs(bed.a.interrupts())
                .isNotSameAs(contexts.get(0).interrupts());
        assertThat(contexts.get(1).memory()).isSameAs(contexts.get(0).memory());
    }

    @Test
    void aVmWithoutProgramIsBackWhenTheCallReturns() {
        bed.a.reset(StaleMessages.KEEP, () -> note("done"));

        assertThat(notes).containsExactly("vm 3 is RESETTING", "vm 3 is RESET", "done");
        assertThat(bed.tasks.size()).isZero();
        bed.a.reset(StaleMessages.KEEP);
        bed.a.destroy();
        assertThat(notes).endsWith("vm 3 is RESETTING", "vm 3 is RESET", "vm 3 is DESTROYED");
    }

    @Test
    void aProgramWhoseStartHasNotRunHearsNothing() {
        bed.a.start("img", tree);
        bed.a.reset(StaleMessages.KEEP);
        bed.tasks.runAll();

        assertThat(notes).containsExactly("vm 3 is STARTING", "vm 3 is RUNNING", "vm 3 is RESETTING", "vm 3 is RESET");
        run(bed.a, "again");
        assertThat(contexts).hasSize(1);
    }

    @Test
    void resetsAndAStopThatMeetEndOnceAndAllAreTold() {
        run(bed.a, "img");

        bed.a.reset(StaleMessages.KEEP, () -> note("first"));
        bed.a.reset(StaleMessages.KEEP, () -> note("second"));
        bed.a.stop(StopReason.FORCED, () -> note("stopped"));
        bed.tasks.runOne();
        bed.a.reset(StaleMessages.KEEP, () -> note("third"));
        bed.tasks.runAll();

        assertThat(notes)
                .containsExactly(
                        "vm 3 is RESETTING",
                        "img stops: RESET",
                        "vm 3 is RESET",
                        "first",
                        "second",
                        "stopped",
                        "third");
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1})
    void aResetMayMeetAStop(int tasksBefore) {
        run(bed.a, "img");
        bed.a.stop(StopReason.SHUTDOWN, () -> note("stopped"));
        for (int i = 0; i < tasksBefore; i++) {
            bed.tasks.runOne();
        }

        bed.a.reset(StaleMessages.KEEP, () -> note("done"));
        assertThat(bed.a.state()).isEqualTo(State.RESETTING);
        bed.tasks.runAll();

        assertThat(notes)
                .containsExactlyInAnyOrder(
                        "vm 3 is STOPPING",
                        "img stops: SHUTDOWN",
                        "vm 3 is RESETTING",
                        "vm 3 is RESET",
                        "stopped",
                        "done");
        assertThat(notes).containsSubsequence("vm 3 is STOPPING", "vm 3 is RESETTING", "vm 3 is RESET", "stopped");
    }

    @Test
    void callsOutOfOrderAreRefused() {
        run(bed.a, "img");
        bed.a.reset(StaleMessages.KEEP);
        refusedWith(Errno.EBUSY, () -> bed.a.start("img", tree));
        refusedWith(Errno.EBUSY, bed.a::destroy);
        bed.tasks.runAll();
        refusedWith(Errno.EINVAL, () -> bed.a.stop(StopReason.FORCED));
        bed.a.destroy();
        refusedWith(Errno.EINVAL, () -> bed.a.reset(StaleMessages.KEEP));

        onChange = () -> {
            if (bed.b.state() == State.STARTING) {
                refusedWith(Errno.EBUSY, () -> bed.b.reset(StaleMessages.KEEP));
                notes.add("refused");
            }
        };
        bed.b.start("img", tree);
        assertThat(notes).contains("refused");
    }

    @Test
    void theReportMayResetStartOrDestroyAgain() {
        run(bed.a, "first");
        bed.a.reset(
                StaleMessages.KEEP,
                () -> bed.a.reset(StaleMessages.KEEP, () -> {
                    bed.a.start("second", tree);
                    bed.a.reset(StaleMessages.KEEP, bed.a::destroy);
                }));
        bed.tasks.runAll();

        assertThat(bed.a.state()).isEqualTo(State.DESTROYED);
        assertThat(bed.hypervisor.vm(A)).isEmpty();
    }

    private static void fail(boolean error) {
        if (error) {
            throw new StackOverflowError("on purpose");
        }
        throw new IllegalStateException("on purpose");
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aReportThatThrowsIsLoggedAndTheOthersAreTold(boolean error) {
        run(bed.a, "img");
        bed.a.reset(StaleMessages.KEEP, () -> fail(error));
        bed.a.reset(StaleMessages.KEEP, () -> note("second"));

        try (var log = new LogCapture(VirtualMachine.class)) {
            bed.tasks.runAll();
            assertThat(log.lines()).contains("ERROR a callback at the end of a stop or reset failed (vm 3)");
        }

        assertThat(notes).endsWith("vm 3 is RESET", "second");
    }

    @Test
    void closingTheHypervisorDuringAResetDestroysTheVmAfterIt() {
        run(bed.a, "img");
        bed.a.reset(StaleMessages.KEEP);

        bed.hypervisor.close();
        assertThat(bed.a.state()).isEqualTo(State.RESETTING);
        bed.tasks.runAll();

        assertThat(bed.a.state()).isEqualTo(State.DESTROYED);
        assertThat(bed.hypervisor.census().isEmpty()).isTrue();
    }

    // ---- the old incarnation ----

    @Test
    void theOldIncarnationsCallsAnswerAsThoseOfADestroyedVm() {
        Pipe pipe = bed.pipe(2, 8);
        Pipe own = bed.pipe(2, 8, 50);
        bed.a.installCapability(CapabilityId.of(5), bed.rm, CapabilityId.of(pipe.master()), GunyahRights.MSGQ_SEND);
        GunyahHypercalls old = bed.a.hypercalls();
        GunyahHypercalls oldReader = bed.b.hypercalls();
        GunyahHypercalls oldManager = bed.rmCalls;
        long rmSpace = bed.rm.cspaceCapability().value();
        long partition = bed.rm.partitionCapability().value();
        byte[] bytes = new byte[8];
        run(bed.a, "img");

        bed.a.reset(StaleMessages.KEEP);
        bed.b.reset(StaleMessages.KEEP);
        bed.rm.reset(StaleMessages.KEEP);

        int gone = GunyahError.CSPACE_CAP_NULL;
        for (GunyahHypercalls calls : List.of(old, bed.a.hypercalls())) { // RESETTING: the new ones are not there yet
            assertThat((int) calls.msgqSend(pipe.send(), bytes, 0, 1, true)).isEqualTo(gone);
            assertThat((int) calls.msgqSend(5, bytes, 0, 1, true)).isEqualTo(gone);
            assertThat(calls.msgqConfigureSend(pipe.send(), 0, -1)).isEqualTo(gone);
        }
        assertThat((int) old.msgqSend(1, bytes, 0, 1, true)).isEqualTo(GunyahError.ARGUMENT_INVALID);
        assertThat((int) oldReader.msgqReceive(pipe.receive(), bytes, 0, 8)).isEqualTo(gone);
        assertThat(oldReader.msgqFlush(pipe.receive())).isEqualTo(gone);
        assertThat(oldReader.msgqConfigureReceive(pipe.receive(), 1, -1)).isEqualTo(gone);
        var made = new NewCapability();
        assertThat(oldManager.msgqBindSendVirq(own.master(), bed.vicOfA, 60)).isEqualTo(gone);
        assertThat(oldManager.msgqUnbindReceiveVirq(own.master())).isEqualTo(gone);
        assertThat(oldManager.partitionCreateMsgq(partition, rmSpace, made)).isEqualTo(gone);
        assertThat(oldManager.msgqConfigure(own.master(), 1, 1)).isEqualTo(gone);
        assertThat(oldManager.objectActivate(own.master())).isEqualTo(gone);
        assertThat(oldManager.cspaceDeleteCapability(rmSpace, own.master())).isEqualTo(gone);
        assertThat(oldManager.cspaceCopyCapability(rmSpace, own.master(), rmSpace, 1, made))
                .isEqualTo(gone);
        assertThat(oldManager.cspaceRevokeCapabilities(rmSpace, own.master())).isEqualTo(gone);

        bed.tasks.runAll();
        ok(bed.send(pipe.send(), "x"));
        ok(bed.send(5, "y"));
        assertThat(bed.receive(pipe.receive())).isEqualTo("x");
        ok(bed.rm.hypercalls().msgqUnbindReceiveVirq(own.master()));
        assertThat((int) old.msgqSend(pipe.send(), bytes, 0, 1, true)).isEqualTo(gone);
    }

    @Test
    void theOldIncarnationsInterruptsReachNobodyAndTouchNothing() {
        Pipe pipe = bed.pipe(2, 8);
        VirtualInterruptController old = bed.b.interrupts();
        old.attach(RX_VIRQ, () -> note("old"));
        bed.b.reset(StaleMessages.KEEP);
        bed.b.interrupts().attach(RX_VIRQ, () -> note("new"));
        notes.clear();

        refusedWith(Errno.EINVAL, () -> old.attach(RX_VIRQ, () -> note("old again")));
        old.mask(RX_VIRQ);
        old.detach(RX_VIRQ);
        old.raise(RX_VIRQ);
        old.trigger(RX_VIRQ, Trigger.LEVEL);
        ok(bed.send(pipe.send(), "x"));
        bed.tasks.runAll();

        assertThat(notes).containsExactly("new");
    }

    @Test
    void aDeliveryThatIsOnItsWayDoesNotReachTheNextIncarnation() {
        Pipe pipe = bed.pipe(2, 8);
        bed.b.interrupts().attach(RX_VIRQ, () -> note("old"));
        ok(bed.send(pipe.send(), "x"));
        assertThat(bed.tasks.size()).isEqualTo(1);
        assertThat(bed.receive(pipe.receive())).isEqualTo("x");

        bed.b.reset(StaleMessages.KEEP);
        bed.b.interrupts().attach(RX_VIRQ, () -> note("new"));
        notes.clear();
        bed.tasks.runAll();

        assertThat(notes).isEmpty();
    }

    @ParameterizedTest
    @EnumSource(Trigger.class)
    void theNextIncarnationIsInterruptedForMessagesThatWaitAndForNothingElse(Trigger trigger) {
        Pipe waiting = bed.pipe(2, 8, 50);
        Pipe read = bed.pipe(2, 8, 60);
        for (int virq : new int[] {49, 50, 59, 60}) {
            bed.a.interrupts().trigger(virq, trigger);
            bed.b.interrupts().trigger(virq, trigger);
        }
        ok(bed.send(waiting.send(), "x"));
        ok(bed.send(read.send(), "y"));
        ok(bed.send(read.send(), "z"));
        bed.receive(read.receive());
        bed.receive(read.receive());
        bed.a.interrupts().raise(70);

        bed.hypervisor.reset(List.of(bed.a, bed.b), StaleMessages.KEEP, () -> {});
        notes.clear();
        for (int virq : new int[] {49, 50, 59, 60, 70}) {
            bed.a.interrupts().attach(virq, () -> note("a " + virq));
            bed.b.interrupts().attach(virq, () -> {
                note("b " + virq);
                bed.receive(waiting.receive());
            });
        }
        bed.tasks.runAll();

        assertThat(notes).containsExactly("b 50");
    }

    @Test
    void anAssertionThatMeetsTheResetIsDeliveredOnceToTheNextIncarnation() {
        Pipe pipe = bed.pipe(2, 8);
        bed.b.interrupts().attach(RX_VIRQ, () -> note("old"));
        afterSend = () -> bed.b.reset(StaleMessages.KEEP);

        ok(bed.send(pipe.send(), "x"));
        bed.b.interrupts().attach(RX_VIRQ, () -> note("new"));
        notes.clear();
        bed.tasks.runAll();

        assertThat(notes).containsExactly("new");
    }

    @Test
    void numbersOfADestroyedVmMayBeGivenAwayAtOnce() {
        Pipe pipe = bed.pipe(2, 8);
        bed.b.interrupts().attach(RX_VIRQ, () -> note("old"));
        ok(bed.send(pipe.send(), "x"));
        GunyahHypercalls old = bed.b.hypercalls();
        long other = bed.activeQueue(2, 8);
        afterSend = () -> {
            bed.b.destroy();
            VirtualMachine next = bed.hypervisor.createVm(B);
            long vic = next.grantVicTo(bed.rm, GunyahRights.VIC_BIND_SOURCE).value();
            ok(bed.rmCalls.msgqBindReceiveVirq(other, vic, RX_VIRQ));
            next.interrupts().attach(RX_VIRQ, () -> note("new"));
        };

        byte[] bytes = {1};
        ok(bed.rmCalls.msgqConfigureReceive(pipe.master(), 2, -1));
        assertThat((int) bed.a.hypercalls().msgqSend(pipe.send(), bytes, 0, 1, true))
                .isZero();
        afterSend = () -> {};
        notes.clear();
        bed.tasks.runAll();
        assertThat(notes).isEmpty();
        assertThat((int) old.msgqReceive(pipe.receive(), new byte[8], 0, 8)).isEqualTo(GunyahError.CSPACE_CAP_NULL);

        ok((int) bed.rmCalls.msgqSend(other, bytes, 0, 1, true));
        bed.tasks.runAll();
        assertThat(notes).containsExactly("new");
    }

    // ---- messages ----

    private String receiveMarked(Pipe pipe) {
        byte[] buffer = new byte[8];
        long result = bed.b.hypercalls().msgqReceive(pipe.receive(), buffer, 0, buffer.length);
        return GunyahError.name((int) result)
                + " " + (char) buffer[0] + GunyahHypercalls.size(result)
                + (GunyahHypercalls.stale(result) ? " stale" : "")
                + (GunyahHypercalls.notEmpty(result) ? " more" : "");
    }

    @Test
    void keptMessagesAreAsTheyWere() {
        Pipe pipe = bed.pipe(3, 8);
        ok(bed.send(pipe.send(), "x"));
        bed.a.reset(StaleMessages.KEEP);

        assertThat(receiveMarked(pipe)).isEqualTo("OK x1");
    }

    @Test
    void taggedMessagesSayThatTheyAreStaleAndLaterOnesDoNot() {
        Pipe pipe = bed.pipe(3, 8);
        for (String message : List.of("1", "2", "x")) {
            ok(bed.send(pipe.send(), message));
        }
        bed.receive(pipe.receive());
        bed.receive(pipe.receive());
        ok(bed.send(pipe.send(), "yy")); // behind the wrap of the ring
        bed.a.reset(StaleMessages.TAG);
        ok(bed.send(pipe.send(), "z"));
        byte[] small = new byte[1];

        assertThat(receiveMarked(pipe)).isEqualTo("OK x1 stale more");
        long tooSmall = bed.b.hypercalls().msgqReceive(pipe.receive(), small, 0, 1);
        assertThat((int) tooSmall).isEqualTo(GunyahError.ADDR_OVERFLOW);
        assertThat(GunyahHypercalls.stale(tooSmall)).isFalse();
        assertThat(receiveMarked(pipe)).isEqualTo("OK y2 stale more");
        assertThat(receiveMarked(pipe)).isEqualTo("OK z1");
    }

    @Test
    void aSlotOnceMarkedIsNotStaleForItsNextMessage() {
        Pipe pipe = bed.pipe(1, 8);
        ok(bed.send(pipe.send(), "x"));
        bed.a.reset(StaleMessages.TAG);
        assertThat(receiveMarked(pipe)).isEqualTo("OK x1 stale");
        ok(bed.send(pipe.send(), "y"));

        assertThat(receiveMarked(pipe)).isEqualTo("OK y1");
    }

    @Test
    void flushedMessagesAreGoneAndTheSendersLineIsAsserted() {
        Pipe pipe = bed.pipe(2, 8);
        bed.b.interrupts().trigger(RX_VIRQ, Trigger.LEVEL);
        ok(bed.send(pipe.send(), "x"));
        // The manager holds a send right as well: a survivor whose line must tell of the room.
        ok(bed.rmCalls.msgqUnbindSendVirq(pipe.master()));
        long vicOfRm = bed.rm.vicCapability().value();
        ok(bed.rmCalls.msgqBindSendVirq(pipe.master(), vicOfRm, TX_VIRQ));
        bed.rm.interrupts().attach(TX_VIRQ, () -> note("room"));
        bed.a.reset(StaleMessages.FLUSH);
        bed.b.interrupts().attach(RX_VIRQ, () -> note("something to read"));
        notes.clear();
        bed.tasks.runAll();

        assertThat(notes).containsExactly("room");
        assertThat(receiveMarked(pipe)).startsWith("MSGQUEUE_EMPTY");
    }

    @ParameterizedTest
    @EnumSource(StaleMessages.class)
    void queuesTheVmOnlyReadsAreLeftAlone(StaleMessages policy) {
        Pipe pipe = bed.pipe(2, 8);
        ok(bed.send(pipe.send(), "x"));
        bed.b.reset(policy);

        assertThat(receiveMarked(pipe)).isEqualTo("OK x1");
    }

    @Test
    void theStrongestPolicyWins() {
        Pipe pipe = bed.pipe(4, 8);
        run(bed.a, "img");
        ok(bed.send(pipe.send(), "x"));

        bed.a.reset(StaleMessages.FLUSH);
        bed.a.reset(StaleMessages.TAG);
        bed.a.reset(StaleMessages.KEEP);
        assertThat(pipe.queue().count()).isZero();
        ok((int) sendResult(bed.rm, pipe.master(), "late")); // stands for a call that was under way
        bed.tasks.runAll();

        assertThat(pipe.queue().count()).isZero();
    }

    @Test
    void aSendThatWasUnderWayIsTreatedLikeTheRest() {
        Pipe pipe = bed.pipe(4, 8);
        run(bed.a, "img");
        atSend = () -> bed.a.reset(StaleMessages.TAG);

        ok(bed.send(pipe.send(), "x"));
        bed.tasks.runAll();

        assertThat(receiveMarked(pipe)).isEqualTo("OK x1 stale");
    }

    @Test
    void aPolicyEndsWithItsReset() {
        Pipe pipe = bed.pipe(4, 8);
        bed.a.reset(StaleMessages.FLUSH);
        ok(bed.send(pipe.send(), "x"));
        run(bed.a, "img");
        bed.a.stop(StopReason.SHUTDOWN);
        bed.tasks.runAll();
        bed.a.reset(StaleMessages.KEEP);

        assertThat(receiveMarked(pipe)).isEqualTo("OK x1");
    }

    // ---- two at once ----

    /** Everything of two VMs that a guest could see. */
    private String endState(List<VirtualMachine> vms, List<Pipe> pipes) {
        var text = new StringBuilder();
        vms.forEach(vm -> {
            text.append(vm).append('\n');
            vm.interrupts()
                    .forEachLine(line -> text.append(line).append(" bound ").append(line.source() != null));
        });
        pipes.forEach(pipe -> text.append(pipe.queue().count()).append('\n'));
        return text.toString();
    }

    @ParameterizedTest
    @EnumSource(StaleMessages.class)
    void twoVmsResetAtOnceEndAlikeInEveryOrder(StaleMessages policy) {
        List<String> ends = new ArrayList<>();
        for (int order = 0; order < 8; order++) {
            try (var two = new HypervisorBed(
                    SoftwareHypervisor.builder().guestPrograms((vmid, image) -> new Program(image)))) {
                ends.add(resetTwo(two, policy, order));
            }
        }
        assertThat(ends).containsOnly(ends.get(0));
    }

    private String resetTwo(HypervisorBed two, StaleMessages policy, int order) {
        Pipe there = two.pipe(2, 8, 50);
        long back = two.activeQueue(2, 8);
        long sendBack = two.give(back, two.cspaceOfB, GunyahRights.MSGQ_SEND);
        ok(two.rmCalls.msgqBindReceiveVirq(back, two.vicOfA, 60));
        two.a.start("a", tree);
        two.b.start("b", tree);
        two.tasks.runAll();
        ok(two.send(there.send(), "x"));
        ok((int) sendResult(two.b, sendBack, "y"));
        boolean swap = (order & 1) != 0;
        VirtualMachine first = swap ? two.b : two.a;
        VirtualMachine second = swap ? two.a : two.b;
        if ((order & 2) != 0) {
            two.hypervisor.reset(List.of(first, second), policy, () -> {});
        } else {
            first.reset(policy);
            if ((order & 4) != 0) {
                two.tasks.runOne();
            }
            second.reset(policy);
        }
        two.tasks.runAll();
        assertThat(first.state()).isEqualTo(State.RESET);
        assertThat(second.state()).isEqualTo(State.RESET);
        return endState(List.of(two.a, two.b), List.of(there));
    }

    @Test
    void resettingTogetherTellsOnceAndRefusesStrangers() {
        run(bed.a, "img");
        bed.hypervisor.reset(List.of(bed.a, bed.b), StaleMessages.KEEP, () -> note("all done"));
        bed.tasks.runAll();
        assertThat(notes)
                .containsExactly(
                        "vm 3 is RESETTING",
                        "vm 4 is RESETTING",
                        "vm 4 is RESET",
                        "img stops: RESET",
                        "vm 3 is RESET",
                        "all done");

        assertThatThrownBy(() -> bed.hypervisor.reset(List.of(), StaleMessages.KEEP, () -> {}))
                .isInstanceOf(IllegalArgumentException.class);
        try (var other = new HypervisorBed()) {
            assertThatThrownBy(() -> bed.hypervisor.reset(List.of(bed.a, other.a), StaleMessages.KEEP, () -> {}))
                    .isInstanceOf(IllegalArgumentException.class);
        }
        bed.b.destroy();
        refusedWith(
                Errno.EINVAL, () -> bed.hypervisor.reset(List.of(bed.a, bed.b), StaleMessages.KEEP, () -> note("no")));
        assertThat(bed.a.state()).isEqualTo(State.RESET);
        assertThat(notes).doesNotContain("no");
    }

    // ---- the listener ----

    @Test
    void theListenerHearsEachChangeOnceAndInOrderAlsoFromInside() {
        onChange = () -> {
            if (bed.a.state() == State.RESET) {
                bed.a.start("again", tree);
            }
        };
        bed.a.reset(StaleMessages.KEEP);
        onChange = () -> {};
        bed.tasks.runAll();
        bed.a.stop(StopReason.SHUTDOWN);
        bed.tasks.runAll();
        bed.a.destroy();
        bed.a.destroy();

        assertThat(notes)
                .containsExactly(
                        "vm 3 is RESETTING",
                        "vm 3 is RESET",
                        "vm 3 is STARTING",
                        "vm 3 is RUNNING",
                        "again starts",
                        "vm 3 is STOPPING",
                        "again stops: SHUTDOWN",
                        "vm 3 is STOPPED",
                        "vm 3 is DESTROYED");
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aListenerThatThrowsIsLogged(boolean error) {
        onChange = () -> fail(error);
        try (var log = new LogCapture(VirtualMachine.class)) {
            bed.a.reset(StaleMessages.KEEP, () -> note("done"));

            assertThat(log.lines())
                    .contains("ERROR the listener failed (vm 3, RESETTING)", "ERROR the listener failed (vm 3, RESET)");
        }
        assertThat(notes).endsWith("done");
    }

    @Test
    void survivorsHearOfAResetAfterItsMessagesWereTreated() {
        Pipe pipe = bed.pipe(2, 8);
        ok(bed.send(pipe.send(), "x"));
        onChange = () -> notes.add(receiveMarked(pipe));
        bed.a.reset(StaleMessages.FLUSH);

        assertThat(notes.subList(0, 2)).containsExactly("vm 3 is RESETTING", "MSGQUEUE_EMPTY \0000");
    }
}
