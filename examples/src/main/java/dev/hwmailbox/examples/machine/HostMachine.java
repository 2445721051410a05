// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.machine;

import dev.hwmailbox.Completion;
import dev.hwmailbox.gunyah.CapabilityId;
import dev.hwmailbox.gunyah.GunyahError;
import dev.hwmailbox.gunyah.hypervisor.GuestProgram;
import dev.hwmailbox.gunyah.hypervisor.MemoryExtent;
import dev.hwmailbox.gunyah.hypervisor.SoftwareHypervisor;
import dev.hwmailbox.gunyah.hypervisor.VirtualMachine;
import dev.hwmailbox.gunyah.hypervisor.VirtualMachine.State;
import dev.hwmailbox.gunyah.msgq.GunyahMsgqController;
import dev.hwmailbox.gunyah.msgq.MsgqEndpoint;
import dev.hwmailbox.gunyah.rm.protocol.RmFrame;
import dev.hwmailbox.gunyah.rm.server.ResourceManagerServer;
import java.util.function.UnaryOperator;

/**
 * A hypervisor with a Resource Manager and the host VM. The host has memory to lend to {@link #MAX_GUESTS} guests, a
 * controller, and boot-time queues to the Resource Manager that nobody uses yet.
 *
 * <p>Context: any thread; {@link #close} waits for the Resource Manager to end.
 *
 * @since 0.1
 */
public final class HostMachine implements AutoCloseable {
    /** Guests that there is memory for. */
    public static final int MAX_GUESTS = 8;

    /** Size of a guest's memory, in bytes. */
    public static final int GUEST_MEMORY_SIZE = 4 << 20;

    /** Where in a guest's memory its image is. */
    public static final int IMAGE_OFFSET = 2 << 20;

    /** Room for the image, in bytes: it grows when its VM is started. */
    public static final int IMAGE_ROOM = 64 << 10;

    private static final long MEMORY = 0x84000000L;
    private static final int DEPTH = 8;

    private final MsgqEndpoint endpoint =
            new MsgqEndpoint(CapabilityId.of(0x10), 960, CapabilityId.of(0x11), 961, RmFrame.MAX_LENGTH);
    private final Completion serverGone = new Completion();
    private final SoftwareHypervisor hypervisor;
    private final ResourceManagerServer server;
    private final VirtualMachine vm;
    private final GunyahMsgqController controller;

    /**
     * Builds the machine.
     *
     * @param platform time and threads; stays open
     * @param guests what runs in the guests
     * @param settings what else the hypervisor is to be
     */
    public HostMachine(
            Platform platform, GuestProgram.Factory guests, UnaryOperator<SoftwareHypervisor.Builder> settings) {
        hypervisor = settings.apply(SoftwareHypervisor.builder())
                .schedulers(platform::scheduler)
                .interruptDelivery(platform::interruptDelivery)
                .guestPrograms(guests)
                .lifeCycle(this::vmChanged)
                .build();
        vm = hypervisor.createVm(ResourceManagerServer.HOST_VMID);
        vm.memory().map(MEMORY, MemoryExtent.allocate(MAX_GUESTS * GUEST_MEMORY_SIZE));
        server = ResourceManagerServer.builder(hypervisor).build();
        server.attachHost(vm, endpoint, DEPTH);
        controller = GunyahMsgqController.builder(vm.hypercalls(), vm.interrupts(), vm.scheduler())
                .build();
    }

    /**
     * The host VM.
     *
     * @return the VM
     */
    public VirtualMachine vm() {
        return vm;
    }

    /**
     * The hypervisor.
     *
     * @return for its census and dump
     */
    public SoftwareHypervisor hypervisor() {
        return hypervisor;
    }

    /**
     * The host's controller.
     *
     * @return for channels of the host
     */
    public GunyahMsgqController controller() {
        return controller;
    }

    /**
     * The host's boot-time queues.
     *
     * @return the channel to the Resource Manager
     */
    public MsgqEndpoint bootEndpoint() {
        return endpoint;
    }

    /**
     * Where the memory for a guest begins.
     *
     * @param guest 0..{@value #MAX_GUESTS} - 1
     * @return an address of the host
     */
    public static long memoryOf(int guest) {
        return MEMORY + (long) guest * GUEST_MEMORY_SIZE;
    }

    /**
     * Writes an image into the memory for a guest, which must not be lent.
     *
     * @param guest 0..{@value #MAX_GUESTS} - 1
     * @param image at most {@link #IMAGE_ROOM} bytes
     */
    public void writeImage(int guest, byte[] image) {
        if (image.length > IMAGE_ROOM) {
            throw new MachineFailure(
                    "the image has %d bytes, there is room for %d".formatted(image.length, IMAGE_ROOM));
        }
        int status = vm.memory().write(memoryOf(guest) + IMAGE_OFFSET, image, 0, image.length);
        if (status != GunyahError.OK) {
            throw new MachineFailure("cannot write the image of guest " + guest + ": " + GunyahError.name(status));
        }
    }

    private void vmChanged(VirtualMachine changed, State state) {
        if (changed.vmid() == ResourceManagerServer.VMID && state == State.DESTROYED && serverGone.complete(0)) {
            vm.scheduler().wake(serverGone);
        }
    }

    /**
     * Closes everything.
     *
     * @throws MachineFailure if something is left in the hypervisor
     */
    @Override
    public void close() {
        controller.close();
        server.close();
        boolean gone = vm.scheduler().await(serverGone, Platform.PATIENCE.toNanos());
        hypervisor.close();
        if (!gone || !hypervisor.census().isEmpty()) {
            throw new MachineFailure("something is left in the hypervisor: " + hypervisor.census());
        }
    }
}
