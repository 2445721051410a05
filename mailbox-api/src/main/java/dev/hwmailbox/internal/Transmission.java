// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.internal;

import dev.hwmailbox.ClientOptions;
import dev.hwmailbox.Errno;
import dev.hwmailbox.MailboxChannel;
import dev.hwmailbox.MailboxClient;
import dev.hwmailbox.MailboxScheduler;
import dev.hwmailbox.controller.TxDoneMethod;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The transmitting half of a bound channel: the queue, the message in flight, and the state machine that moves messages.
 *
 * <p>Every entry has the same form: a short section in which the state changes, then {@link #drive}, which does what the
 * change asks for: hand a message to the controller, report one to the client. Nothing is called inside a section, so whatever
 * is called may come back in. Order is kept by two ownerships instead of a lock: one thread at a time hands over (the phase
 * SUBMITTING), and one reports (the reporter). What others bring meanwhile is recorded for the owner, which looks again
 * before it lets go.
 */
abstract class Transmission extends Section {
    private static final Logger LOG = LoggerFactory.getLogger(Transmission.class);

    // Life of the binding.
    static final int STARTING = 0;
    static final int OPEN = 1;
    static final int CLOSING = 2;
    static final int CLOSED = 3;

    // Phases of transmission, see transition().
    private static final int IDLE = 0;
    private static final int SUBMITTING = 1;
    private static final int IN_FLIGHT = 2;

    // What has happened, see transition().
    private static final int TRIGGERED = 0;
    private static final int ACCEPTED = 1;
    private static final int REFUSED = 2;
    private static final int REPORTED = 3;
    private static final int DELIVERED = 4;

    // What there is to do, see drive(). Bits.
    private static final int NOTHING = 0;
    private static final int SUBMIT = 1;
    private static final int REPORT = 2;
    private static final int TELL_WRITABLE = 4;
    private static final int RELEASE = 8;

    final MailboxClient client;
    final MailboxChannel face;
    final TxDoneMethod method;
    private final MailboxScheduler scheduler;
    private final long txTimeoutNanos; // negative: sends do not block

    // All below is written in the section.
    volatile int life = STARTING;
    private final MessageRing ring;
    private boolean spaceWanted;

    // The attempt under way or the message in flight, by phase.
    private int phase = IDLE;
    private long txId;
    private @Nullable Object current;
    private @Nullable Sender currentSender;
    private @Nullable Thread submitter;
    private boolean retry;
    private boolean expired;
    private boolean reported;
    private int reportedStatus;

    // Whose turn it is to report, and how deep its reports nest. What it has claimed is its own until it reports it.
    private @Nullable Thread reporter;
    private int reports;
    private @Nullable Object claimed;
    private @Nullable Sender claimedSender;
    private int claimedStatus;

    Transmission(
            MailboxClient client,
            ClientOptions options,
            MailboxScheduler scheduler,
            TxDoneMethod method,
            int ringLength) {
        this.client = client;
        this.scheduler = scheduler;
        this.method = method;
        txTimeoutNanos = options.txBlock() ? Nanos.of(longestWait(options), "txTimeout") : -1;
        ring = new MessageRing(ringLength);
        face = new MailboxChannel((BoundChannel) this);
    }

    private static Duration longestWait(ClientOptions options) {
        return options.txTimeout().isZero() ? ClientOptions.LONGEST_TX_TIMEOUT : options.txTimeout();
    }

    /**
     * Tries to transmit.
     *
     * @param message the message
     * @param attempt identifies the transmission
     * @return 0 if accepted
     */
    protected abstract int sendData(@Nullable Object message, long attempt);

    /** Sees to it that {@link BoundChannel#poll} is called: a message is in flight that has to be asked about. */
    protected abstract void watchForTxDone();

    /**
     * The channel can be bound again.
     *
     * @param lastTxId the next binding numbers its attempts from there
     */
    protected abstract void released(long lastTxId);

    /**
     * Tells whether the binding is ending or over.
     *
     * @return true if so
     */
    public final boolean isClosed() {
        return life >= CLOSING;
    }

    /** Numbers attempts from there on. */
    final void startAfter(long lastTxId) {
        txId = lastTxId;
    }

    /**
     * Queues a message, hands the oldest one over if none is on its way, and waits if the client does.
     *
     * @param message the message
     * @return slot or negative errno
     */
    public final int send(@Nullable Object message) {
        // Nothing is allocated inside a section; storage too many, if two threads send first, does no harm.
        @Nullable Object[] messageStorage = ring.messageStorage();
        Sender sender = txTimeoutNanos < 0 ? null : new Sender();
        @Nullable Sender[] senderStorage = sender == null ? null : ring.senderStorage();
        int slot;
        int todo = NOTHING;
        enter();
        try {
            if (isClosed()) {
                return -Errno.EINVAL;
            }
            if (ring.free() == 0) {
                spaceWanted = true;
                slot = -Errno.ENOBUFS;
            } else {
                slot = ring.add(message, messageStorage, sender, senderStorage);
                todo = transition(TRIGGERED, false);
            }
        } finally {
            leave();
        }
        if (slot < 0) {
            LOG.trace("{}: transmit queue full", this);
            return slot;
        }
        drive(todo);
        return sender == null ? slot : await(sender, slot);
    }

    private int await(Sender sender, int slot) {
        // Inside a report callback of this channel it is this thread which has to report what was completed at once.
        drive(step(REPORTED, false));
        int status;
        if (scheduler.await(sender.completion, txTimeoutNanos)) {
            status = sender.completion.status();
        } else {
            status = Thread.currentThread().isInterrupted() ? -Errno.EINTR : -Errno.ETIME;
            int todo;
            enter();
            try {
                todo = sender.settled ? NOTHING : expire(sender, status);
                status = sender.status;
            } finally {
                leave();
            }
            drive(todo);
        }
        return status < 0 ? status : slot;
    }

    /** Settles the outcome of a sender that gives up, and takes its message, and no other, off the channel. */
    private int expire(Sender sender, int status) {
        if (isClosed()) {
            sender.settle(-Errno.ESHUTDOWN);
            return NOTHING;
        }
        if (sender != currentSender) {
            sender.settle(status);
            ring.remove(sender);
            return transition(TRIGGERED, false);
        }
        if (phase == SUBMITTING) {
            // Accepted, it is in flight and ends with this status, whatever was reported; refused, it leaves the queue.
            expired = true;
            reported = false;
        }
        int todo = record(status);
        sender.settle(reportedStatus);
        return todo;
    }

    /**
     * Reports the message in flight as done, whichever it is; hands a refused one over again if there is none.
     *
     * @param status its status
     */
    public final void reportInFlight(int status) {
        int todo;
        enter();
        try {
            if (phase == IDLE) {
                todo = transition(TRIGGERED, false);
            } else {
                if (phase == SUBMITTING && submitter != Thread.currentThread()) {
                    retry = true;
                }
                todo = record(status);
            }
        } finally {
            leave();
        }
        drive(todo);
    }

    /**
     * Reports one transmission as done; nothing happens if it is not under way.
     *
     * @param attempt the transmission
     * @param status its status
     */
    public final void report(long attempt, int status) {
        int todo;
        enter();
        try {
            todo = phase != IDLE && attempt == txId ? record(status) : NOTHING;
        } finally {
            leave();
        }
        drive(todo);
    }

    /** The first report counts. During an attempt it waits for the controller's answer. */
    private int record(int status) {
        if (!reported) {
            reported = true;
            reportedStatus = status;
        }
        return transition(REPORTED, false);
    }

    /** Hands the oldest message over if none is on its way. */
    public final void resubmit() {
        drive(step(TRIGGERED, false));
    }

    /**
     * Tells whether there is a message to ask about.
     *
     * @return true if so
     */
    public final boolean isPolled() {
        return polledAttempt() != 0;
    }

    /** The transmission to ask about, or 0. */
    final long polledAttempt() {
        if (method != TxDoneMethod.POLL) {
            return 0;
        }
        enter();
        try {
            return phase == IN_FLIGHT && !reported && !isClosed() ? txId : 0;
        } finally {
            leave();
        }
    }

    /**
     * Tells how many messages can be queued.
     *
     * @return a number, or negative errno
     */
    public final int slotsAvailable() {
        enter();
        try {
            return isClosed() ? -Errno.EINVAL : ring.free();
        } finally {
            leave();
        }
    }

    /**
     * Drops all messages and ends their senders: the one in flight first, then in order of the queue. The channel is closed
     * from here on.
     *
     * @return true if there was anything to drop
     */
    final boolean abandon() {
        Sender inFlight;
        boolean dropped;
        boolean vacant;
        enter();
        try {
            life = CLOSED;
            vacant = phase != SUBMITTING;
            inFlight = vacant ? currentSender : null;
            dropped = phase == IN_FLIGHT || ring.count() > 0;
            if (vacant) {
                forgetCurrent();
            }
        } finally {
            leave();
        }
        if (vacant) {
            released(txId);
        }
        finish(inFlight, -Errno.ESHUTDOWN);
        // Of a closed channel, the ring is this thread's alone.
        for (; ring.count() > 0; ring.dropOldest()) {
            finish(ring.oldestSender(), -Errno.ESHUTDOWN);
        }
        return dropped;
    }

    private int step(int event, boolean owing) {
        enter();
        try {
            return transition(event, owing);
        } finally {
            leave();
        }
    }

    /**
     * Everything that moves a message. Called in the section.
     *
     * <pre>
     *             begin: queue not empty            ACCEPTED
     *       IDLE ─────────────────────▶ SUBMITTING ───────────▶ IN_FLIGHT
     *       ▲  ▲                            │                       │
     *       │  └────────────────────────────┘                       │
     *       │     REFUSED: the message stays the oldest             │
     *       └───────────────────────────────────────────────────────┘
     *             claim: reported, and no other thread is reporting
     * </pre>
     *
     * <p>A claim is followed by begin in the same transition, so the next message is handed over before the claimed one is
     * reported. Begin wants a cause: a claim, or TRIGGERED (a send, a removal, a report with nothing in flight). A cause from
     * another thread during SUBMITTING is kept, and is worth one more attempt if the message is refused. One from inside the
     * attempt is not, or a controller that always refuses would never return.
     *
     * @param event what has happened
     * @param owing whether this thread has claimed a message that it has not reported yet, and so cannot claim another
     * @return what this thread has to do now
     */
    private int transition(int event, boolean owing) {
        Thread self = Thread.currentThread();
        boolean begin = event == TRIGGERED;
        switch (event) {
            case ACCEPTED -> {
                submitter = null;
                phase = IN_FLIGHT;
                if (life != CLOSED) {
                    ring.dropOldest();
                }
            }
            case REFUSED -> {
                submitter = null;
                forgetCurrent();
                begin = retry || expired;
                if (expired && life != CLOSED) {
                    ring.dropOldest();
                }
            }
            case DELIVERED -> {
                if (--reports == 0) {
                    reporter = null;
                }
            }
            default -> {}
        }
        if (isClosed()) {
            return afterClose(event);
        }

        int todo = NOTHING;
        // Reports made inside a report nest. What was completed inside an attempt does not: the outermost report will
        // look
        // again. Otherwise a controller that completes at once and a client that sends from txDone would never return.
        boolean mayClaim = reporter == null || (reporter == self && event == REPORTED);
        if (phase == IN_FLIGHT && reported && mayClaim && !owing) {
            claim(self);
            begin = true;
            todo = REPORT;
        }
        if (begin && phase == SUBMITTING) {
            retry |= submitter != self;
        } else if (begin && phase == IDLE && ring.count() > 0) {
            begin(self);
            todo |= SUBMIT;
        }
        if (todo == NOTHING && spaceWanted && ring.free() > 0 && !owing) {
            spaceWanted = false;
            todo = TELL_WRITABLE;
        }
        return todo;
    }

    private int afterClose(int event) {
        if (life == CLOSED && (event == ACCEPTED || event == REFUSED)) {
            forgetCurrent();
            return RELEASE;
        }
        return NOTHING;
    }

    private void begin(Thread self) {
        phase = SUBMITTING;
        submitter = self;
        retry = false;
        expired = false;
        reported = false;
        txId++;
        current = ring.oldest();
        currentSender = ring.oldestSender();
    }

    private void claim(Thread self) {
        reporter = self;
        reports++;
        claimed = current;
        claimedSender = currentSender;
        claimedStatus = reportedStatus;
        if (claimedSender != null) {
            claimedSender.settle(claimedStatus);
        }
        forgetCurrent();
    }

    private void forgetCurrent() {
        phase = IDLE;
        current = null;
        currentSender = null;
    }

    /** Does what transitions ask for, until there is nothing left for this thread. */
    private void drive(int work) {
        int todo = work;
        boolean owing = false;
        Error failure = null;
        while (todo != NOTHING || owing) {
            owing |= (todo & REPORT) != 0;
            if ((todo & SUBMIT) != 0) {
                Object message = current; // stays while this thread submits
                failure = isClosed() ? failure : Callbacks.txPrepare(client, face, message, failure);
                int result = -Errno.ESHUTDOWN;
                try {
                    result = isClosed() ? result : sendData(message, txId);
                } catch (RuntimeException | Error e) {
                    failure = Failures.note(LOG, this, "sendData", e, failure);
                    result = -Errno.EIO;
                }
                if (result == 0) {
                    todo = step(ACCEPTED, owing);
                    if (method == TxDoneMethod.POLL) {
                        watchForTxDone();
                    }
                } else {
                    failure = isClosed() ? failure : Callbacks.refused(client, face, message, result, failure);
                    todo = step(REFUSED, owing);
                }
            } else if ((todo & RELEASE) != 0) {
                released(txId);
                todo = NOTHING;
            } else if (owing) {
                failure = deliver(failure);
                owing = false;
                todo = step(DELIVERED, false);
            } else {
                failure = Callbacks.writable(client, face, failure);
                todo = NOTHING;
            }
        }
        Failures.rethrow(failure);
    }

    private @Nullable Error deliver(@Nullable Error earlier) {
        // Reports made inside the callback claim anew.
        Object message = claimed;
        Sender sender = claimedSender;
        int status = claimedStatus;
        claimed = null;
        claimedSender = null;
        Error failure = isClosed() ? earlier : Callbacks.txDone(client, face, message, status, earlier);
        finish(sender, status);
        return failure;
    }

    private void finish(@Nullable Sender sender, int status) {
        if (sender != null && sender.completion.complete(status)) {
            scheduler.wake(sender.completion);
        }
    }
}
