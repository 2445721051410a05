// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox;

import dev.hwmailbox.controller.MailboxController;

/**
 * Hears of new controllers: a request that was answered EPROBE_DEFER is worth repeating then, and not before.
 *
 * <p>Context: callback, on the thread that registers, with no lock held; must not block. May request channels.
 *
 * <p>Kernel counterpart: the driver core, which probes deferred devices again whenever a driver has been bound
 * (drivers/base/dd.c, Linux 6.12). Differs: told of mailbox controllers only.
 *
 * @since 0.1
 */
@FunctionalInterface
public interface RegistrationListener {
    /**
     * A controller has been registered and can be found.
     *
     * @param controller the controller; its {@link MailboxController#node} tells whom it serves
     */
    void controllerRegistered(MailboxController controller);
}
