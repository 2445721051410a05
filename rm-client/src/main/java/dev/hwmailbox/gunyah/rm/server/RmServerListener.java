// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm.server;

import dev.hwmailbox.gunyah.rm.protocol.RmMessage;

/**
 * Sees what a {@link ResourceManagerServer} is asked and answers: for time lines, logs and tests.
 *
 * <p>Context: a task of the Resource Manager VM's scheduler, one call at a time; must not block, must not throw.
 *
 * @since 0.1
 */
public interface RmServerListener {
    /**
     * A request has arrived, whole.
     *
     * @param vmid who asks
     * @param request the request
     */
    default void request(int vmid, RmMessage request) {}

    /**
     * A reply is being sent.
     *
     * @param vmid who asked
     * @param reply the reply
     * @param reason why the request was refused, in words; empty if it was not
     */
    default void reply(int vmid, RmMessage reply, String reason) {}

    /**
     * A notification is being sent.
     *
     * @param vmid who is told
     * @param notification the notification
     */
    default void notification(int vmid, RmMessage notification) {}

    /**
     * A reply or notification is dropped, because the VM it is for does not read and too many wait; the listener has
     * seen it being sent.
     *
     * @param vmid who will not get it
     * @param message the message
     */
    default void lost(int vmid, RmMessage message) {}
}
