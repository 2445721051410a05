// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hwmailbox.MailboxException;
import dev.hwmailbox.gunyah.CapabilityId;
import dev.hwmailbox.gunyah.GunyahError;
import dev.hwmailbox.gunyah.hypervisor.MemoryExtent;
import dev.hwmailbox.gunyah.hypervisor.SoftwareHypervisor;
import dev.hwmailbox.gunyah.hypervisor.SoftwareHypervisor.Census;
import dev.hwmailbox.gunyah.hypervisor.VirtualMachine;
import dev.hwmailbox.gunyah.msgq.MsgqEndpoint;
import dev.hwmailbox.gunyah.rm.protocol.RmMessage;
import dev.hwmailbox.gunyah.rm.protocol.RmMessageId;
import dev.hwmailbox.testing.VirtualScheduler;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** The server as a whole: the host's arrival, the listener, queries that must not tell too much, and the end. */
final class ResourceManagerServerTest {
    private static final int FORCE = 1 << 16;
    private static final int VM_GET_ID = 0x56000010;
    private static final int NORESOURCE = 2;
    private static final Census HOST_AND_ITS_LINES = new Census(1, 0, 0, 0, 0, 0);

    private final RmTestBed bed = new RmTestBed();
    private final byte[] tree = TestTree.minimal().queuePair(0x10).blob();

    // ---- the host ----

    @Test
    void hostIsTakenInOnceAndOnlyTheHost() {
        MsgqEndpoint endpoint = new MsgqEndpoint(CapabilityId.of(0x20), 970, CapabilityId.of(0x21), 971, 240);
        assertThatThrownBy(() -> bed.server.attachHost(bed.host, endpoint, 8)).isInstanceOf(MailboxException.class);
        VirtualMachine other = bed.hypervisor.createVm(77);
        assertThatThrownBy(() -> bed.server.attachHost(other, endpoint, 8)).isInstanceOf(MailboxException.class);
    }

    @Test
    void hostThatCannotBeTakenInLeavesNothingBehind() {
        VirtualScheduler scheduler = new VirtualScheduler();
        SoftwareHypervisor hypervisor =
                SoftwareHypervisor.builder().schedulers(vmid -> scheduler).build();
        ResourceManagerServer server = ResourceManagerServer.builder(hypervisor).build();
        VirtualMachine host = hypervisor.createVm(3);
        Census before = hypervisor.census();
        MsgqEndpoint endpoint = new MsgqEndpoint(CapabilityId.of(0x10), 960, CapabilityId.of(0x11), 961, 240);
        assertThatThrownBy(() -> server.attachHost(host, endpoint, 256)).isInstanceOf(MailboxException.class);
        assertThat(hypervisor.census()).isEqualTo(before);

        server.attachHost(host, endpoint, 8);
    }

    @Test
    void hostWhoseQueuesDoNotTakeWholeFramesIsRefused() {
        VirtualScheduler scheduler = new VirtualScheduler();
        SoftwareHypervisor hypervisor =
                SoftwareHypervisor.builder().schedulers(vmid -> scheduler).build();
        ResourceManagerServer server = ResourceManagerServer.builder(hypervisor).build();
        MsgqEndpoint small = new MsgqEndpoint(CapabilityId.of(0x10), 960, CapabilityId.of(0x11), 961, 239);

        assertThatThrownBy(() -> server.attachHost(hypervisor.createVm(3), small, 8))
                .isInstanceOf(MailboxException.class)
                .hasMessageContaining("frames have up to 240 bytes");
    }

    @Test
    void thereIsOneResourceManagerOnAHypervisor() {
        assertThatThrownBy(() -> ResourceManagerServer.builder(bed.hypervisor).build())
                .isInstanceOf(MailboxException.class);
    }

    // ---- the listener ----

    @Test
    void listenerSeesRequestsRepliesWithTheirReasonsAndNotifications() {
        List<String> seen = new ArrayList<>();
        RmTestBed watched = new RmTestBed(
                new RmServerListener() {
                    @Override
                    public void request(int vmid, RmMessage request) {
                        seen.add("%d asks %x".formatted(vmid, request.messageId()));
                    }

                    @Override
                    public void reply(int vmid, RmMessage reply, String reason) {
                        seen.add("%d is told %d %s".formatted(vmid, reply.error(), reason.isEmpty() ? "" : "why"));
                    }

                    @Override
                    public void notification(int vmid, RmMessage notification) {
                        seen.add("%d hears %x".formatted(vmid, notification.messageId()));
                    }
                },
                options -> options);
        watched.call(RmTestBed.VM_GET_VMID);
        watched.call(RmTestBed.VM_START, 128);
        int vmid = watched.allocate();
        watched.configure(vmid, 9);

        assertThat(seen)
                .containsExactly(
                        "3 asks 56000024",
                        "3 is told 0 ",
                        "3 asks 56000004",
                        "3 is told 13 why",
                        "3 asks 56000001",
                        "3 is told 0 ",
                        "3 asks 56000009",
                        "3 hears 56100008",
                        "3 is told 10 why");
    }

