// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm;

import dev.hwmailbox.gunyah.rm.protocol.RmMessage;

/**
 * Hears the Resource Manager's notifications.
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
}
