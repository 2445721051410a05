// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.controller;

/**
 * Whoever provides a controller and must not go away while its channels are in use: a plug-in, a device model. Each
 * binding holds one reference from before the controller's startup until after its shutdown.
 *
 * <p>Context: any thread, with no lock held; must not block.
 *
 * <p>Kernel counterpart: {@code try_module_get} and {@code module_put} on the controller's driver, as
 * drivers/mailbox/mailbox.c uses them (Linux 6.12).
 *
 * @since 0.1
 */
public interface ControllerOwner {
    /**
     * Takes a reference.
     *
     * @return false if the provider is going away: the binding then fails with EBUSY
     */
    boolean tryAcquire();

    /** Gives a reference back. */
    void release();
}
