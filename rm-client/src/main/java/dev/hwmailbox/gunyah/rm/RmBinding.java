// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm;

import dev.hwmailbox.ChannelEvent;
import dev.hwmailbox.Errno;
import dev.hwmailbox.MailboxChannel;
import dev.hwmailbox.MailboxClient;
import dev.hwmailbox.MailboxScheduler;
import dev.hwmailbox.gunyah.rm.RmCall.Failure;
import java.util.Objects;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The client's hold on its channel: requests it, and requests it again when the Resource Manager has restarted. Also
 * when the queues have survived that, because a binding tells of one reset only.
 *
 * <pre>
 *            requested          PEER_RESET, CLOSED              attempts used up
 *  UNBOUND ────────────▶ BOUND ────────────────────▶ REBINDING ──────────────────▶ LOST
 *                         ▲ └┐ PEER_RESET,             │   ▲ │
 *                         │  │ not to be rebound       │   └─┘ refused: again later
 *                         └──┴──────── requested ──────┘
 *
 *  BOUND ── CLOSED, not to be rebound ──▶ LOST            any ── close() ──▶ CLOSED
 * </pre>
 *
 * <p>Attempts are counted from the last frame received, so that a channel which is bound only to be lost again does not
 * keep the client busy for ever.
 */
final class RmBinding {
    static final String RESTARTED = "the Resource Manager restarted";
    static final String CHANNEL_CLOSED = "the channel was closed";

    private static final Logger LOG = LoggerFactory.getLogger(RmBinding.class);

    private enum State {
        UNBOUND,
        BOUND,
        REBINDING,
        LOST,
        CLOSED
    }

    private final RmConnection connection;
    private final Function<MailboxClient, MailboxChannel> request;
    private final int attempts;
    private final long delayNanos;
    private final MailboxScheduler.Timer timer;

    /** The channel while it is bound; read without the lock. */
    private volatile @Nullable MailboxChannel usable;

    private volatile int attemptsLeft;

    private final ReentrantLock lock = new ReentrantLock(); // guards: all below, writes of the two above
    private State state = State.UNBOUND;
    private @Nullable MailboxChannel channel;
    private boolean resetWhileRequested;

    RmBinding(
            RmConnection connection,
            Function<MailboxClient, MailboxChannel> request,
            MailboxScheduler scheduler,
            ResourceManagerOptions options) {
        this.connection = connection;
        this.request = request;
        this.attempts = options.rebindAttempts();
        this.attemptsLeft = attempts;
        this.delayNanos = options.rebindDelay().toNanos();
        this.timer = scheduler.timer("Resource Manager rebind", this::retry);
    }

    /** Requests the channel for the first time; what the request throws goes to the caller. */
    void open() {
        bound(requested());
    }

    private MailboxChannel requested() {
        return Objects.requireNonNull(request.apply(connection), "the requested channel");
    }

    /** The channel to send on; null if there is none now. */
    @Nullable
    MailboxChannel channel() {
        return usable;
    }

    /** A frame has arrived: the channel is good for something. */
    void heard() {
        if (attemptsLeft == attempts) {
            return;
        }
        lock.lock();
        try {
            attemptsLeft = attempts;
        } finally {
            lock.unlock();
        }
    }

    void event(MailboxChannel from, ChannelEvent event) {
        if (event == ChannelEvent.PEER_RESET) {
            lost(from, true);
        } else if (event == ChannelEvent.CLOSED) {
            lost(from, false);
        }
    }

    void close() {
        MailboxChannel last;
        lock.lock();
        try {
            last = enter(State.CLOSED, null);
        } finally {
            lock.unlock();
        }
        timer.cancel();
        if (last != null) {
            last.close();
        }
    }

    private void bound(MailboxChannel requested) {
        boolean reset;
        lock.lock();
        try {
            if (state != State.CLOSED) {
                enter(State.BOUND, requested);
            }
            reset = resetWhileRequested;
            resetWhileRequested = false;
        } finally {
            lock.unlock();
        }
        if (channel() != requested) {
            requested.close();
        } else if (reset || requested.isClosed()) {
            lost(requested, !requested.isClosed());
        } else {
            connection.pump();
        }
    }

    private void lost(MailboxChannel from, boolean survived) {
        State next;
        boolean atOnce;
        lock.lock();
        try {
            if (state != State.BOUND || from != channel) {
                resetWhileRequested |= survived && from != channel;
                return;
            }
            next = stateAfterLoss(survived);
            atOnce = survived && attemptsLeft == attempts;
            enter(next, channel);
        } finally {
            lock.unlock();
        }
        Failure reason =
                survived ? Failure.of(Errno.ECONNRESET, RESTARTED) : Failure.of(Errno.ESHUTDOWN, CHANNEL_CLOSED);
        LOG.debug("{} ({}): {}", reason.reason(), from, next);
        if (next == State.LOST) {
            connection.endForGood(reason);
        } else {
            connection.restart(reason);
        }
        if (next == State.REBINDING) {
            timer.arm(atOnce ? 0 : delayNanos);
        }
    }

    private State stateAfterLoss(boolean survived) {
        if (attempts == 0) {
            return survived ? State.BOUND : State.LOST;
        }
        return attemptsLeft > 0 ? State.REBINDING : State.LOST;
    }

    private void retry() {
        MailboxChannel old;
        lock.lock();
        try {
            if (state != State.REBINDING) {
                return;
            }
            int left = attemptsLeft;
            attemptsLeft = left - 1;
            resetWhileRequested = false;
            old = channel;
        } finally {
            lock.unlock();
        }
        try {
            if (old != null) {
                old.close();
            }
            bound(requested());
        } catch (RuntimeException e) {
            refused(e);
        } catch (Error e) {
            refused(e);
            throw e;
        }
    }

    private void refused(Throwable why) {
        boolean again;
        lock.lock();
        try {
            if (state != State.REBINDING) {
                return;
            }
            again = attemptsLeft > 0;
            if (!again) {
                enter(State.LOST, null);
            }
        } finally {
            lock.unlock();
        }
        if (again) {
            LOG.debug("channel not bound again yet", why);
            timer.arm(delayNanos);
        } else {
            LOG.warn("channel not bound again after {} attempts", attempts, why);
            connection.endForGood(new Failure(Errno.ESHUTDOWN, CHANNEL_CLOSED + " and could not be bound again", why));
        }
    }

    /** The one transition. The lock is held. Returns the channel there was. */
    private @Nullable MailboxChannel enter(State next, @Nullable MailboxChannel newChannel) {
        MailboxChannel old = channel;
        state = next;
        channel = newChannel;
        usable = next == State.BOUND ? newChannel : null;
        return old;
    }
}
