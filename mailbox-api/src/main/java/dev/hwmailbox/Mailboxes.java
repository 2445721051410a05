// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox;

import dev.hwmailbox.controller.MailboxController;
import dev.hwmailbox.devicetree.DeviceTreeException;
import dev.hwmailbox.devicetree.Node;
import dev.hwmailbox.devicetree.PhandleReference;
import dev.hwmailbox.internal.Complaint;
import dev.hwmailbox.internal.Diagnostics;
import dev.hwmailbox.internal.Failures;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The controllers of one system, and the place where clients find their channels. Nothing is global: two registries
 * side by side know nothing of each other.
 *
 * <p>A client's node lists its channels in {@code mboxes}, and names them in {@code mbox-names}; an entry leads to the
 * controllers that were registered for the node it refers to, by its path.
 *
 * <p>Context: any thread, also from callbacks; never blocks, and calls nobody while it holds its lock.
 *
 * <p>Kernel counterpart: the list of controllers in drivers/mailbox/mailbox.c (Linux 6.12), with
 * {@code mbox_controller_register}, {@code mbox_controller_unregister} and {@code mbox_request_channel}. Differs: an
 * instance, not the machine's.
 *
 * @since 0.1
 */
public final class Mailboxes implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Mailboxes.class);

    private static final String MBOXES = "mboxes";
    private static final String MBOX_NAMES = "mbox-names";
    private static final String MBOX_CELLS = "#mbox-cells";

    private final Diagnostics diagnostics;
    private final List<RegistrationListener> listeners = new CopyOnWriteArrayList<>();

    // guards: controllers, closed
    private final ReentrantLock lock = new ReentrantLock();
    private final List<MailboxController> controllers = new ArrayList<>();
    private boolean closed;

    /** Makes a registry without controllers. */
    public Mailboxes() {
        this(Diagnostics.LOG);
    }

    /** Makes a registry whose complaints go elsewhere: for the replay of recorded behaviour. */
    Mailboxes(Diagnostics diagnostics) {
        this.diagnostics = diagnostics;
    }

    Diagnostics diagnostics() {
        return diagnostics;
    }

    /**
     * Registers a controller, behind those registered before. Clients that were bound to it directly lose their
     * channels, without shutdown, as in the kernel.
     *
     * @param controller the controller
     * @throws MailboxException EBUSY if the controller is registered, here or elsewhere; ESHUTDOWN if this registry is
     *     closed
     */
    public void register(MailboxController controller) {
        Objects.requireNonNull(controller, "controller");
        if (!controller.registration().enter(this)) {
            throw new MailboxException(Errno.EBUSY, "controller is registered already (" + controller.name() + ")");
        }
        Error failure = isClosed() ? null : controller.registration().evictOwners();
        if (!add(controller)) {
            controller.registration().leave(this);
            throw new MailboxException(Errno.ESHUTDOWN, "registry is closed (" + controller.name() + ")");
        }
        LOG.debug("{} registered", controller);
        for (RegistrationListener listener : listeners) {
            try {
                listener.controllerRegistered(controller);
            } catch (Throwable e) {
                failure = Failures.note(LOG, listener, "controllerRegistered", e, failure);
            }
        }
        Failures.rethrow(failure);
    }

    private boolean isClosed() {
        lock.lock();
        try {
            return closed;
        } finally {
            lock.unlock();
        }
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
     * Takes a controller out and ends its bindings in order of the channels, as {@link MailboxChannel#close} does. It
     * can be registered again.
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
     * Makes a scope for registrations that end together.
     *
     * @return a scope without registrations
     */
    public ManagedRegistrations managed() {
        return new ManagedRegistrations(this);
    }

    /**
     * Has a listener told of each controller registered from now on. Whoever repeats deferred requests adds it before
     * the first request, so that no registration falls in between.
     *
     * @param listener the listener; one that is added twice is told twice
     */
    public void addListener(RegistrationListener listener) {
        listeners.add(Objects.requireNonNull(listener, "listener"));
    }

    /**
     * No longer tells a listener.
     *
     * @param listener the listener
     * @return true if it was there
     */
    public boolean removeListener(RegistrationListener listener) {
        return listeners.remove(Objects.requireNonNull(listener, "listener"));
    }

    /**
     * Finds a channel by its position in the {@code mboxes} of the client's node, and binds the client to it. Of
     * several controllers registered for one node the first that can translate the entry decides.
     *
     * <p>Context: any thread, also from callbacks; may block as long as the controller's startup does.
     *
     * <p>Kernel counterpart: {@code mbox_request_channel}, drivers/mailbox/mailbox.c (Linux 6.12).
     *
     * @param client the new owner; its {@link MailboxClient#node} is asked once
     * @param index position in the list, from 0
     * @return the channel
     * @throws MailboxException
     *     <ul>
     *       <li>ENODEV: the client has no node;
     *       <li>ENOENT: the node has no such entry, or an empty one;
     *       <li>EINVAL: the list cannot be read up to the entry, the index is negative, or the controller has no such
     *           channel;
     *       <li>EPROBE_DEFER: no controller is registered for the entry; worth repeating when a
     *           {@link RegistrationListener} is told of one;
     *       <li>any other errno of the controller's {@link dev.hwmailbox.controller.ChannelTranslation};
     *       <li>EBUSY, ESHUTDOWN, EIO or the errno of startup, as
     *           {@link dev.hwmailbox.controller.ControllerChannel#bindClient} has them.
     *     </ul>
     */
    public MailboxChannel requestChannel(MailboxClient client, int index) {
        return request(client, nodeOf(client), index);
    }

    /**
     * Finds a channel by its name in the {@code mbox-names} of the client's node. Names are compared as a whole.
     *
     * <p>Context: as {@link #requestChannel}.
     *
     * <p>Kernel counterpart: {@code mbox_request_channel_byname}, drivers/mailbox/mailbox.c (Linux 6.12).
     *
     * @param client the new owner; its {@link MailboxClient#node} is asked once
     * @param name the channel's name
     * @return the channel
     * @throws MailboxException EINVAL if the node does not have the name; otherwise as {@link #requestChannel}
     */
    public MailboxChannel requestChannelByName(MailboxClient client, String name) {
        Node node = nodeOf(client);
        int index;
        try {
            index = PhandleReference.indexOf(node, MBOX_NAMES, name);
        } catch (DeviceTreeException e) {
            diagnostics.complain(Complaint.NAME_NOT_FOUND, this, e.reason());
            throw e;
        }
        return request(client, node, index);
    }

    private static Node nodeOf(MailboxClient client) {
        Node node = client.node();
        if (node == null) {
            throw new MailboxException(Errno.ENODEV, "the client has no node (" + client + ")");
        }
        return node;
    }

    private MailboxChannel request(MailboxClient client, Node node, int index) {
        PhandleReference reference;
        try {
            reference = PhandleReference.find(node, MBOXES, MBOX_CELLS, index);
        } catch (DeviceTreeException e) {
            diagnostics.complain(Complaint.BAD_MBOXES, this, e.reason());
            throw e;
        }
        String where = node.path() + ": " + MBOXES + "[" + index + "]: ";
        String provider = reference.provider().path();
        List<MailboxController> candidates = registeredFor(provider);
        if (candidates.isEmpty()) {
            throw new MailboxException(Errno.EPROBE_DEFER, where + "controller " + provider + " is not registered");
        }
        int result = 0;
        for (MailboxController controller : candidates) {
            result = translate(controller, reference);
            if (result >= 0) {
                return bind(client, controller, result, where);
            }
        }
        throw new MailboxException(-result, where + "no channel of " + provider + " for " + reference);
    }

    private MailboxChannel bind(MailboxClient client, MailboxController controller, int index, String where) {
        MailboxChannel channel = controller.channel(index).bindClient(client);
        // Unregistering closes what is bound when it has left the list; what is bound afterwards is for us to close.
        if (!isRegistered(controller)) {
            channel.close();
            throw new MailboxException(
                    Errno.EPROBE_DEFER, where + "controller " + controller.name() + " was unregistered meanwhile");
        }
        return channel;
    }

    private static int translate(MailboxController controller, PhandleReference reference) {
        int index;
        try {
            index = controller.translation().channelIndex(controller, reference);
        } catch (Exception e) {
            LOG.error("{}: translation threw", controller, e);
            return -Errno.EIO;
        }
        return index < controller.channelCount() ? index : -Errno.EINVAL;
    }

    private List<MailboxController> registeredFor(String path) {
        lock.lock();
        try {
            return controllers.stream()
                    .filter(controller -> controller.node() != null
                            && controller.node().path().equals(path))
                    .toList();
        } finally {
            lock.unlock();
        }
    }

    private boolean isRegistered(MailboxController controller) {
        lock.lock();
        try {
            return controllers.contains(controller);
        } finally {
            lock.unlock();
        }
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
