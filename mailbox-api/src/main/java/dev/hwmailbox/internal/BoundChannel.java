// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.internal;

import dev.hwmailbox.ChannelEvent;
import dev.hwmailbox.ClientOptions;
import dev.hwmailbox.Errno;
import dev.hwmailbox.MailboxChannel;
import dev.hwmailbox.MailboxClient;
import dev.hwmailbox.MailboxException;
import dev.hwmailbox.controller.TxDoneMethod;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One binding of a client to a channel, behind the client's face ({@link MailboxChannel}) and the controller's: its
 * life, events, and receiving. The ways to send are in {@link Sending}, how messages move in {@link Transmission}.
 */
public abstract class BoundChannel extends Sending {
    private static final Logger LOG = LoggerFactory.getLogger(BoundChannel.class);

    // Written in the section.
    private byte eventsTold;
    private boolean evicted; // and not closed by the client since
    private boolean unbound;

    // Who delivers received data, by the thread's id; of several at a time, one of them. Asked only by threads that
    // look
    // for themselves, and a thread always sees what it has written itself.
    private long receiver;

    /**
     * Makes the state of a binding.
     *
     * @param client the owner
     * @param options its options
     * @param nativeMethod the channel's completion method without regard to the client
     * @param ringLength how many messages can be queued
     */
    protected BoundChannel(MailboxClient client, ClientOptions options, TxDoneMethod nativeMethod, int ringLength) {
        super(client, options, effective(nativeMethod, options), ringLength);
    }

    private static TxDoneMethod effective(TxDoneMethod nativeMethod, ClientOptions options) {
        return nativeMethod == TxDoneMethod.POLL && options.knowsTxDone() ? TxDoneMethod.ACK : nativeMethod;
    }

    /**
     * The channel's completion method without regard to the client.
     *
     * @return the method
     */
    protected abstract TxDoneMethod nativeMethod();

    /**
     * Takes the binding off the channel, which can be bound again.
     *
     * @param lastTxId the next binding numbers its attempts from there
     */
    protected abstract void unbind(long lastTxId);

    /** Gives the reference to the controller's owner back. */
    protected abstract void releaseOwner();

    /**
     * Starts up.
     *
     * @return 0 or an errno
     */
    protected abstract int startup();

    /** Shuts down. */
    protected abstract void shutdown();

    /**
     * Asks about the message in flight.
     *
     * @return true if it has left
     */
    protected abstract boolean lastTxDone();

    /**
     * Tells whether {@link #flushData} exists.
     *
     * @return true if so
     */
    protected abstract boolean canFlush();

    /**
     * Waits for transmission.
     *
     * @param timeoutNanos longest wait
     * @return 0 or an errno
     */
    protected abstract int flushData(long timeoutNanos);

    /**
     * Delivers received data.
     *
     * @return true if there was some
     */
    protected abstract boolean pushReceived();

    /**
     * The client's face.
     *
     * @return the channel as the client has it
     */
    public final MailboxChannel face() {
        return face;
    }

    /**
     * Whose reports count.
     *
     * @return the method in this binding or, once it is over, without regard to its client
     */
    public final TxDoneMethod method() {
        return life == CLOSED ? nativeMethod() : method;
    }

    /**
     * The client reports the message in flight as done.
     *
     * @param status its status
     */
    public final void reportByClient(int status) {
        TxDoneMethod current = method();
        if (current == TxDoneMethod.ACK) {
            reportInFlight(status);
        } else {
            complain(Complaint.NOT_ACK_METHOD, "completion reported by the client, but the method is " + current);
        }
    }

    /**
     * Starts the channel up.
     *
     * @param lastTxId the last number that earlier bindings used
     */
    public final void open(long lastTxId) {
        start(lastTxId);
        int result;
        try {
            result = startup();
        } catch (Throwable e) {
            end(false, false);
            if (!(e instanceof Error) && !(e instanceof MailboxException)) {
                throw new MailboxException(Errno.EIO, "startup threw (" + this + ")", e);
            }
            throw e;
        }
        if (result != 0) {
            complain(Complaint.STARTUP_FAILED, "startup failed: " + result);
            end(false, false);
            throw new MailboxException(-result, "startup failed (" + this + ")");
        }
        if (!opened()) {
            end(true, true);
            throw new MailboxException(Errno.ESHUTDOWN, "closed during startup (" + this + ")");
        }
    }

    private boolean opened() {
        enter();
        try {
            if (life == STARTING) {
                life = OPEN;
            }
            return life == OPEN;
        } finally {
            leave();
        }
    }

    /** Ends the binding. Of an evicted one, gives up what is left of it. */
    public final void close() {
        if (beginClose(false)) {
            end(true, true);
        } else if (takeEvicted()) {
            Failures.rethrow(releaseOwner(null));
        }
    }

