// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.machine;

import dev.hwmailbox.Errno;
import dev.hwmailbox.MailboxException;
import dev.hwmailbox.MailboxScheduler;
import dev.hwmailbox.gunyah.GunyahDeviceTree;
import dev.hwmailbox.gunyah.hypervisor.GuestContext;
import dev.hwmailbox.gunyah.msgq.GunyahMsgqController;
import dev.hwmailbox.gunyah.msgq.MsgqEndpoint;
import dev.hwmailbox.gunyah.msgq.ReservationKey;
import dev.hwmailbox.gunyah.rm.ResourceManager;
import dev.hwmailbox.gunyah.rm.VmChannels;
import dev.hwmailbox.gunyah.rm.protocol.RmMessage;
import dev.hwmailbox.gunyah.rm.protocol.RmMessageId;
import dev.hwmailbox.gunyah.rm.protocol.VmExitRequest;
import dev.hwmailbox.gunyah.rm.server.ResourceManagerServer;

/**
 * What a guest's software has: it is bound to the Resource Manager, finds its channels, and exits when it is asked to
 * shut down.
 *
 * <p>Context: any thread; opening and {@link #exit} may block.
 *
 * @since 0.1
 */
public final class GuestConnection implements AutoCloseable {
    /** The queue pair to the owner, of 240 bytes and 8 messages. */
    public static final ReservationKey TO_OWNER =
            new ReservationKey(ResourceManagerServer.HOST_VMID, GuestImage.CONTROL_LABEL);

    private final GuestContext vm;
    private final GunyahMsgqController controller;
    private final ResourceManager resourceManager;
    private final VmChannels channels;

    /**
     * Connects a guest.
     *
     * @param vm the guest
     */
    public GuestConnection(GuestContext vm) {
        this.vm = vm;
        controller = GunyahMsgqController.builder(vm.hypercalls(), vm.interrupts(), vm.scheduler())
                .build();
        MsgqEndpoint endpoint = MsgqEndpoint.of(GunyahDeviceTree.resourceManager(vm.devicetree()));
        resourceManager = ResourceManager.bind(controller, endpoint, vm.scheduler());
        resourceManager.addListener(this::notified);
        channels =
                VmChannels.builder(resourceManager, controller, vm.scheduler()).build();
    }

    /**
     * Which VM this is.
     *
     * @return its number
     */
    public int vmid() {
        return vm.vmid();
    }

    /**
     * What it runs on.
     *
     * @return the guest
     */
    public GuestContext vm() {
        return vm;
    }

    /**
     * The guest's scheduler, on which its channels call their clients.
     *
     * @return the scheduler
     */
    public MailboxScheduler scheduler() {
        return vm.scheduler();
    }

    /**
     * The guest's controller.
     *
     * @return to suspend, or to count its slots
     */
    public GunyahMsgqController controller() {
        return controller;
    }

    /**
     * The guest's client of the Resource Manager.
     *
     * @return the client
     */
    public ResourceManager resourceManager() {
        return resourceManager;
    }

    /**
     * The guest's channels.
     *
     * @return where to subscribe
     */
    public VmChannels channels() {
        return channels;
    }

    /** Ends the VM, of its own accord. */
    public void exit() {
        unlessStopped(() ->
                resourceManager.call(RmMessageId.VM_EXIT, new VmExitRequest(0, VmExitRequest.CODE_NORMAL).encode()));
    }

    /**
     * Makes calls to the Resource Manager of which the VM may not live to see the reply: that it is stopped meanwhile
     * ends them without a word.
     *
     * @param calls the calls
     */
    public void unlessStopped(Runnable calls) {
        try {
            calls.run();
        } catch (MailboxException e) {
            if (e.errno() != Errno.ESHUTDOWN) {
                throw e;
            }
        }
    }

    private void notified(RmMessage notification) {
        if (notification.messageId() == RmMessageId.NOTIFY_VM_SHUTDOWN) {
            exit();
        }
    }

    @Override
    public void close() {
        channels.close();
        resourceManager.close();
        controller.close();
    }
}
