// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm;

import dev.hwmailbox.MailboxException;

/**
 * Hears which message queues to other VMs come and go.
 *
 * <p>Context: a task of the scheduler, one at a time and in order, with no lock held; must not block for long; may call
 * {@link VmChannels}, the controller and the Resource Manager. An exception is logged, and the other listeners are told
 * all the same.
 *
 * <p>Gunyah counterpart: none; clients of drivers/virt/gunyah/gh_msgq.c (la_kernel_qcom) are never told that a queue is
 * gone.
 *
 * @since 0.1
 */
public interface VmChannelListener {
    /**
     * There are new queues. A subscription that waits for them has its channel already.
     *
     * @param channel the queues
     */
    default void appeared(VmChannel channel) {}

    /**
     * Queues have been replaced by others with the same partner and label: a capability, an interrupt or a direction is
     * another one. A channel that a subscription had to the old ones is closed.
     *
     * @param before the queues that are gone
     * @param now the queues in their place
     */
    default void changed(VmChannel before, VmChannel now) {}

    /**
     * Queues must not be used any more: their VM has ended, is being reset, or the Resource Manager lists them no
     * longer. A channel that a subscription had to them is closed; one that was requested otherwise is to be closed by
     * whoever requested it.
     *
     * @param channel the queues
     */
    default void gone(VmChannel channel) {}

    /**
     * The VM at the other end of queues that stay has ended or is being reset; told once for each end of it. Channels
     * of subscriptions to them have been told: what waits to be sent ends with ECONNRESET.
     *
     * @param channel the queues
     */
    default void peerReset(VmChannel channel) {}

    /**
     * What the Resource Manager says about a VM's queues is not to be had or not to be used; those known before stay.
     *
     * @param vmid the VM
     * @param cause why: the errno of the call that failed, or EINVAL with what is wrong with an entry
     */
    default void unavailable(int vmid, MailboxException cause) {}
}