    @Test
    void listenerThatThrowsHarmsNobody() {
        RmTestBed watched = new RmTestBed(
                new RmServerListener() {
                    @Override
                    public void request(int vmid, RmMessage request) {
                        throw new IllegalStateException("request");
                    }

                    @Override
                    public void reply(int vmid, RmMessage reply, String reason) {
                        throw new IllegalStateException("reply");
                    }

                    @Override
                    public void notification(int vmid, RmMessage notification) {
                        throw new IllegalStateException("notification");
                    }
                },
                options -> options);
        int vmid = watched.boot(0, tree);
        assertThat(watched.notifications()).hasSize(3);
        watched.ok(RmTestBed.VM_STOP, vmid | FORCE, 3);
    }

    // ---- what a guest may know ----

    @Test
    void guestLearnsNothingOfCapabilitiesThatAreNotItsOwn() {
        int first = bed.boot(0, tree);
        int second = bed.boot(1, TestTree.minimal().blob());
        RawGuest guest = bed.guest(second);
        for (int vmid : new int[] {255, first, second, 3}) {
            RmTestBed.Answer answer = bed.call(guest, RmTestBed.VM_GET_RESOURCES, RmTestBed.words(vmid));
            assertThat(answer.error()).isZero();
            assertThat(answer.word()).as("resources of %d", vmid).isZero();
        }
        assertThat(bed.resources(255))
                .as("the host sees the Resource Manager's vCPU")
                .isEqualTo(1);
    }

    @Test
    void namesOfAVmAreForItselfItsOwnerAndItsGuests() {
        int first = bed.boot(0, tree);
        int second = bed.boot(1, TestTree.minimal().blob());
        RawGuest guest = bed.guest(second);
        assertThat(bed.call(guest, VM_GET_ID, RmTestBed.words(0)).error()).isZero();
        assertThat(bed.call(guest, VM_GET_ID, RmTestBed.words(second)).error()).isZero();
        assertThat(bed.call(guest, VM_GET_ID, RmTestBed.words(first)).error()).isEqualTo(NORESOURCE);
        assertThat(bed.call(VM_GET_ID, first).error()).isZero();
    }

    @Test
    void listOfResourcesTooLongForAReplyIsRefused() {
        TestTree many = TestTree.minimal();
        IntStream.range(0, 331).forEach(index -> doorbell(many, index));
        int vmid = bed.allocate();
        bed.prepare(vmid, 0, many.blob());
        bed.ok(RmTestBed.VM_INIT, vmid);
        assertThat(bed.resources(vmid)).isEqualTo(332);

        doorbell(many, 331);
        int larger = bed.allocate();
        bed.prepare(larger, 1, many.blob());
        bed.ok(RmTestBed.VM_INIT, larger);
        assertThat(bed.call(RmTestBed.VM_GET_RESOURCES, larger).error()).isEqualTo(NORESOURCE);
    }

    /** The guest is rung, at an interrupt of its choice; the host needs none. */
    private static void doorbell(TestTree tree, int index) {
        tree.device(
                "d" + index,
                device -> device.property("vdevice-type", "doorbell")
                        .flag("peer-default")
                        .property("interrupts", 0, index, 1));
    }

    // ---- the end ----

    @Test
    void closeTakesBackVmsInEveryState() {
        bed.allocate();
        bed.prepare(bed.allocate(), 0, tree);
        int ready = bed.allocate();
        bed.prepare(ready, 1, tree);
        bed.ok(RmTestBed.VM_INIT, ready);
        bed.boot(2, tree);
        bed.boot(3, TestTree.minimal().blob());
        int exited = bed.boot(4, tree);
        bed.ok(RmTestBed.VM_STOP, exited | FORCE, 3);

        bed.server.close();

        assertThat(bed.census()).isEqualTo(HOST_AND_ITS_LINES);
        assertThat(bed.guests).as("all programs are stopped").isEmpty();
        bed.hypervisor.close();
        assertThat(bed.census().isEmpty()).isTrue();
    }

