// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.internal;

import dev.hwmailbox.ChannelEvent;
import dev.hwmailbox.ClientOptions;
import dev.hwmailbox.Errno;
import dev.hwmailbox.MailboxChannel;
import dev.hwmailbox.MailboxClient;
import dev.hwmailbox.MailboxException;
import dev.hwmailbox.MailboxScheduler;
import dev.hwmailbox.controller.TxDoneMethod;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One binding of a client to a channel, behind the client's face ({@link MailboxChannel}) and the controller's: its life,
 * events, and receiving. Sending is in {@link Transmission}.
 */
public abstract class BoundChannel extends Transmission {
    private static final Logger LOG = LoggerFactory.getLogger(BoundChannel.class);

    private final TxDoneMethod nativeMethod;
    private int eventsTold; // written in the section

    /**
     * Makes the state of a binding.
     *
     * @param client the owner
     * @param options its options
     * @param scheduler where blocking sends wait
     * @param nativeMethod the channel's completion method without regard to the client
     * @param ringLength how many messages can be queued
     */
    protected BoundChannel(
            MailboxClient client,
            ClientOptions options,
            MailboxScheduler scheduler,
            TxDoneMethod nativeMethod,
            int ringLength) {
        super(client, options, scheduler, effective(nativeMethod, options), ringLength);
        this.nativeMethod = nativeMethod;
    }

    private static TxDoneMethod effective(TxDoneMethod nativeMethod, ClientOptions options) {
        return nativeMethod == TxDoneMethod.POLL && options.knowsTxDone() ? TxDoneMethod.ACK : nativeMethod;
    }

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
        return life == CLOSED ? nativeMethod : method;
    }

    /**
     * Starts the channel up.
     *
     * @param lastTxId the last number that earlier bindings used
     */
    public final void open(long lastTxId) {
        startAfter(lastTxId);
        int result;
        try {
            result = startup();
        } catch (RuntimeException | Error e) {
            end(false, false);
            if (e instanceof RuntimeException && !(e instanceof MailboxException)) {
                throw new MailboxException(Errno.EIO, "startup threw (" + this + ")", e);
            }
            throw e;
        }
        if (result != 0) {
            LOG.debug("{}: startup failed: {}", this, result);
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

    /** Ends the binding. */
    public final void close() {
        if (beginClose()) {
            end(true, true);
        }
    }

    /** Ends the binding without shutdown. */
    public final void evict() {
        if (beginClose()) {
            end(false, true);
        }
    }

    /** True if the caller has to end the binding; during startup the starting thread has to. */
    private boolean beginClose() {
        enter();
        try {
            int before = life;
            life = Math.max(before, CLOSING);
            return before == OPEN;
        } finally {
            leave();
        }
    }

    private void end(boolean shutdown, boolean tell) {
        Error failure = null;
        if (shutdown) {
            try {
                shutdown();
            } catch (RuntimeException | Error e) {
                failure = Failures.note(LOG, this, "shutdown", e, null);
            }
        }
        boolean dropped = abandon();
        if (tell && dropped) {
            failure = tell(ChannelEvent.ABANDONED, failure);
        }
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
        if (!isClosed()) {
            Failures.rethrow(tell(event, null));
        }
    }

    @SuppressWarnings("EnumOrdinal") // a bit for each, in four bytes
    private @Nullable Error tell(ChannelEvent event, @Nullable Error kept) {
        int bit = 1 << event.ordinal();
        boolean told;
        enter();
        try {
            told = (eventsTold & bit) != 0;
            eventsTold |= bit;
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
        } catch (RuntimeException | Error e) {
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
        } catch (RuntimeException | Error e) {
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
        } catch (RuntimeException | Error e) {
            Failures.rethrow(Failures.note(LOG, this, "peekData", e, null));
            return false;
        }
    }

    /**
     * Hands received data to the client; until shutdown has returned, as the controller may be emptying its buffers.
     *
     * @param message the data
     */
    public final void received(@Nullable Object message) {
        if (life != CLOSED) {
            Callbacks.rxCallback(client, face, message);
        }
    }
}
