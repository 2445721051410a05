// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.controller;

import dev.hwmailbox.ChannelEvent;
import dev.hwmailbox.Errno;
import dev.hwmailbox.MailboxChannel;
import dev.hwmailbox.MailboxClient;
import dev.hwmailbox.MailboxException;
import dev.hwmailbox.internal.ChannelState;
import dev.hwmailbox.internal.Complaint;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A channel as its controller sees it. It exists as long as the controller, bound or not, and stays small: what a
 * binding needs is made by {@link #bindClient}.
 *
 * <p>Context: any thread, also from operations and callbacks; never blocks. What is reported or delivered without a
 * client is dropped.
 *
 * <p>Kernel counterpart: {@code struct mbox_chan} as include/linux/mailbox_controller.h uses it (Linux 6.12).
 *
 * @since 0.1
 */
public final class ControllerChannel {
    private static final VarHandle BINDING;

    static {
        try {
            BINDING = MethodHandles.lookup().findVarHandle(ControllerChannel.class, "binding", Binding.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final MailboxController controller;
    private final int index;
    private volatile @Nullable Binding binding;
    private @Nullable Object privateData;
    // The last transmission of earlier bindings. Only whoever holds the binding writes it, when it lets go.
    private long lastTxId;

    ControllerChannel(MailboxController controller, int index) {
        this.controller = controller;
        this.index = index;
    }

    /**
     * The controller.
     *
     * @return whose channel this is
     */
    public MailboxController controller() {
        return controller;
    }

    /**
     * The channel's number.
     *
     * @return 0 to the controller's channel count - 1
     */
    public int index() {
        return index;
    }

    /**
     * What the driver has attached. Kernel counterpart: {@code con_priv}.
     *
     * @return the driver's object, or null
     */
    public @Nullable Object privateData() {
        return privateData;
    }

    /**
     * Attaches an object of the driver's. The framework does not look at it; the driver orders its own accesses.
     *
     * @param data the object, or null
     */
    public void privateData(@Nullable Object data) {
        privateData = data;
    }

    /**
     * Tells whether a client owns the channel.
     *
     * @return true from the beginning of {@link #bindClient} until the binding has ended
     */
    public boolean isBound() {
        return binding != null;
    }

    /**
     * Binds a client. The controller need not be registered.
     *
     * <p>Context: any thread; may block as long as {@link ChannelOps#startup} does.
     *
     * <p>Kernel counterpart: {@code mbox_bind_client}, drivers/mailbox/mailbox.c (Linux 6.12). Differs: a failed
     * startup is not followed by a shutdown.
     *
     * @param client the new owner
     * @return the channel for the client
     * @throws MailboxException EBUSY if the channel has an owner, the last attempt of a closed one is still on its way,
     *     or the {@link ControllerOwner} refuses a reference; the negated result of startup if that is not 0, EIO if it
     *     threw; ESHUTDOWN if the channel was closed during startup. A {@code MailboxException} that startup throws,
     *     and whatever the controller's owner throws, passes through
     */
    public MailboxChannel bindClient(MailboxClient client) {
        Objects.requireNonNull(client, "client");
        var candidate = new Binding(this, client, client.options());
        if (!BINDING.compareAndSet(this, null, candidate)) {
            throw busy("channel has an owner");
        }
        if (!acquireOwner()) {
            throw busy("the controller is going away");
        }
        candidate.open(lastTxId);
        return candidate.face();
    }

    private boolean acquireOwner() {
        ControllerOwner owner = controller.owner();
        boolean acquired = false;
        try {
            acquired = owner == null || owner.tryAcquire();
        } finally {
            if (!acquired) {
                binding = null;
            }
        }
        return acquired;
    }

    private MailboxException busy(String fact) {
        controller.diagnostics().complain(Complaint.BUSY, this, fact);
        return new MailboxException(Errno.EBUSY, fact + " (" + this + ")");
    }

    /**
     * Reports that the message in flight is done, whichever it is; for controllers whose hardware does not say. With
     * nothing in flight a refused message is tried again. On channels whose method is not {@link TxDoneMethod#IRQ} the
     * call is logged and does nothing, bound or not.
     *
     * <p>Kernel counterpart: {@code mbox_chan_txdone}, drivers/mailbox/mailbox.c (Linux 6.12).
     *
     * @param status told to the client: 0, or a negative errno
     */
    public void txDone(int status) {
        Binding current = binding;
        if (reportsByController(current) && current != null) {
            current.reportInFlight(status);
        }
    }

    /**
     * Reports that a certain transmission is done. If it is not in flight, because its sender gave up or the channel
     * was closed, nothing happens: a late completion cannot end somebody else's message.
     *
     * <p>Kernel counterpart: none; there a late completion ends the next message (Linux 6.12).
     *
     * @param txId the transmission, as {@link ChannelOps#sendData} was told
     * @param status told to the client: 0, or a negative errno
     */
    public void txDone(long txId, int status) {
        Binding current = binding;
        if (reportsByController(current) && current != null) {
            current.report(txId, status);
        }
    }

    private boolean reportsByController(@Nullable Binding current) {
        TxDoneMethod method = current != null ? current.method() : controller.txDoneMethod(index);
        if (method == TxDoneMethod.IRQ) {
            return true;
        }
        String fact = "completion reported by the controller, but the method is " + method;
        controller.diagnostics().complain(Complaint.NOT_IRQ_METHOD, this, fact);
        return false;
    }

    /**
     * Has a refused message tried again, now that there is room. Completes nothing; with a message in flight or an
     * empty queue it does nothing.
     *
     * <p>Kernel counterpart: none; there only a completion report does it (Linux 6.12).
     */
    public void resubmit() {
        Binding current = binding;
        if (current != null) {
            current.resubmit();
        }
    }

    /**
     * Delivers received data to the client, on the calling thread, before this returns.
     *
     * <p>Kernel counterpart: {@code mbox_chan_received_data}, drivers/mailbox/mailbox.c (Linux 6.12). Differs: without
     * a client the data is dropped.
     *
     * @param message the data; null for a bare signal
     */
    public void receivedData(@Nullable Object message) {
        Binding current = binding;
        if (current != null) {
            current.received(message);
        }
    }

    /**
     * How many messages wait for their turn: a refused one and one that is being handed over are among them, the one in
     * flight is not.
     *
     * @return a number that may have changed already; 0 if the channel is not bound
     */
    public int queued() {
        return state().queued();
    }

    /**
     * Tells the client that something has happened to the channel as a whole; a second time in one binding does
     * nothing.
     *
     * @param event what; not {@link ChannelEvent#CLOSED}, which the framework tells
     * @throws IllegalArgumentException if the event is CLOSED
     */
    public void raiseEvent(ChannelEvent event) {
        Objects.requireNonNull(event, "event");
        if (event == ChannelEvent.CLOSED) {
            throw new IllegalArgumentException("CLOSED is not for controllers to raise");
        }
        Binding current = binding;
        if (current != null) {
            current.raise(event);
        }
    }

    /** Ends the binding, if there is one, as the client's close would. */
    void close() {
        Binding current = binding;
        if (current != null) {
            current.close();
        }
    }

    /** Ends the binding, if there is one, without shutdown. */
    void evict() {
        Binding current = binding;
        if (current != null) {
            current.evict();
        }
    }

    @Nullable
    Binding binding() {
        return binding;
    }

    /** What the channel is doing, for diagnosis. */
    ChannelState state() {
        Binding current = binding;
        return current != null
                ? current.state()
                : new ChannelState(null, false, null, 0, controller.txDoneMethod(index));
    }

    void released(long lastTxId) {
        this.lastTxId = lastTxId;
        binding = null;
    }

    /**
     * Names the channel, for logs.
     *
     * @return controller and index, such as {@code gunyah-msgq/3}
     */
    @Override
    public String toString() {
        return controller.name() + "/" + index;
    }
}
