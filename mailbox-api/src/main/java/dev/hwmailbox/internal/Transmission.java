// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.internal;

import dev.hwmailbox.ChannelEvent;
import dev.hwmailbox.ClientOptions;
import dev.hwmailbox.Completion;
import dev.hwmailbox.Errno;
import dev.hwmailbox.MailboxChannel;
import dev.hwmailbox.MailboxClient;
import dev.hwmailbox.MailboxScheduler;
import dev.hwmailbox.controller.TxDoneMethod;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The transmitting half of a bound channel: the queue, the message in flight, and the state machine that moves
 * messages.
 *
 * <p>Every entry has the same form: a short section in which the state changes, then {@link #drive}, which does what
 * the change asks for: hand a message to the controller, report one to the client. Nothing is called inside a section,
 * so whatever is called may come back in. Order is kept by two ownerships instead of a lock: one thread at a time hands
 * over (the phase SUBMITTING), and one reports (the reporter). What others bring meanwhile is recorded for the owner,
 * which looks again before it lets go.
 */
abstract class Transmission extends MessageRing {
    private static final Logger LOG = LoggerFactory.getLogger(Transmission.class);

    // Life of the binding.
    static final byte NEW = 0;
    static final byte STARTING = 1;
    static final byte OPEN = 2;
    static final byte CLOSING = 3;
    static final byte CLOSED = 4;

    // Phases of transmission, see transition().
    private static final byte IDLE = 0;
    private static final byte SUBMITTING = 1;
    private static final byte IN_FLIGHT = 2;

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
    private static final int TELL_DRAINED = 16;

    final MailboxClient client;
    final MailboxChannel face;
    final TxDoneMethod method;
    private final boolean reportAbandoned;

    // All below is written in the section.
    volatile byte life = NEW;

    // The attempt under way or the message in flight, by phase: an entry of the ring.
    private byte phase = IDLE;
    private long txId;
    private @Nullable Object current;
    private @Nullable Thread submitter; // while SUBMITTING
    private boolean retry;
    private boolean expired;
    private boolean reported;
    private int reportedStatus;

    // What the submitting thread itself reports inside its attempt. No other thread writes these while it submits, so
    // it needs no section to tell that an attempt is its own.
    private @Nullable Thread attempting;
    private boolean reportedInside;
    private int statusInside;

    // A closing that waits for all messages to be reported; meanwhile no more are taken.
    private @Nullable Completion drained;

    // Whose turn it is to report, and how deep its reports nest. What it has claimed is its own until it reports it.
    private @Nullable Thread reporter; // while there are reports
    private int reports;
    private boolean owed; // claimed, and not yet reported because the next message goes first
    private @Nullable Object claimed;
    private int claimedStatus;

    Transmission(MailboxClient client, ClientOptions options, TxDoneMethod method, int ringLength) {
        super(ringLength);
        this.client = client;
        this.method = method;
        reportAbandoned = options.reportAbandoned();
        face = new MailboxChannel((BoundChannel) this);
    }

    /**
     * Where senders wait.
     *
     * @return the controller's scheduler
     */
    protected abstract MailboxScheduler scheduler();

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

    /** The channel can be bound again, and numbers its attempts from there; passes on the error to keep. */
    abstract @Nullable Error released(long lastTxId, @Nullable Error kept);

    /**
     * Complains.
     *
     * @param complaint about what
     * @param detail one sentence
     */
    protected abstract void complain(Complaint complaint, String detail);

    /** Tells the client of an event, if it has not been told yet; passes on the error to keep. */
    abstract @Nullable Error tell(ChannelEvent event, @Nullable Error kept);

    /**
     * Tells whether the binding is ending or over.
     *
     * @return true if so
     */
    public final boolean isClosed() {
        return life >= CLOSING;
    }

    /** Begins the life of the binding, which numbers its attempts from there on. */
    final void start(long lastTxId) {
        enter();
        try {
            txId = lastTxId;
            life = life == NEW ? STARTING : life;
        } finally {
            leave();
        }
    }

    /**
     * Queues an entry, and hands the oldest one over if none is on its way.
     *
     * @param entry a message, or the sender of one
     * @return slot or negative errno
     */
    final int enqueue(@Nullable Object entry) {
        @Nullable Object @Nullable [] storage = null;
        while (true) {
            int slot;
            int todo = NOTHING;
            enter();
            try {
                if (isClosed() || drained != null) {
                    return -Errno.EINVAL;
                }
                if (phase == IDLE && queued() == 0) {
                    // A channel at rest, the common case: no detour through the ring's storage.
                    slot = addAway(entry);
                    todo = begin(Thread.currentThread(), entry);
                } else if (room() == 0) {
                    wantRoom();
                    slot = -Errno.ENOBUFS;
                } else if (store(storage)) {
                    slot = add(entry);
                    todo = transition(TRIGGERED, false);
                } else {
                    slot = -Errno.ENOMEM;
                }
            } finally {
                leave();
            }
            if (slot != -Errno.ENOMEM) {
                return enqueued(slot, todo);
            }
            storage = newStorage();
        }
    }

    /**
     * Queues several entries with nothing in between, or none of them.
     *
     * @param entries at least one
     * @return slot of the first or negative errno
     */
    final int enqueueAll(@Nullable Object[] entries) {
        @Nullable Object @Nullable [] storage = newStorage();
        int slot;
        int todo = NOTHING;
        enter();
        try {
            if (isClosed() || drained != null) {
                return -Errno.EINVAL;
            }
            if (room() < entries.length) {
                wantRoom();
                slot = -Errno.ENOBUFS;
            } else {
                store(storage);
                slot = add(entries[0]);
                for (int i = 1; i < entries.length; i++) {
                    add(entries[i]);
                }
                todo = transition(TRIGGERED, false);
            }
        } finally {
            leave();
        }
        return enqueued(slot, todo);
    }

    private int enqueued(int slot, int todo) {
        if (slot < 0) {
            complain(Complaint.QUEUE_FULL, "transmit queue full");
        }
        drive(todo, null);
        return slot;
    }

    /**
     * Takes no more messages, and has a completion reported once all there are have been.
     *
     * @param completion what to report, wake included
     * @return 0; {@code -EDEADLK} on a thread that is inside a callback or an operation of this channel, which would
     *     wait for itself; {@code -EINVAL} if the channel is closed, or closing in this way already
     */
    final int drain(Completion completion) {
        Thread self = Thread.currentThread();
        boolean idle;
        enter();
        try {
            if (isClosed() || drained != null) {
                return -Errno.EINVAL;
            }
            if ((phase == SUBMITTING && submitter == self) || (reports > 0 && reporter == self) || isReceiving(self)) {
                return -Errno.EDEADLK;
            }
            drained = completion;
            idle = isIdle();
        } finally {
            leave();
        }
        if (idle) {
            tellDrained();
        }
        return 0;
    }

    /** Whether a thread is delivering received data to the client. */
    abstract boolean isReceiving(Thread thread);

    private void tellDrained() {
        Completion waiting = drained;
        if (waiting != null && waiting.complete(0)) {
            scheduler().wake(waiting);
        }
    }

    /** Reports what is due to be reported by this thread, which is about to wait inside a report. */
    final void reportDue() {
        drive(step(REPORTED, false), null);
    }

    /** Ends a send with a status, unless it has an outcome already; answers what has become of it. */
    final int giveUp(Sender sender, int status) {
        int todo;
        enter();
        try {
            todo = sender.isSettled() ? NOTHING : expire(sender, status);
        } finally {
            leave();
        }
        drive(todo, null);
        return sender.result();
    }

    /** Settles the outcome of a sender that gives up, and takes its message, and no other, off the channel. */
    private int expire(Sender sender, int status) {
        if (isClosed()) {
            Sender.settle(sender, -Errno.ESHUTDOWN);
            return NOTHING;
        }
        if (sender != current) {
            Sender.settle(sender, status);
            remove(sender);
            return transition(TRIGGERED, false);
        }
        if (phase == SUBMITTING) {
            // Accepted, it is in flight and ends with this status, whatever was reported; refused, it leaves the queue.
            expired = true;
            reported = true;
            reportedStatus = status;
        }
        int todo = record(status);
        Sender.settle(sender, reportedStatus);
        return todo;
    }

    /**
     * Reports the message in flight as done, whichever it is; hands a refused one over again if there is none.
     *
     * @param status its status
     */
    public final void reportInFlight(int status) {
        report(true, 0, status);
    }

    /**
     * Reports one transmission as done; nothing happens if it is not under way.
     *
     * @param attempt the transmission
     * @param status its status
     */
    public final void report(long attempt, int status) {
        report(false, attempt, status);
    }

    private void report(boolean any, long attempt, int status) {
        if (attempting == Thread.currentThread() && (any || attempt == txId)) {
            if (!reportedInside) {
                reportedInside = true;
                statusInside = status;
            }
            return;
        }
        Object entry = null;
        boolean last;
        int todo = NOTHING;
        enter();
        try {
            last = phase == IN_FLIGHT && (any || attempt == txId) && queued() == 0 && reports == 0 && !isClosed();
            if (last) {
                // With nothing behind it and nobody reporting, the common case: claimed without being recorded first.
                entry = current;
                claim(Thread.currentThread(), status);
            } else if (phase == IDLE) {
                todo = any ? transition(TRIGGERED, false) : NOTHING;
            } else if (any || attempt == txId) {
                retry |= phase == SUBMITTING && submitter != Thread.currentThread();
                todo = record(status);
            }
        } finally {
            leave();
        }
        if (last) {
            Error failure = deliver(entry, status, true, null);
            drive(step(DELIVERED, false), failure);
        } else {
            drive(todo, null);
        }
    }

    /** The first report counts. During an attempt it waits for the controller's answer. */
    private int record(int status) {
        if (!reported && !reportedInside) {
            reported = true;
            reportedStatus = status;
        }
        return transition(REPORTED, false);
    }

    /** Hands the oldest message over if none is on its way. */
    public final void resubmit() {
        drive(step(TRIGGERED, false), null);
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
            return isClosed() || drained != null ? -Errno.EINVAL : room();
        } finally {
            leave();
        }
    }

    /**
     * What the channel is doing.
     *
     * @return a snapshot
     */
    public final ChannelState state() {
        boolean inFlight;
        Object entry;
        int queued;
        enter();
        try {
            inFlight = phase == IN_FLIGHT;
            entry = inFlight ? current : null;
            queued = queued();
        } finally {
            leave();
        }
        return new ChannelState(isClosed() ? null : client, inFlight, Sender.message(entry), queued, method);
    }

    /**
     * Drops all messages and ends their senders: the one in flight first, then in order of the queue. The channel is
     * closed from here on.
     *
     * @param kept the error to keep so far
     * @return the error to keep
     */
    final @Nullable Error abandon(@Nullable Error kept) {
        Object first;
        boolean unreported;
        boolean dropped;
        boolean vacant;
        Completion closing;
        enter();
        try {
            life = CLOSED;
            closing = drained;
            // What another thread has claimed it reports; what this one has, further out, it could only report late.
            unreported = owed && reporter == Thread.currentThread();
            dropped = phase != IDLE;
            vacant = phase != SUBMITTING;
            first = current;
            if (vacant) {
                forgetCurrent();
            } else {
                dropOldest();
            }
        } finally {
            leave();
        }
        if (closing != null && closing.complete(-Errno.ESHUTDOWN)) {
            scheduler().wake(closing);
        }
        Error failure = vacant ? released(txId, kept) : kept;
        if (unreported) {
            failure = deliverClaimed(reportAbandoned, failure);
        }
        failure = dropped ? drop(first, failure) : failure;
        // Of a closed channel, the ring is this thread's alone.
        for (; queued() > 0; dropOldest()) {
            failure = drop(oldest(), failure);
            dropped = true;
        }
        return dropped || unreported ? tell(ChannelEvent.ABANDONED, failure) : failure;
    }

    private @Nullable Error drop(@Nullable Object entry, @Nullable Error kept) {
        int status;
        enter(); // a sender may be giving up at the same time
        try {
            status = Sender.settle(entry, -Errno.ESHUTDOWN);
        } finally {
            leave();
        }
        Error failure = reportAbandoned ? Callbacks.txDone(client, face, Sender.message(entry), status, kept) : kept;
        finish(entry);
        return failure;
    }

    private int step(int event, boolean owing) {
        enter();
        try {
            return transition(event, owing);
        } finally {
            leave();
        }
    }

    private int refused(boolean owing) {
        @Nullable Object @Nullable [] storage = newStorage();
        enter();
        try {
            store(storage);
            return transition(REFUSED, owing);
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
     * <p>A claim is followed by begin in the same transition, so the next message is handed over before the claimed one
     * is reported. Begin wants a cause: a claim, or TRIGGERED (a send, a removal, a report with nothing in flight). A
     * cause from another thread during SUBMITTING is kept, and is worth one more attempt if the message is refused. One
     * from inside the attempt is not, or a controller that always refuses would never return.
     *
     * <p>A first message that begins, and a last one that is claimed, do so without this method: there is nothing else
     * to decide then, and that is where a channel spends its life.
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
                phase = IN_FLIGHT;
                if (reportedInside && !reported) {
                    reported = true;
                    reportedStatus = statusInside;
                }
                if (life != CLOSED) {
                    dropOldest();
                }
            }
            case REFUSED -> begin = takeBack();
            case DELIVERED -> reports--;
            default -> {}
        }
        if (isClosed()) {
            return afterClose(event);
        }

        int todo = NOTHING;
        // Reports made inside a report nest. What was completed inside an attempt does not, the outermost report looks
        // again: a controller that completes at once and a client that sends from txDone would never return otherwise.
        boolean mayClaim = reports == 0 || (reporter == self && event == REPORTED);
        if (phase == IN_FLIGHT && reported && mayClaim && !owing) {
            owed = true;
            claimed = current;
            claimedStatus = reportedStatus;
            claim(self, reportedStatus);
            begin = true;
            todo = REPORT;
        }
        if (begin && phase == SUBMITTING) {
            retry |= submitter != self;
        } else if (begin && phase == IDLE && queued() > 0) {
            todo |= begin(self, oldest());
        }
        if (todo == NOTHING && isRoomMade() && !owing && drained == null) {
            forgetRoomMade();
            todo = TELL_WRITABLE;
        }
        if (drained != null && todo == NOTHING && !owing && isIdle()) {
            todo = TELL_DRAINED;
        }
        return todo;
    }

    private boolean isIdle() {
        return phase == IDLE && queued() == 0 && reports == 0;
    }

    /** The message is the oldest again, or leaves; tells whether there is a cause for another attempt. */
    private boolean takeBack() {
        if (life != CLOSED && expired) {
            dropOldest();
        } else if (life != CLOSED) {
            putBack(current);
        }
        forgetCurrent();
        return retry || expired;
    }

    private int afterClose(int event) {
        if (life == CLOSED && (event == ACCEPTED || event == REFUSED)) {
            forgetCurrent();
            return RELEASE;
        }
        return NOTHING;
    }

    private int begin(Thread self, @Nullable Object entry) {
        phase = SUBMITTING;
        if (submitter != self) { // storing a reference costs more than looking
            submitter = self;
        }
        retry = false;
        expired = false;
        reported = false;
        reportedInside = false;
        txId++;
        current = entry;
        return SUBMIT;
    }

    private void claim(Thread self, int status) {
        if (reporter != self) {
            reporter = self;
        }
        reports++;
        Sender.settle(current, status);
        forgetCurrent();
    }

    private void forgetCurrent() {
        phase = IDLE;
        current = null;
    }

    /** Does what transitions ask for, until there is nothing left for this thread. */
    private void drive(int work, @Nullable Error kept) {
        int todo = work;
        boolean owing = false;
        Error failure = kept;
        while (todo != NOTHING || owing) {
            owing |= (todo & REPORT) != 0;
            if ((todo & SUBMIT) != 0) {
                Object message = Sender.message(current); // stays while this thread submits
                failure = isClosed() ? failure : Callbacks.txPrepare(client, face, message, failure);
                int result = -Errno.ESHUTDOWN;
                attempting = Thread.currentThread();
                try {
                    result = isClosed() ? result : sendData(message, txId);
                } catch (Throwable e) {
                    failure = Failures.note(LOG, this, "sendData", e, failure);
                    result = -Errno.EIO;
                }
                attempting = null;
                if (result == 0) {
                    todo = step(ACCEPTED, owing);
                    failure = method == TxDoneMethod.POLL ? watch(failure) : failure;
                } else {
                    failure = isClosed() ? failure : Callbacks.refused(client, face, message, result, failure);
                    todo = refused(owing);
                }
            } else if ((todo & RELEASE) != 0) {
                failure = released(txId, failure);
                todo = NOTHING;
            } else if (owing) {
                failure = owed ? deliverClaimed(true, failure) : failure;
                owing = false;
                todo = step(DELIVERED, false);
            } else if ((todo & TELL_DRAINED) != 0) {
                tellDrained();
                todo = NOTHING;
            } else {
                failure = Callbacks.writable(client, face, failure);
                todo = NOTHING;
            }
        }
        Failures.rethrow(failure);
    }

    private @Nullable Error watch(@Nullable Error kept) {
        try {
            watchForTxDone();
            return kept;
        } catch (Throwable e) { // the scheduler may find no thread to make
            return Failures.note(LOG, this, "arming the poll timer", e, kept);
        }
    }

    private @Nullable Error deliverClaimed(boolean tell, @Nullable Error kept) {
        // Reports made inside the callback claim anew.
        Object entry = claimed;
        claimed = null;
        owed = false;
        return deliver(entry, claimedStatus, tell, kept);
    }

    private @Nullable Error deliver(@Nullable Object entry, int status, boolean tell, @Nullable Error kept) {
        Error failure = tell ? Callbacks.txDone(client, face, Sender.message(entry), status, kept) : kept;
        finish(entry);
        return failure;
    }

    private void finish(@Nullable Object entry) {
        if (entry instanceof Sender sender) {
            sender.finish(scheduler());
        }
    }
}
