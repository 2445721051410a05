// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.hypervisor;

import static dev.hwmailbox.gunyah.hypervisor.HypervisorBed.RX_VIRQ;
import static dev.hwmailbox.gunyah.hypervisor.HypervisorBed.ok;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.mockito.ArgumentMatchers.any;
import static org.mockito.Mockito.doAnswer;
import static org.mockito.Mockito.doThrow;
import static org.mockito.Mockito.mock;

import dev.hwmailbox.Errno;
import dev.hwmailbox.MailboxException;
import dev.hwmailbox.MailboxScheduler;
import dev.hwmailbox.devicetree.DeviceTree;
import dev.hwmailbox.gunyah.CapabilityId;
import dev.hwmailbox.gunyah.GunyahError;
import dev.hwmailbox.gunyah.GunyahException;
import dev.hwmailbox.gunyah.GunyahHypercalls;
import dev.hwmailbox.gunyah.GunyahRights;
import dev.hwmailbox.gunyah.InterruptSink;
import dev.hwmailbox.gunyah.NewCapability;
import dev.hwmailbox.gunyah.hypervisor.GuestProgram.StopReason;
import dev.hwmailbox.gunyah.hypervisor.HypervisorBed.Pipe;
import dev.hwmailbox.gunyah.hypervisor.SoftwareHypervisor.Census;
import dev.hwmailbox.gunyah.hypervisor.VirtualMachine.State;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.RejectedExecutionException;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class VirtualMachineTest {
    /** Notes its calls. */
    private final class Program implements GuestProgram {
        private final String name;

        Program(String name) {
            this.name = name;
        }

        @Override
        public void start(GuestContext vm) {
            notes.add(name + " starts in vm " + vm.vmid());
            contexts.add(vm);
            onStart.run();
        }

        @Override
        public void stop(StopReason reason) {
            notes.add(name + " stops: " + reason);
            onStop.run();
        }
    }

    private final List<String> notes = new ArrayList<>();
    private final List<GuestContext> contexts = new ArrayList<>();
    private final DeviceTree tree = mock(DeviceTree.class);
    private Runnable onStart = () -> {};
    private Runnable onStop = () -> {};
    private final HypervisorBed bed =
            new HypervisorBed(SoftwareHypervisor.builder().guestPrograms((vmid, image) -> {
                if (image.equals("bad")) {
                    throw new MailboxException(Errno.ENOENT, "no such image");
                }
                return new Program(image);
            }));

    private static void refusedWith(int errno, ThrowingCallable call) {
        assertThatThrownBy(call)
                .isInstanceOfSatisfying(
                        MailboxException.class, e -> assertThat(e.errno()).isEqualTo(errno));
    }

    private static void refusedByGunyah(int error, ThrowingCallable call) {
        assertThatThrownBy(call)
                .isInstanceOfSatisfying(
                        GunyahException.class, e -> assertThat(e.gunyahError()).isEqualTo(error));
    }

    // ---- life cycle ----

    @Test
    void startRunsTheProgramAsATaskWithItsContext() {
        bed.a.start("img", tree);
        assertThat(notes).isEmpty();
        assertThat(bed.a.state()).isEqualTo(State.RUNNING);

        bed.tasks.runAll();

        assertThat(notes).containsExactly("img starts in vm 3");
        GuestContext context = contexts.get(0);
        assertThat(context.imageName()).isEqualTo("img");
        assertThat(context.hypercalls()).isSameAs(bed.a.hypercalls());
        assertThat(context.interrupts()).isSameAs(bed.a.interrupts());
        assertThat(context.memory()).isSameAs(bed.a.memory());
        assertThat(context.scheduler()).isSameAs(bed.a.scheduler());
        assertThat(context.devicetree()).isSameAs(tree);
    }

    @Test
    void stopReportsAfterTheProgramHasStopped() {
        bed.a.start("img", tree);
        bed.a.stop(StopReason.SHUTDOWN, () -> notes.add("reported in " + bed.a.state()));
        assertThat(bed.a.state()).isEqualTo(State.STOPPING);

        bed.tasks.runAll();

        assertThat(notes).containsExactly("img starts in vm 3", "img stops: SHUTDOWN", "reported in STOPPED");
    }

    @Test
    void theReportMayStartOrDestroyTheVm() {
        bed.a.start("first", tree);
        bed.a.stop(StopReason.RESET, () -> bed.a.start("second", tree));
        bed.tasks.runAll();
        bed.a.stop(StopReason.FORCED, bed.a::destroy);
        bed.tasks.runAll();

        assertThat(notes)
                .containsExactly(
                        "first starts in vm 3", "first stops: RESET", "second starts in vm 3", "second stops: FORCED");
        assertThat(bed.a.state()).isEqualTo(State.DESTROYED);
        assertThat(bed.hypervisor.vm(HypervisorBed.A)).isEmpty();
    }

    @Test
    void aProgramThatThrowsIsLoggedAndStillStopped() {
        onStart = () -> {
            throw new IllegalStateException("on purpose");
        };
        onStop = onStart;
        try (var log = new LogCapture(VirtualMachine.class)) {
            bed.a.start("img", tree);
            bed.a.stop(StopReason.SHUTDOWN, () -> notes.add("reported"));
            bed.tasks.runAll();

            assertThat(log.lines())
                    .containsExactly("ERROR guest program failed (vm 3)", "ERROR guest program failed (vm 3)");
        }
        assertThat(notes).containsExactly("img starts in vm 3", "img stops: SHUTDOWN", "reported");
    }

    @Test
    void aFactoryThatThrowsLeavesTheVmAsItWas() {
        refusedWith(Errno.ENOENT, () -> bed.a.start("bad", tree));

        assertThat(bed.a.state()).isEqualTo(State.CREATED);
        bed.a.start("img", tree);
        bed.a.stop(StopReason.SHUTDOWN);
        bed.tasks.runAll();
        refusedWith(Errno.ENOENT, () -> bed.a.start("bad", tree));
        assertThat(bed.a.state()).isEqualTo(State.STOPPED);
    }

    @Test
    void startingWithoutGuestProgramsIsEnoent() {
        try (var plain = new HypervisorBed()) {
            refusedWith(Errno.ENOENT, () -> plain.a.start("img", tree));
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = State.class,
            names = {"CREATED", "RUNNING", "STOPPING", "STOPPED", "DESTROYED"})
    void callsOutOfOrderAreRefused(State state) {
        bring(bed.a, state);
        assertThat(bed.a.state()).isEqualTo(state);

        switch (state) {
            case CREATED, STOPPED -> refusedWith(Errno.EINVAL, () -> bed.a.stop(StopReason.FORCED));
            case RUNNING -> {
                refusedWith(Errno.EBUSY, () -> bed.a.start("img", tree));
                refusedWith(Errno.EBUSY, bed.a::destroy);
            }
            case STOPPING -> {
                refusedWith(Errno.EBUSY, () -> bed.a.start("img", tree));
                refusedWith(Errno.EBUSY, () -> bed.a.stop(StopReason.FORCED));
                refusedWith(Errno.EBUSY, bed.a::destroy);
            }
            default -> {
                refusedWith(Errno.EINVAL, () -> bed.a.start("img", tree));
                refusedWith(Errno.EINVAL, () -> bed.a.stop(StopReason.FORCED));
                bed.a.destroy();
            }
        }
        assertThat(bed.a.state()).isEqualTo(state);
    }

    private void bring(VirtualMachine vm, State state) {
        if (state == State.RUNNING || state == State.STOPPING || state == State.STOPPED) {
            vm.start("img", tree);
        }
        if (state == State.STOPPING || state == State.STOPPED) {
            vm.stop(StopReason.SHUTDOWN);
        }
        if (state == State.STOPPED) {
            bed.tasks.runAll();
        }
        if (state == State.DESTROYED) {
            vm.destroy();
        }
    }

    @Test
    void aVmWhoseProgramIsBeingMadeIsBusy() {
        var hypervisors = new SoftwareHypervisor[1];
        var builder = SoftwareHypervisor.builder().guestPrograms((vmid, image) -> {
            VirtualMachine vm = hypervisors[0].vm(vmid).orElseThrow();
            assertThat(vm.state()).isEqualTo(State.STARTING);
            refusedWith(Errno.EBUSY, () -> vm.start("again", tree));
            refusedWith(Errno.EBUSY, () -> vm.stop(StopReason.FORCED));
            refusedWith(Errno.EBUSY, vm::destroy);
            hypervisors[0].close();
            return new Program(image);
        });
        var other = new HypervisorBed(builder);
        hypervisors[0] = other.hypervisor;

        other.a.start("img", tree);
        other.tasks.runAll();

        assertThat(notes).containsExactly("img starts in vm 3", "img stops: FORCED");
        assertThat(other.hypervisor.census()).isEqualTo(new Census(0, 0, 0, 0, 0, 0));
    }

    @Test
    void closingStopsProgramsThenDestroys() {
        Pipe pipe = bed.pipe(2, 8);
        bed.b.interrupts().attach(RX_VIRQ, () -> {});
        bed.a.start("img", tree);
        onStop = () -> assertThat(bed.send(pipe.send(), "bye")).isEqualTo(GunyahError.OK);

        bed.hypervisor.close();
        bed.hypervisor.close();

        assertThat(bed.hypervisor.census().vms()).isEqualTo(1);
        assertThat(bed.a.state()).isEqualTo(State.STOPPING);
        bed.tasks.runAll();
        assertThat(notes).containsExactly("img starts in vm 3", "img stops: FORCED");
        assertThat(bed.hypervisor.census()).isEqualTo(new Census(0, 0, 0, 0, 0, 0));
        refusedWith(Errno.ESHUTDOWN, () -> bed.hypervisor.createVm(9));
    }

    @Test
    void closingWhileAVmStopsDestroysItAfterTheReport() {
        bed.a.start("img", tree);
        bed.a.stop(StopReason.SHUTDOWN, () -> bed.a.start("again", tree));

        bed.hypervisor.close();
        bed.tasks.runAll();

        assertThat(notes)
                .containsExactly(
                        "img starts in vm 3", "img stops: SHUTDOWN", "again starts in vm 3", "again stops: FORCED");
        assertThat(bed.a.state()).isEqualTo(State.DESTROYED);
    }

    // ---- destruction ----

    @Test
    void destroyingGivesEverythingBack() {
        Pipe pipe = bed.pipe(4, 8);
        ok(bed.send(pipe.send(), "x"));
        bed.b.interrupts().attach(RX_VIRQ, () -> {});
        bed.b.memory().map(0, MemoryExtent.allocate(GuestAddressSpace.PAGE_SIZE));
        int virqsBefore = bed.hypervisor.census().boundVirqs();

        bed.b.destroy();

        assertThat(bed.receive(pipe.receive())).isEqualTo("CSPACE_CAP_NULL");
        assertThat(bed.b.memory().read(0, new byte[1], 0, 1)).isEqualTo(GunyahError.ADDR_INVALID);
        assertThat(bed.hypervisor.census().boundVirqs()).isEqualTo(virqsBefore - 1);
        assertThat(bed.hypervisor.census().attachedHandlers()).isZero();
        assertThat(bed.rmCalls.msgqBindReceiveVirq(pipe.master(), bed.vicOfB, 40))
                .isEqualTo(GunyahError.CSPACE_CAP_REVOKED);
        assertThat(bed.rmCalls.cspaceDeleteCapability(bed.cspaceOfB, 0)).isEqualTo(GunyahError.CSPACE_CAP_REVOKED);
        ok(bed.rmCalls.cspaceDeleteCapability(bed.rm.cspaceCapability().value(), bed.cspaceOfB));
        assertThat(pipe.queue().count()).isEqualTo(1);
        ok(bed.rmCalls.msgqBindReceiveVirq(pipe.master(), bed.vicOfA, 40));
    }

    @Test
    void objectsWhoseLastCapabilityGoesDieWithTheVm() {
        Pipe pipe = bed.pipe(4, 8);
        ok(bed.rmCalls.cspaceDeleteCapability(bed.rm.cspaceCapability().value(), pipe.master()));
        bed.a.destroy();
        assertThat(pipe.queue().isActive()).isTrue();

        bed.b.destroy();

        assertThat(pipe.queue().state()).isEqualTo(MessageQueue.State.DESTROYED);
        assertThat(bed.hypervisor.census().messageQueues()).isZero();
    }

    @Test
    void nothingCanBeGivenToOrOfADestroyedVm() {
        CapabilityId doorbell = bed.rm.createOpaqueObject(ObjectType.DOORBELL);
        bed.a.destroy();

        refusedWith(Errno.EINVAL, () -> bed.a.grantCspaceTo(bed.rm, 1));
        refusedWith(Errno.EINVAL, () -> bed.a.grantVicTo(bed.rm, 1));
        refusedWith(Errno.EINVAL, () -> bed.rm.grantVicTo(bed.a, 1));
        refusedWith(Errno.EINVAL, () -> bed.a.grantPartition(1));
        refusedWith(Errno.EINVAL, () -> bed.a.createOpaqueObject(ObjectType.THREAD));
        refusedWith(Errno.EINVAL, () -> bed.a.installCapability(CapabilityId.of(1), bed.rm, doorbell, 1));
    }

    @Test
    void aVmMayBeMadeAgainUnderTheSameNumber() {
        bed.a.destroy();

        VirtualMachine again = bed.hypervisor.createVm(HypervisorBed.A);

        assertThat(bed.hypervisor.vm(HypervisorBed.A)).containsSame(again);
        assertThat(again.space().size()).isZero();
    }

    // ---- capabilities ----

    @Test
    void anEmptyGrantOrAFullSpaceIsRefused() {
        refusedByGunyah(GunyahError.CSPACE_INSUFFICIENT_RIGHTS, () -> bed.a.grantCspaceTo(bed.b, 0));
        try (var small = new HypervisorBed(SoftwareHypervisor.builder().capabilityLimit(7))) {
            refusedByGunyah(GunyahError.CSPACE_FULL, () -> small.a.grantCspaceTo(small.rm, 1));
        }
    }

    @Test
    void aVmOfAnotherHypervisorIsRefused() {
        try (var other = new HypervisorBed()) {
            assertThatThrownBy(() -> bed.a.grantCspaceTo(other.rm, 1)).isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> bed.a.grantVicTo(other.rm, 1)).isInstanceOf(IllegalArgumentException.class);
        }
    }

    @Test
    void anOrdinaryVmMayBeAllowedToCreate() {
        var made = new NewCapability();
        long partition =
                bed.a.grantPartition(GunyahRights.PARTITION_OBJECT_CREATE).value();
        long cspace = bed.a.grantCspaceTo(bed.a, GunyahRights.CSPACE_CAP_CREATE).value();

        ok(bed.a.hypercalls().partitionCreateMsgq(partition, cspace, made));
    }

    @Test
    void opaqueObjectsCanBeNamedCopiedAndRevoked() {
        long thread = bed.rm.createOpaqueObject(ObjectType.THREAD).value();
        long copy = bed.give(thread, bed.cspaceOfA, 1);

        ok(bed.rmCalls.cspaceRevokeCapabilities(bed.rm.cspaceCapability().value(), thread));

        assertThat(bed.a.space().find(copy)).isSameAs(Capability.REVOKED);
        refusedWith(Errno.EINVAL, () -> bed.a.createOpaqueObject(ObjectType.MSGQUEUE));
    }

    @Test
    void installsACapabilityAtTheIdADevicetreeDictates() {
        long master = bed.activeQueue(2, 8);
        CapabilityId source = CapabilityId.of(master);
        for (long id : new long[] {0, 1, 0xfffffffffffffffeL, Long.MIN_VALUE, 0xffffffff00000001L}) {
            bed.a.installCapability(CapabilityId.of(id), bed.rm, source, GunyahRights.MSGQ_SEND);
            ok(bed.send(id, "x"));
            assertThat(bed.rmCalls.msgqFlush(master)).isZero();
            refusedByGunyah(GunyahError.BUSY, () -> bed.a.installCapability(CapabilityId.of(id), bed.rm, source, 1));
        }
    }

    @Test
    void refusesToInstallWhatCannotBe() {
        CapabilityId source = CapabilityId.of(bed.activeQueue(2, 8));
        CapabilityId one = CapabilityId.of(1);

        refusedByGunyah(
                GunyahError.ARGUMENT_INVALID, () -> bed.a.installCapability(CapabilityId.INVALID, bed.rm, source, 1));
        refusedByGunyah(
                GunyahError.CSPACE_INSUFFICIENT_RIGHTS, () -> bed.a.installCapability(one, bed.rm, source, 0x100));
        refusedByGunyah(GunyahError.ARGUMENT_INVALID, () -> bed.a.installCapability(one, bed.rm, one, 1));
        refusedByGunyah(GunyahError.BUSY, () -> bed.rm.installCapability(bed.rm.cspaceCapability(), bed.rm, source, 1));
        assertThat(bed.send(1, "x")).isEqualTo(GunyahError.ARGUMENT_INVALID);
    }

    @Test
    void anInstalledCapabilityIsRevokedAndDeletedLikeAnyOther() {
        long master = bed.activeQueue(2, 8);
        bed.a.installCapability(CapabilityId.of(5), bed.rm, CapabilityId.of(master), 1);

        ok(bed.rmCalls.cspaceRevokeCapabilities(bed.rm.cspaceCapability().value(), master));
        assertThat(bed.send(5, "x")).isEqualTo(GunyahError.CSPACE_CAP_REVOKED);
        refusedByGunyah(
                GunyahError.BUSY,
                () -> bed.a.installCapability(CapabilityId.of(5), bed.rm, CapabilityId.of(master), 1));
        ok(bed.rmCalls.cspaceDeleteCapability(bed.cspaceOfA, 5));
        assertThat(bed.send(5, "x")).isEqualTo(GunyahError.CSPACE_CAP_NULL);
        bed.a.installCapability(CapabilityId.of(5), bed.rm, CapabilityId.of(master), 1);
        ok(bed.send(5, "x"));
    }

    @Test
    void aDictatedIdOfADestroyedVmIsEmptyAndNotUnheardOf() {
        var boot = CapabilityId.of(0x1234_0000_0001L);
        bed.b.installCapability(boot, bed.rm, CapabilityId.of(bed.activeQueue(2, 8)), GunyahRights.MSGQ_RECEIVE);
        GunyahHypercalls calls = bed.b.hypercalls();

        bed.b.destroy();

        assertThat(calls.msgqFlush(boot.value())).isEqualTo(GunyahError.CSPACE_CAP_NULL);
        assertThat(calls.msgqFlush(boot.value() + 1)).isEqualTo(GunyahError.ARGUMENT_INVALID);
    }

    // ---- an embedder that fails ----

    /** A sink whose calls end in an Error, once it is told to. */
    private static final class FailingSink implements InterruptSink {
        boolean failing;

        @Override
        public void assertLine(int vmid, int virq, Source source) {
            fail();
        }

        @Override
        public void clearLine(int vmid, int virq) {
            fail();
        }

        private void fail() {
            if (failing) {
                throw new StackOverflowError("on purpose");
            }
        }
    }

    private HypervisorBed bedWith(FailingSink sink) {
        return new HypervisorBed(
                SoftwareHypervisor.builder().interruptSink(sink).guestPrograms((vmid, image) -> new Program(image)));
    }

    @Test
    void aSinkThatFailsWhileMessagesAreFlushedDoesNotKeepTheVmFromComingBack() {
        var sink = new FailingSink();
        try (var other = bedWith(sink)) {
            ok(other.send(other.pipe(2, 8).send(), "x"));
            other.a.start("img", tree);
            other.tasks.runAll();
            sink.failing = true;

            try (var log = new LogCapture(VirtualMachine.class)) {
                other.a.reset(StaleMessages.FLUSH);
                other.tasks.runAll();
                assertThat(log.lines()).containsExactly("ERROR flushing msgq 0 at a reset failed (vm 3)");
            }

            assertThat(other.a.state()).isEqualTo(State.RESET);
            assertThat(notes).endsWith("img stops: RESET");
            sink.failing = false;
        }
    }

    @Test
    void closingEndsTheOtherVmsThoughASinkFails() {
        var sink = new FailingSink();
        var other = bedWith(sink);
        other.pipe(2, 8);
        other.a.memory().map(0, MemoryExtent.allocate(GuestAddressSpace.PAGE_SIZE));
        sink.failing = true;

        assertThatThrownBy(other.hypervisor::close).isInstanceOf(StackOverflowError.class);

        assertThat(other.hypervisor.census()).isEqualTo(new Census(0, 0, 0, 0, 0, 0));
        assertThat(other.a.memory().read(0, new byte[1], 0, 1)).isEqualTo(GunyahError.ADDR_INVALID);
    }

    @Test
    void aSchedulerThatRefusesToStopAProgramHoldsUpNobody() {
        MailboxScheduler refusing = mock(MailboxScheduler.class);
        var hypervisor = SoftwareHypervisor.builder()
                .schedulers(vmid -> refusing)
                .guestPrograms((vmid, image) -> new Program(image))
                .build();
        hypervisor.createVm(1).start("one", tree);
        hypervisor.createVm(2).start("two", tree);
        doThrow(new RejectedExecutionException("on purpose")).when(refusing).execute(any());

        try (var log = new LogCapture(VirtualMachine.class)) {
            hypervisor.close();
            assertThat(log.lines())
                    .containsExactlyInAnyOrder(
                            "ERROR the scheduler does not let the guest program stop (vm 1)",
                            "ERROR the scheduler does not let the guest program stop (vm 2)");
        }

        assertThat(hypervisor.census().isEmpty()).isTrue();
    }

    @Test
    void aStartThatTheSchedulerRefusesLeavesNoCallBehind() {
        var tasks = new TaskQueue();
        MailboxScheduler moody = mock(MailboxScheduler.class);
        try (var hypervisor = SoftwareHypervisor.builder()
                .schedulers(vmid -> moody)
                .guestPrograms((vmid, image) -> new Program(image))
                .build()) {
            VirtualMachine vm = hypervisor.createVm(1);
            doThrow(new RejectedExecutionException("on purpose")).when(moody).execute(any());
            assertThatThrownBy(() -> vm.start("img", tree)).isInstanceOf(RejectedExecutionException.class);
            doAnswer(call -> {
                        tasks.execute(call.getArgument(0));
                        return null;
                    })
                    .when(moody)
                    .execute(any());

            vm.stop(StopReason.FORCED);
            tasks.runAll();

            assertThat(notes).isEmpty();
            assertThat(vm.state()).isEqualTo(State.STOPPED);
        }
    }

    @Test
    void aStartThatFailsIsToldAsTheWayBack() {
        List<State> told = new ArrayList<>();
        try (var other = new HypervisorBed(SoftwareHypervisor.builder()
                .lifeCycle((vm, state) -> told.add(state))
                .guestPrograms((vmid, image) -> {
                    throw new MailboxException(Errno.ENOENT, "no such image");
                }))) {
            refusedWith(Errno.ENOENT, () -> other.a.start("bad", tree));

            assertThat(told).containsExactly(State.STARTING, State.CREATED);
        }
    }
}
