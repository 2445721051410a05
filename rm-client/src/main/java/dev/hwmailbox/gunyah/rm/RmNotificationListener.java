// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm;

import dev.hwmailbox.gunyah.rm.protocol.RmMessage;

/**
 * Hears the Resource Manager's notifications, and of its restarts.
 *
 * <p>Context: a task of the client's scheduler, in the order of arrival and one at a time; must not block for long; may
 * call the Resource Manager, but not wait for a further notification, which comes only after this one. An exception is
 * logged and the other listeners are told all the same.
 *
 * <p>Linux counterpart: {@code gh_rm_notifier_register}, drivers/virt/gunyah/rsc_mgr.c (Linux patch series). Differs:
 * listeners get the length of the payload too.
 *
 * @since 0.1
 */
@FunctionalInterface
public interface RmNotificationListener {
    /**
     * A notification has arrived.
     *
     * @param notification the notification, of any id, known or not
     */
    void notified(RmMessage notification);

    /**
     * The Resource Manager has restarted, or its channel was lost. What it told before has been heard before, and it
     * knows nothing any more of the VMs, memory and interrupts it was asked for. Calls may be made from here; they go
     * out once the channel is there again. Restarts that follow each other closely are told as one.
     *
     * @param generation how often it has restarted since the client was bound, 1 or more; see
     *     {@link ResourceManager#generation}
     */
    default void restarted(int generation) {}
}
