// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.machine;

import dev.hwmailbox.gunyah.msgq.ReservationKey;
import dev.hwmailbox.gunyah.rm.ResourceManager;
import dev.hwmailbox.gunyah.rm.protocol.MemAclEntry;
import dev.hwmailbox.gunyah.rm.protocol.MemParcelRequest;
import dev.hwmailbox.gunyah.rm.protocol.MemRange;
import dev.hwmailbox.gunyah.rm.protocol.VmConfigImageRequest;
import dev.hwmailbox.gunyah.rm.protocol.VmState;
import java.util.List;

/**
 * A guest, as its owner handles it: any number of lives, each with queues of its own.
 *
 * <p>Context: the thread that made the machine; may block.
 *
 * @since 0.1
 */
public final class Guest {
    private final Machine machine;
    private final ResourceManager resourceManager;
    private final int index;
    private final int vmid;
    private int memory;
    private boolean configured;

    Guest(Machine machine, int index) {
        this.machine = machine;
        this.index = index;
        resourceManager = machine.resourceManager();
        vmid = resourceManager.allocateVmid();
    }

    /**
     * Which VM it is.
     *
     * @return its number, the same in all lives
     */
    public int vmid() {
        return vmid;
    }

    /**
     * The queue pair to it, of 240 bytes and 8 messages.
     *
     * @return what its owner subscribes to
     */
    public ReservationKey channel() {
        return new ReservationKey(vmid, GuestImage.CONTROL_LABEL);
    }

    /** Begins a life: lends memory with an image, configures, initialises and starts the VM. */
    public void start() {
        if (configured) {
            throw new IllegalStateException("VM " + vmid + " has been started");
        }
        machine.host().writeImage(index, GuestImage.blob());
        memory = resourceManager.lendMemory(new MemParcelRequest(
                MemParcelRequest.TYPE_NORMAL,
                0,
                0,
                List.of(new MemAclEntry(vmid, MemAclEntry.READ | MemAclEntry.WRITE | MemAclEntry.EXECUTE)),
                List.of(new MemRange(HostMachine.memoryOf(index), HostMachine.GUEST_MEMORY_SIZE)),
                List.of()));
        configured = true;
        resourceManager.configureImage(new VmConfigImageRequest(
                vmid,
                VmConfigImageRequest.AUTH_NONE,
                memory,
                0,
                HostMachine.IMAGE_OFFSET,
                HostMachine.IMAGE_OFFSET,
                HostMachine.IMAGE_ROOM));
        resourceManager.initialise(vmid);
        resourceManager.start(vmid);
    }

    /**
     * Stops the VM, unless it has exited by itself, and waits until it has and the owner's channels to it are closed.
     *
     * @param force do not ask it to shut down, and do not wait for it to do so
     */
    public void stop(boolean force) {
        if (!machine.watch().isIn(vmid, VmState.EXITED)) {
            resourceManager.stop(vmid, force);
        }
        awaitExit();
    }

    /** Waits until the VM has exited by itself, and the owner's channels to it are closed. */
    public void awaitExit() {
        machine.watch().awaitState(vmid, VmState.EXITED);
        machine.watch().awaitQueuesGone(vmid);
    }

    /** Ends a life: stops the VM by force if it still runs, resets it and takes its memory back. */
    public void reset() {
        if (!machine.watch().isIn(vmid, VmState.EXITED)) {
            stop(true);
        }
        resourceManager.reset(vmid);
        machine.watch().awaitState(vmid, VmState.RESET);
        resourceManager.reclaimMemory(memory);
        configured = false;
    }

    /** Ends a life by force and begins another. */
    public void restart() {
        reset();
        start();
    }

    void release() {
        if (configured) {
            reset();
        }
        resourceManager.deallocateVmid(vmid);
    }

    @Override
    public String toString() {
        return "VM " + vmid;
    }
}