    /**
     * Ends the binding once its messages have been reported, or after a time.
     *
     * @param timeoutNanos longest wait
     * @return what {@link #awaitDrained} answers
     */
    public final int closeDrained(long timeoutNanos) {
        int result = awaitDrained(timeoutNanos);
        if (result != -Errno.EDEADLK && result != -Errno.EINVAL) {
            close();
        }
        return result;
    }

    /** Ends the binding without shutdown; its reference to the controller's owner stays until the client closes. */
    public final void evict() {
        if (beginClose(true)) {
            end(false, true);
        }
    }

    /** True if the caller has to end the binding; during startup the starting thread has to. */
    private boolean beginClose(boolean evict) {
        enter();
        try {
            byte before = life;
            life = before < CLOSING ? CLOSING : before;
            evicted |= evict && before == OPEN;
            return before == OPEN;
        } finally {
            leave();
        }
    }

    private boolean takeEvicted() {
        enter();
        try {
            // Not off the channel yet, it gives everything up when it leaves.
            boolean taken = evicted && unbound;
            evicted = false;
            return taken;
        } finally {
            leave();
        }
    }

    @Override
    final @Nullable Error released(long lastTxId, @Nullable Error kept) {
        unbind(lastTxId);
        return keepsOwner() ? kept : releaseOwner(kept);
    }

    private boolean keepsOwner() {
        enter();
        try {
            unbound = true;
            return evicted;
        } finally {
            leave();
        }
    }

    private @Nullable Error releaseOwner(@Nullable Error kept) {
        try {
            releaseOwner();
            return kept;
        } catch (Throwable e) {
            return Failures.note(LOG, this, "releasing the owner", e, kept);
        }
    }

    private void end(boolean shutdown, boolean tell) {
        Error failure = null;
        if (shutdown) {
            try {
                shutdown();
            } catch (Throwable e) {
                failure = Failures.note(LOG, this, "shutdown", e, null);
            }
        }
        failure = abandon(failure);
        if (tell) {
            failure = tell(ChannelEvent.CLOSED, failure);
        }
        Failures.rethrow(failure);
    }

    /**
     * Tells the client of an event that concerns the whole channel, the first time.
     *
     * @param event the event
     */
    public final void raise(ChannelEvent event) {
        if (life != NEW && !isClosed()) {
            Failures.rethrow(tell(event, null));
        }
    }

    @SuppressWarnings("EnumOrdinal") // a bit for each, in four bytes
    @Override
    final @Nullable Error tell(ChannelEvent event, @Nullable Error kept) {
        int bit = 1 << event.ordinal();
        boolean told;
        enter();
        try {
            told = (eventsTold & bit) != 0;
            eventsTold = (byte) (eventsTold | bit);
        } finally {
            leave();
        }
        return told ? kept : Callbacks.event(client, face, event, kept);
    }

    /**
     * Asks the controller about the message in flight.
     *
     * @return true if there is one and it is still on its way
     */
    public final boolean poll() {
        long attempt = polledAttempt();
        if (attempt == 0) {
            return false;
        }
        boolean sent = false;
        try {
            sent = lastTxDone();
        } catch (Throwable e) {
            Failures.rethrow(Failures.note(LOG, this, "lastTxDone", e, null));
        }
        if (sent) {
            report(attempt, 0);
        }
        return !sent;
    }

    /**
     * Has the controller finish transmission.
     *
     * @param timeoutNanos longest wait
     * @return its answer, or negative errno
     */
    public final int flush(long timeoutNanos) {
        if (isClosed()) {
            return -Errno.EINVAL;
        }
        int result = -Errno.EIO;
        Error failure = null;
        try {
            if (!canFlush()) {
                return -Errno.ENOTSUPP;
            }
            result = flushData(timeoutNanos);
        } catch (Throwable e) {
            failure = Failures.note(LOG, this, "flush", e, null);
        }
        if (result < 0) {
            reportInFlight(result);
        }
        Failures.rethrow(failure);
        return result;
    }

    /**
     * Has the controller deliver received data.
     *
     * @return true if there was some
     */
    public final boolean peekData() {
        try {
            return pushReceived();
        } catch (Throwable e) {
            Failures.rethrow(Failures.note(LOG, this, "peekData", e, null));
            return false;
        }
    }

    /**
     * Hands received data to the client: from startup on, and until shutdown has returned, as the controller may be
     * emptying its buffers.
     *
     * @param message the data
     */
    public final void received(@Nullable Object message) {
        byte now = life;
        if (now != NEW && now != CLOSED) {
            long self = Thread.currentThread().getId();
            long outer = receiver;
            receiver = self;
            try {
                Callbacks.rxCallback(client, face, message);
            } finally {
                receiver = outer == self ? self : 0;
            }
        }
    }

    @Override
    final boolean isReceiving(Thread thread) {
        return receiver == thread.getId();
    }
}
