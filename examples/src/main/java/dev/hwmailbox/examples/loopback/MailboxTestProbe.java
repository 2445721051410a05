// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.loopback;

import dev.hwmailbox.Errno;
import dev.hwmailbox.MailboxException;
import dev.hwmailbox.MailboxScheduler;
import dev.hwmailbox.Mailboxes;
import dev.hwmailbox.RegistrationListener;
import dev.hwmailbox.controller.MailboxController;
import dev.hwmailbox.devicetree.Node;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Opens the test client of a node as soon as that is possible: now, or when one of the controllers that are registered
 * later has its channels.
 *
 * <p>Context: any thread.
 *
 * <p>Kernel counterpart: deferred probing, drivers/base/dd.c (Linux 6.12).
 */
final class MailboxTestProbe implements RegistrationListener, AutoCloseable {
    private final Mailboxes mailboxes;
    private final Node node;
    private final Windows windows;
    private final MailboxScheduler scheduler;

    // Attempts that are wanted. Whoever brings the first makes them all: no two take a channel from each other.
    private final AtomicInteger wanted = new AtomicInteger();
    private volatile @Nullable MailboxTestClient client;
    private volatile boolean closed;

    private MailboxTestProbe(Mailboxes mailboxes, Node node, Windows windows, MailboxScheduler scheduler) {
        this.mailboxes = mailboxes;
        this.node = node;
        this.windows = windows;
        this.scheduler = scheduler;
    }

    /** Starts probing. */
    static MailboxTestProbe start(Mailboxes mailboxes, Node node, Windows windows, MailboxScheduler scheduler) {
        MailboxTestProbe probe = new MailboxTestProbe(mailboxes, node, windows, scheduler);
        mailboxes.addListener(probe); // before the first attempt: no registration falls in between
        probe.probe();
        return probe;
    }

    /** The client, once there is one. */
    Optional<MailboxTestClient> client() {
        return Optional.ofNullable(client);
    }

    @Override
    public void controllerRegistered(MailboxController controller) {
        probe();
    }

    private void probe() {
        if (wanted.getAndIncrement() > 0) {
            return;
        }
        int seen;
        do {
            seen = wanted.get();
            attempt();
        } while (wanted.addAndGet(-seen) > 0);
    }

    private void attempt() {
        if (client != null || closed) {
            return;
        }
        try {
            client = MailboxTestClient.open(mailboxes, node, windows, scheduler);
        } catch (MailboxException e) {
            if (e.errno() != Errno.EPROBE_DEFER) {
                throw e;
            }
            return;
        }
        mailboxes.removeListener(this);
        if (closed) {
            close();
        }
    }

    /** Stops probing, and closes the client. */
    @Override
    public void close() {
        closed = true;
        mailboxes.removeListener(this);
        client().ifPresent(MailboxTestClient::close);
    }

    @Override
    public String toString() {
        return node.path() + ": " + client().map(MailboxTestClient::toString).orElse("deferred");
    }
}