    @Test
    void closeGivesTheHostBackWhatItHasLentAndTakesWhatItWasLent() {
        int guest = bed.boot(0, tree);
        bed.lend(1, guest);
        bed.lend(2, bed.allocate());
        bed.prepare(bed.allocate(), 3, tree);
        int handle = bed.okAs(guest, RmTestBed.MEM_SHARE, 0, 0, 1, 3 | 6 << 16, 1, 0x80008000, 0, 0x1000, 0, 0)
                .word();
        bed.ok(RmMessageId.MEM_ACCEPT, handle, 2 << 8 | 0x80 << 16, 0, 0, 3 << 16 | 1, 0x5000_0000, 0, 0x1000, 0, 0);
        assertThat(bed.host.memory().read(0x5000_0000L, new byte[1], 0, 1)).isZero();
        bed.ok(RmMessageId.VM_IRQ_LEND, guest, 70, 0);
        bed.server.raiseInterrupt(70);
        bed.scheduler.runDue();
        AtomicInteger raised = new AtomicInteger();
        bed.host.interrupts().attach(70, raised::incrementAndGet);

        bed.server.close();

        bed.scheduler.runUntilIdle();
        assertThat(bed.hypervisor.vm(255)).isEmpty();
        byte[] all = new byte[RmTestBed.MEMORY_SIZE];
        assertThat(bed.host.memory().read(RmTestBed.MEMORY, all, 0, all.length)).isZero();
        assertThat(bed.host.memory().read(0x5000_0000L, new byte[1], 0, 1)).isEqualTo(GunyahError.ADDR_INVALID);
        assertThat(raised).hasValue(1);
    }

    @Test
    void closeLeavesAloneWhatTheHostHasPutInThePlaceOfLentMemory() {
        bed.lend(1, bed.allocate());
        bed.host.memory().map(RmTestBed.address(1), MemoryExtent.allocate(4096));
        bed.server.close();
        assertThat(bed.census()).isEqualTo(HOST_AND_ITS_LINES);
    }

    @Test
    void closeWhileAVmStopsTakesItBackWhenItHasStopped() {
        int vmid = bed.boot(0, tree);
        bed.notifications();
        bed.atStop(stopping -> bed.server.close());
        bed.send(bed.hostEnd, RmTestBed.VM_STOP, RmTestBed.words(vmid | FORCE, 3));

        assertThat(bed.census()).isEqualTo(HOST_AND_ITS_LINES);
    }

    @Test
    void closeWhileAVmIsResetTakesItBack() {
        int vmid = bed.allocate();
        bed.prepare(vmid, 0, tree);
        bed.ok(RmTestBed.VM_INIT, vmid);
        bed.send(bed.hostEnd, RmTestBed.VM_RESET, RmTestBed.words(vmid));
        for (int i = 0; i < 3; i++) {
            bed.scheduler.execute(bed.server::close);
        }

        assertThat(bed.census()).isEqualTo(HOST_AND_ITS_LINES);
    }

    @Test
    void nothingIsServedAfterClose() {
        bed.server.close();
        bed.send(bed.hostEnd, RmTestBed.VM_ALLOC, RmTestBed.words(0));
        bed.scheduler.runUntilIdle();

        assertThat(bed.census()).isEqualTo(HOST_AND_ITS_LINES);
        bed.server.close();
        bed.scheduler.runUntilIdle();
    }

    @Test
    void requestThatComesWhileGuestsAreBeingStoppedIsNotServed() {
        List<RmMessage> requests = new ArrayList<>();
        RmTestBed watched = new RmTestBed(
                new RmServerListener() {
                    @Override
                    public void request(int vmid, RmMessage request) {
                        requests.add(request);
                    }
                },
                options -> options);
        watched.boot(0, tree);
        watched.notifications();
        requests.clear();
        watched.send(watched.hostEnd, RmTestBed.VM_GET_VMID, new byte[0]);
        watched.server.close();

        assertThat(watched.census()).isEqualTo(HOST_AND_ITS_LINES);
        assertThat(requests).isEmpty();
    }

    @Test
    void anotherServerCanFollow() {
        bed.boot(0, tree);
        bed.server.close();
        bed.scheduler.runUntilIdle();

        ResourceManagerServer next =
                ResourceManagerServer.builder(bed.hypervisor).build();
        MsgqEndpoint endpoint = new MsgqEndpoint(CapabilityId.of(0x10), 960, CapabilityId.of(0x11), 961, 240);
        next.attachHost(bed.host, endpoint, 8);
        assertThat(bed.call(new RawGuest(bed.host.hypercalls(), endpoint), RmTestBed.VM_GET_VMID, new byte[0])
                        .word())
                .isEqualTo(3);
    }

    @Test
    void closeAfterTheHypervisorIsQuiet() {
        bed.boot(0, tree);
        bed.hypervisor.close();
        bed.server.close();
        assertThat(bed.census().isEmpty()).isTrue();
    }
}
