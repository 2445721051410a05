// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm.server;

import static dev.hwmailbox.gunyah.rm.server.RmTestBed.VM_DEALLOC;
import static dev.hwmailbox.gunyah.rm.server.RmTestBed.VM_EXIT;
import static dev.hwmailbox.gunyah.rm.server.RmTestBed.VM_INIT;
import static dev.hwmailbox.gunyah.rm.server.RmTestBed.VM_RESET;
import static dev.hwmailbox.gunyah.rm.server.RmTestBed.VM_START;
import static dev.hwmailbox.gunyah.rm.server.RmTestBed.VM_STOP;
import static org.assertj.core.api.Assertions.assertThat;

import dev.hwmailbox.gunyah.hypervisor.GuestProgram.StopReason;
import dev.hwmailbox.gunyah.hypervisor.SoftwareHypervisor.Census;
import dev.hwmailbox.gunyah.hypervisor.StaleMessages;
import dev.hwmailbox.gunyah.hypervisor.VirtualMachine;
import java.time.Duration;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/** VMs whose programs do not stop when they are told to, or that somebody else has stopped. */
final class VmStopperTest {
    private static final int FORCE = 1 << 16;
    private static final int NORESOURCE = 2;
    private static final int VM_STATE = 0x14;
    private static final int RUNNING = 3;
    private static final int EXITED = 9;
    private static final int RESET = 11;
    private static final int VMID = 128;
    private static final Duration PATIENCE = Duration.ofSeconds(VmStopper.PATIENCE_SECONDS);
    private static final Duration A_MOMENT = Duration.ofNanos(1);

    private final RmTestBed bed = new RmTestBed();
    private final byte[] tree = TestTree.minimal().queuePair(1).blob();
    private int handle;

    @Test
    void forcedStopOfAProgramThatDoesNotStopIsAnsweredAfterTenSeconds() {
        Census before = bed.census();
        bed.deaf.add(VMID);
        bed.boot(0, tree);
        bed.notifications();
        bed.send(bed.hostEnd, VM_STOP, RmTestBed.words(VMID | FORCE, 3));
        bed.scheduler.advance(PATIENCE.minus(A_MOMENT));
        assertThat(bed.receiveAll(bed.hostEnd)).isEmpty();
        assertThat(bed.call(VM_STOP, VMID | FORCE, 3).error()).isEqualTo(VM_STATE);
        assertThat(bed.state(VMID)).isEqualTo(RUNNING);

        bed.scheduler.advance(A_MOMENT);
        assertThat(bed.receiveAll(bed.hostEnd))
                .extracting(RawGuest.Message::id)
                .containsExactly(RmTestBed.VM_STATUS, RmTestBed.VM_EXITED, VM_STOP);
        bed.ok(VM_RESET, VMID);
        assertThat(bed.state(VMID)).isEqualTo(RESET);
        bed.ok(RmTestBed.MEM_RECLAIM, 0, 0);
        bed.ok(VM_DEALLOC, VMID);
        bed.notifications();

        assertThat(machine().memory().read(0x8000_0000L, new byte[1], 0, 1))
                .as("the program has lost the memory that the host has back")
                .isNotZero();
        bed.notRunning.runUntilIdle();
        assertThat(bed.census()).isEqualTo(before);
    }

    @Test
    void numberOfAProgramThatDoesNotStopCanBeInitialisedWhenItHas() {
        bed.deaf.add(VMID);
        bed.boot(0, tree);
        bed.send(bed.hostEnd, VM_STOP, RmTestBed.words(VMID | FORCE, 3));
        bed.scheduler.runDue();
        bed.scheduler.advance(PATIENCE);
        bed.receiveAll(bed.hostEnd);
        bed.ok(VM_RESET, VMID);
        bed.ok(RmTestBed.MEM_RECLAIM, 0, 0);
        bed.prepare(VMID, 0, tree);
        assertThat(bed.call(VM_INIT, VMID).error()).isEqualTo(NORESOURCE);

        bed.notRunning.runUntilIdle();
        bed.deaf.clear();
        bed.ok(VM_RESET, VMID);
        bed.prepare(VMID, 1, tree);
        bed.ok(VM_INIT, VMID);
        bed.ok(VM_START, VMID);
    }

    @Test
    void programThatStopsLateChangesNothingAnyMore() {
        bed.deaf.add(VMID);
        bed.boot(0, tree);
        bed.server.vcpuPoweredOff(VMID);
        bed.scheduler.runDue();
        bed.scheduler.advance(PATIENCE);
        assertThat(bed.news()).contains("STATUS 128 9", "EXITED 128 type 1");

        bed.notRunning.runUntilIdle();

        assertThat(bed.news()).isEmpty();
        assertThat(bed.state(VMID)).isEqualTo(EXITED);
    }

    @Test
    void closeDoesNotWaitForAProgramThatDoesNotStop() {
        bed.deaf.add(VMID);
        bed.boot(0, tree);
        bed.boot(1, TestTree.minimal().blob());
        bed.server.close();
        bed.scheduler.runDue();
        assertThat(bed.hypervisor.vm(255)).isPresent();

        bed.scheduler.advance(PATIENCE);

        assertThat(bed.hypervisor.vm(255)).isEmpty();
        byte[] all = new byte[RmTestBed.MEMORY_SIZE];
        assertThat(bed.host.memory().read(RmTestBed.MEMORY, all, 0, all.length)).isZero();
        bed.notRunning.runUntilIdle();
        assertThat(bed.hypervisor.vm(VMID)).isEmpty();
    }

    // ---- somebody else ends the VM ----

    @Test
    void vmThatTheEmbedderHasStoppedOrResetCanBeStopped() {
        endedBy(machine -> machine.stop(StopReason.SHUTDOWN), true);
        endedBy(machine -> machine.stop(StopReason.SHUTDOWN), false);
        endedBy(machine -> machine.reset(StaleMessages.KEEP), true);
        endedBy(machine -> machine.reset(StaleMessages.FLUSH), false);
    }

    private void endedBy(Consumer<VirtualMachine> deed, boolean done) {
        Census before = bed.census();
        int vmid = bed.boot(0, tree);
        deed.accept(machine());
        if (done) {
            bed.scheduler.runDue();
        }
        bed.ok(VM_STOP, vmid | FORCE, 3);
        assertThat(bed.state(vmid)).isEqualTo(EXITED);
        bed.ok(VM_RESET, vmid);
        bed.ok(VM_DEALLOC, vmid);
        bed.notifications();
        bed.ok(RmTestBed.MEM_RECLAIM, handle++, 0);
        assertThat(bed.census()).isEqualTo(before);
    }

    @Test
    void guestThatTheEmbedderIsStoppingCanExit() {
        int vmid = bed.boot(0, tree);
        bed.notifications();
        bed.send(bed.guest(vmid), VM_EXIT, RmTestBed.words(0));
        machine().stop(StopReason.SHUTDOWN);
        assertThat(bed.news()).containsExactly("STATUS 128 9", "EXITED 128 type 0");
    }

    @Test
    void closeTakesBackVmsThatTheEmbedderHasStopped() {
        bed.boot(0, tree);
        bed.boot(1, TestTree.minimal().blob());
        machine().stop(StopReason.SHUTDOWN);
        bed.scheduler.runDue();

        bed.server.close();

        assertThat(bed.census()).isEqualTo(new Census(1, 0, 0, 0, 0, 0));
    }

    private VirtualMachine machine() {
        return bed.hypervisor.vm(VMID).orElseThrow();
    }
}
