// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.msgq;

import dev.hwmailbox.MailboxChannel;
import dev.hwmailbox.MailboxException;
import dev.hwmailbox.controller.ControllerChannel;
import dev.hwmailbox.gunyah.GunyahHypercalls;
import dev.hwmailbox.gunyah.InterruptController;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * One client's use of one slot, from request to close: its resources, its interrupts, and who is inside. The slot's
 * next client gets a new one, so nothing that is late can touch it; and the slot is given back only when the last call
 * through this binding has left.
 */
abstract class MsgqBinding implements SlotOwner {
    /** Added to a count of users once no more may enter. */
    private static final int CLOSED = Integer.MIN_VALUE;

    final ControllerChannel channel;
    final MsgqEndpoint endpoint;
    final ControllerSettings settings;
    final GunyahHypercalls hypercalls;
    final InterruptController interrupts;

    private final Runnable released;

    /** Calls under way; {@link #CLOSED} is added once no more may enter. */
    private final AtomicInteger users = new AtomicInteger();

    private boolean begun;
    private boolean txAttached;
    private boolean rxAttached;
    private @Nullable MailboxException startupFailure;
    private volatile @Nullable MailboxChannel face;

    /**
     * Makes a binding.
     *
     * @param released called once, when the slot can be used again
     */
    MsgqBinding(ControllerSettings settings, ControllerChannel channel, MsgqEndpoint endpoint, Runnable released) {
        this.settings = settings;
        this.channel = channel;
        this.endpoint = endpoint;
        this.released = released;
        hypercalls = settings.hypercalls();
        interrupts = settings.interrupts();
    }

    @Override
    public final @Nullable MsgqEndpoint endpoint() {
        return isClosed() ? null : endpoint;
    }

    /** What made {@link #startup} fail, in full. */
    @Nullable
    final MailboxException startupFailure() {
        return startupFailure;
    }

    /** The framework has bound the client. */
    void opened(MailboxChannel face) {
        this.face = face;
    }

    /** What the client has of the channel, or null before it has it. */
    @Nullable
    final MailboxChannel face() {
        return face;
    }

    /** Registering takes a channel from its client without telling the controller. */
    @Override
    public final void yieldIfEvicted() {
        if (face != null && !channel.isBound()) {
            close();
        }
    }

    /**
     * Sends. Called by one thread at a time; until it returns the framework keeps the channel from its next owner.
     *
     * @return 0 or negative errno, see {@link dev.hwmailbox.controller.ChannelOps#sendData}
     */
    abstract int sendData(@Nullable Object message, long txId);

    /** The queue to send on has said that there is room. */
    abstract void txInterrupt();

    /** The queue to receive from has said that there is something to read. Runs are the line's: one at a time. */
    abstract void rxInterrupt();

    /** Delivers what has been received; false if there was nothing, or somebody else is delivering it. */
    boolean peekData() {
        return false;
    }

    /** Checks and prepares the queues, before interrupts are attached. */
    abstract void prepare();

    /** Stops what is deferred. The receive interrupt is detached already, the transmit interrupt is not yet. */
    abstract void stopDeferred();

    /** The controller has been suspended. */
    void suspend() {}

    /** The controller has been resumed; what this leads to comes later. */
    void resume() {}

    final boolean isSuspended() {
        return settings.suspension().isActive();
    }

    /** The first time only: a binding is started by the request it was made for. */
    final boolean begin() {
        boolean first = !begun && !isClosed();
        begun = true;
        return first;
    }

    final int startup() {
        try {
            prepare();
            if (endpoint.canSend()) {
                attach("txVirq", endpoint.txVirq(), guarded(this::txInterrupt));
                txAttached = true;
                attached();
            }
            if (endpoint.canReceive()) {
                attach("rxVirq", endpoint.rxVirq(), this::rxInterrupt);
                rxAttached = true;
                if (endpoint.wakesUp()) {
                    interrupts.wakeUp(endpoint.rxVirq(), true);
                }
            }
            return 0;
        } catch (MailboxException e) {
            startupFailure = e;
            return -e.errno();
        }
    }

    /** The transmit interrupt has been attached. */
    void attached() {}

    private void attach(String field, int virq, Runnable handler) {
        try {
            interrupts.attach(virq, handler);
        } catch (MailboxException e) {
            throw RequestRefusedException.unattachable(field, virq, e);
        } catch (Throwable e) { // the handler's: the line has it
            interrupts.detach(virq);
            throw e;
        }
    }

    /** Stops everything without waiting; the slot is free again once the last call has left. */
    final void close() {
        int before = users.getAndUpdate(count -> count < 0 ? count : count + 1 | CLOSED);
        if (before < 0) {
            return;
        }
        try {
            if (rxAttached) {
                if (endpoint.wakesUp()) {
                    interrupts.wakeUp(endpoint.rxVirq(), false);
                }
                interrupts.detach(endpoint.rxVirq());
            }
        } finally {
            try {
                stopDeferred();
                if (txAttached) {
                    interrupts.detach(endpoint.txVirq());
                }
            } finally {
                leave();
            }
        }
    }

    /** While {@link #close} is at work: something else is inside, which will {@link #leave}. */
    final void awaitAnother() {
        users.incrementAndGet();
    }

    final boolean isClosed() {
        return users.get() < 0;
    }

    final int done(long txId, int status) {
        channel.txDone(txId, status);
        return 0;
    }

    /** A call from outside: it does nothing once the binding is closed, and the slot stays taken while it runs. */
    final Runnable guarded(Runnable call) {
        return () -> {
            if (enter()) {
                try {
                    call.run();
                } finally {
                    leave();
                }
            }
        };
    }

    /** A call from outside begins; false if it must not. */
    final boolean enter() {
        int count;
        do {
            count = users.get();
            if (count < 0) {
                return false;
            }
        } while (!users.compareAndSet(count, count + 1));
        return true;
    }

    final void leave() {
        if (users.decrementAndGet() == CLOSED) {
            released.run();
        }
    }
}
