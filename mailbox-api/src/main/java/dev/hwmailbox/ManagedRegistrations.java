// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox;

import dev.hwmailbox.controller.MailboxController;
import dev.hwmailbox.internal.Complaint;
import dev.hwmailbox.internal.Failures;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Registrations that end together, such as those of one device: closing undoes them, the latest first.
 *
 * <p>Context: any thread, also from callbacks; never blocks, and calls nobody while it holds its lock.
 *
 * <p>Kernel counterpart: {@code devm_mbox_controller_register} and {@code devm_mbox_controller_unregister},
 * drivers/mailbox/mailbox.c (Linux 6.12).
 *
 * @since 0.1
 */
public final class ManagedRegistrations implements AutoCloseable {
    private final Mailboxes mailboxes;

    // guards: managed
    private final ReentrantLock lock = new ReentrantLock();
    private final List<MailboxController> managed = new ArrayList<>();

    ManagedRegistrations(Mailboxes mailboxes) {
        this.mailboxes = mailboxes;
    }

    /**
     * Registers a controller, as {@link Mailboxes#register} does, until this is closed. A registration that fails
     * leaves nothing behind. After a close, registering begins anew.
     *
     * @param controller the controller
     * @throws MailboxException as {@link Mailboxes#register}
     */
    public void register(MailboxController controller) {
        try {
            mailboxes.register(controller);
        } catch (Error e) { // a callback's: the controller is registered all the same
            manage(controller);
            throw e;
        }
        manage(controller);
    }

    private void manage(MailboxController controller) {
        lock.lock();
        try {
            managed.add(controller);
        } finally {
            lock.unlock();
        }
    }

    /**
     * Undoes one registration now.
     *
     * @param controller the controller
     * @return true if it was registered here; otherwise nothing has happened, and that is logged, unless it had been
     *     unregistered in another way meanwhile
     */
    public boolean unregister(MailboxController controller) {
        Objects.requireNonNull(controller, "controller");
        if (!take(controller)) {
            mailboxes.diagnostics().complain(Complaint.NOT_MANAGED, controller, "no managed registration to undo");
            return false;
        }
        return mailboxes.unregister(controller);
    }

    private boolean take(MailboxController controller) {
        lock.lock();
        try {
            return managed.remove(controller);
        } finally {
            lock.unlock();
        }
    }

    /** Undoes all registrations, the latest first. Closing again does nothing. */
    @Override
    public void close() {
        Error failure = null;
        for (MailboxController last = takeLast(); last != null; last = takeLast()) {
            try {
                mailboxes.unregister(last);
            } catch (Error e) { // the other controllers are not to blame
                failure = failure == null ? e : failure;
            }
        }
        Failures.rethrow(failure);
    }

    private @Nullable MailboxController takeLast() {
        lock.lock();
        try {
            return managed.isEmpty() ? null : managed.remove(managed.size() - 1);
        } finally {
            lock.unlock();
        }
    }

    /** The controllers, in order of registration. */
    @Override
    public String toString() {
        lock.lock();
        try {
            return "ManagedRegistrations" + managed;
        } finally {
            lock.unlock();
        }
    }
}
