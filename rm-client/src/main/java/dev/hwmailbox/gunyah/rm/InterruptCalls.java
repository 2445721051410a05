// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm;

import dev.hwmailbox.gunyah.rm.protocol.RmHandle;
import dev.hwmailbox.gunyah.rm.protocol.RmMessageId;
import dev.hwmailbox.gunyah.rm.protocol.VmIrqAcceptReply;
import dev.hwmailbox.gunyah.rm.protocol.VmIrqAcceptRequest;
import dev.hwmailbox.gunyah.rm.protocol.VmIrqLendRequest;
import dev.hwmailbox.gunyah.rm.protocol.VmIrqNotifyRequest;
import dev.hwmailbox.gunyah.rm.protocol.VmIrqUnmapRequest;
import java.util.List;

/**
 * Lending interrupts to other VMs. Hardware interrupts of this VM are lent, accepted under a number of the borrower's,
 * released and reclaimed; {@link #notifyLent} and its like have the Resource Manager tell the other side.
 *
 * <p>Context: as {@link ResourceManager}, and its errors too.
 *
 * @since 0.1
 */
public final class InterruptCalls {
    private final ResourceManager resourceManager;

    InterruptCalls(ResourceManager resourceManager) {
        this.resourceManager = resourceManager;
    }

    /**
     * Lends an interrupt of this VM.
     *
     * @param borrower the VM that may accept it
     * @param virq its number here
     * @param label what the borrower knows it by
     * @return the handle of the interrupt
     */
    public int lend(int borrower, int virq, int label) {
        return RmHandle.decode(
                        resourceManager.call(RmMessageId.VM_IRQ_LEND, new VmIrqLendRequest(borrower, virq, label)))
                .handle();
    }

    /**
     * Accepts a lent interrupt.
     *
     * @param handle from the notification VM_IRQ_LENT
     * @param virq the number it is to have here, {@link VmIrqAcceptRequest#CHOOSE} for any
     * @return the number it has here
     */
    public int accept(int handle, int virq) {
        return VmIrqAcceptReply.decode(
                        resourceManager.call(RmMessageId.VM_IRQ_ACCEPT, new VmIrqAcceptRequest(handle, virq)))
                .virq();
    }

    /**
     * Gives an accepted interrupt up.
     *
     * @param handle the interrupt
     */
    public void release(int handle) {
        resourceManager.call(RmMessageId.VM_IRQ_RELEASE, new RmHandle(handle)).requireNoData();
    }

    /**
     * Takes a lent interrupt back.
     *
     * @param handle the interrupt; not accepted by a VM any more
     */
    public void reclaim(int handle) {
        resourceManager.call(RmMessageId.VM_IRQ_RECLAIM, new RmHandle(handle)).requireNoData();
    }

    /**
     * Has borrowers told that an interrupt is lent to them.
     *
     * @param handle the interrupt
     * @param vmids who is told
     */
    public void notifyLent(int handle, List<Integer> vmids) {
        notify(handle, VmIrqNotifyRequest.FLAG_LENT, vmids);
    }

    /**
     * Has the owner told that this VM has accepted an interrupt.
     *
     * @param handle the interrupt
     */
    public void notifyAccepted(int handle) {
        notify(handle, VmIrqNotifyRequest.FLAG_ACCEPTED, List.of());
    }

    /**
     * Has the owner told that this VM has released an interrupt.
     *
     * @param handle the interrupt
     */
    public void notifyReleased(int handle) {
        notify(handle, VmIrqNotifyRequest.FLAG_RELEASED, List.of());
    }

    /**
     * Unmaps interrupts of this VM.
     *
     * @param virqs their numbers here
     */
    public void unmap(List<Integer> virqs) {
        resourceManager
                .call(RmMessageId.VM_IRQ_UNMAP, new VmIrqUnmapRequest(virqs))
                .requireNoData();
    }

    private void notify(int handle, int flags, List<Integer> vmids) {
        resourceManager
                .call(RmMessageId.VM_IRQ_NOTIFY, new VmIrqNotifyRequest(handle, flags, vmids))
                .requireNoData();
    }
}
