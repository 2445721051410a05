// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox;

import dev.hwmailbox.controller.MailboxController;
import dev.hwmailbox.internal.Failures;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The controllers of one system. Nothing is global: two registries side by side know nothing of each other.
 *
 * <p>Context: any thread, also from callbacks; never blocks, and calls nobody while it holds its lock.
 *
 * <p>Kernel counterpart: the list of controllers in drivers/mailbox/mailbox.c (Linux 6.12), with
 * {@code mbox_controller_register} and {@code mbox_controller_unregister}. Differs: an instance, not the machine's.
 *
 * @since 0.1
 */
public final class Mailboxes implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Mailboxes.class);

    // guards: controllers, closed
    private final ReentrantLock lock = new ReentrantLock();
    private final List<MailboxController> controllers = new ArrayList<>();
    private boolean closed;

    /** Makes a registry without controllers. */
    public Mailboxes() {}

    /**
     * Registers a controller, behind those registered before. Clients that were bound to it directly lose their channels,
     * without shutdown, as in the kernel.
     *
     * @param controller the controller
     * @throws MailboxException EBUSY if the controller is registered, here or elsewhere; ESHUTDOWN if this registry is closed
     */
    public void register(MailboxController controller) {
        Objects.requireNonNull(controller, "controller");
        if (!controller.registration().enter(this)) {
            throw new MailboxException(Errno.EBUSY, "controller is registered already (" + controller.name() + ")");
        }
        Error failure = controller.registration().evictOwners();
        if (!add(controller)) {
            controller.registration().leave(this);
            throw new MailboxException(Errno.ESHUTDOWN, "registry is closed (" + controller.name() + ")");
        }
        LOG.debug("{} registered", controller);
        Failures.rethrow(failure);
    }

    private boolean add(MailboxController controller) {
        lock.lock();
        try {
            return !closed && controllers.add(controller);
        } finally {
            lock.unlock();
        }
    }

    /**
     * Takes a controller out and ends its bindings in order of the channels, as {@link MailboxChannel#close} does. It can
     * be registered again.
     *
     * @param controller the controller
     * @return true if it was registered here; otherwise nothing has happened
     */
    public boolean unregister(MailboxController controller) {
        Objects.requireNonNull(controller, "controller");
        lock.lock();
        try {
            if (!controllers.remove(controller)) {
                return false;
            }
        } finally {
            lock.unlock();
        }
        Failures.rethrow(detach(controller));
        return true;
    }

    /**
     * Unregisters all controllers, the latest first, and refuses further ones. Closing again does nothing.
     *
     * <p>Context: any thread, also from callbacks; never waits.
     */
    @Override
    public void close() {
        List<MailboxController> all;
        lock.lock();
        try {
            closed = true;
            all = new ArrayList<>(controllers);
            controllers.clear();
        } finally {
            lock.unlock();
        }
        Error failure = null;
        for (int i = all.size() - 1; i >= 0; i--) {
            Error thrown = detach(all.get(i));
            failure = failure == null ? thrown : failure;
        }
        Failures.rethrow(failure);
    }

    private @Nullable Error detach(MailboxController controller) {
        Error failure = controller.registration().closeChannels();
        controller.registration().leave(this);
        LOG.debug("{} unregistered", controller);
        return failure;
    }

    /**
     * Lists the controllers, for logs.
     *
     * @return their names, in order of registration
     */
    @Override
    public String toString() {
        lock.lock();
        try {
            return "Mailboxes" + controllers;
        } finally {
            lock.unlock();
        }
    }
}
