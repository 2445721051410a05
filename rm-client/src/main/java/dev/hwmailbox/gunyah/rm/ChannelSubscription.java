// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm;

import dev.hwmailbox.MailboxChannel;
import dev.hwmailbox.MailboxClient;
import dev.hwmailbox.MailboxException;
import dev.hwmailbox.gunyah.msgq.GunyahMsgqController;
import dev.hwmailbox.gunyah.msgq.ReservationKey;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A standing wish for a channel to queues with a label, made by {@link VmChannels#subscribe} before or after the VM at
 * the other end exists. It has one channel at a time, and waits for the next queues when those are gone.
 *
 * <pre>
 *            queues appear              queues are gone
 *  WAITING ───────────────▶ BOUND ─────────────────────▶ WAITING, a slot reserved anew
 *     │                       │
 *     └── close, time ────────┴── close ──▶ ENDED: the slot is given back
 * </pre>
 *
 * <p>Context: any thread; never blocks.
 *
 * @since 0.1
 */
public final class ChannelSubscription implements AutoCloseable {
    private enum State {
        WAITING,
        BOUND,
        ENDED
    }

    private static final Logger LOG = LoggerFactory.getLogger(ChannelSubscription.class);

    private final Subscriptions table;
    private final MailboxClient client;
    private final ReservationKey key;
    private final ChannelSubscriber subscriber;
    private final Duration timeout;

    private final ReentrantLock lock = new ReentrantLock(); // guards: the fields below
    private State state = State.WAITING;

    /** Keeps a slot while the subscription waits; null if there was none to be had. */
    private @Nullable CompletableFuture<MailboxChannel> reservation;

    private @Nullable MailboxChannel channel;
    private @Nullable VmChannel queues;

    ChannelSubscription(
            Subscriptions table,
            MailboxClient client,
            ReservationKey key,
            ChannelSubscriber subscriber,
            Duration timeout) {
        this.table = table;
        this.client = Objects.requireNonNull(client, "client");
        this.key = Objects.requireNonNull(key, "key");
        this.subscriber = Objects.requireNonNull(subscriber, "subscriber");
        this.timeout = Objects.requireNonNull(timeout, "timeout");
    }

    /**
     * What it waits for.
     *
     * @return partner, or any, and label
     */
    public ReservationKey key() {
        return key;
    }

    /**
     * The channel of the moment.
     *
     * @return the channel, which its client may have closed; empty while the subscription waits, and when it is over
     */
    public Optional<MailboxChannel> channel() {
        return locked(() -> Optional.ofNullable(channel));
    }

    /**
     * Ends the subscription: gives its slot back, or closes its channel. After this returns the subscriber is told
     * nothing; a call that runs on another thread goes on. Closing again does nothing.
     */
    @Override
    public void close() {
        table.remove(this);
        end();
    }

    /** Ends it without taking it out of the table; true the first time. */
    boolean end() {
        CompletableFuture<MailboxChannel> reserved;
        MailboxChannel open;
        lock.lock();
        try {
            if (state == State.ENDED) {
                return false;
            }
            state = State.ENDED;
            reserved = reservation;
            open = channel;
            reservation = null;
            channel = null;
            queues = null;
        } finally {
            lock.unlock();
        }
        if (reserved != null) {
            giveUp(reserved);
        }
        if (open != null) {
            open.close();
        }
        return true;
    }

    private static void giveUp(CompletableFuture<MailboxChannel> reserved) {
        if (!reserved.cancel(false) && !reserved.isCompletedExceptionally()) {
            reserved.join().close(); // supplied, and not heard of yet
        }
    }

    boolean isWaiting() {
        return locked(() -> state == State.WAITING);
    }

    boolean isOver() {
        return locked(() -> state == State.ENDED);
    }

    boolean isArmed() {
        return locked(() -> reservation != null);
    }

    boolean holds(VmChannel candidate) {
        return locked(() -> candidate.equals(queues));
    }

    boolean wasSupplied(MailboxChannel made) {
        return locked(() -> reservation != null
                && reservation.isDone()
                && !reservation.isCompletedExceptionally()
                && made.equals(reservation.join()));
    }

    /** Has a slot reserved; what the reserving throws passes through. */
    @SuppressWarnings("FutureReturnValueIgnored") // what depends on the future here only tells the table
    void arm(GunyahMsgqController controller) {
        CompletableFuture<MailboxChannel> made = controller.reserve(client, key, timeout);
        boolean wanted = locked(() -> {
            if (state != State.WAITING || reservation != null) {
                return false;
            }
            reservation = made;
            return true;
        });
        if (wanted) {
            made.whenComplete((supplied, failure) -> table.reservationOver(this, failure));
        } else {
            giveUp(made);
        }
    }

    /** The controller has made a channel; if the subscription is over by now, {@link #end} has closed it. */
    void bound(MailboxChannel made, VmChannel to) {
        boolean wanted = locked(() -> {
            if (state != State.WAITING) {
                return false;
            }
            state = State.BOUND;
            reservation = null;
            channel = made;
            queues = to;
            return true;
        });
        if (wanted) {
            tell(() -> subscriber.bound(made, to));
        }
    }

    /** Whether somebody else has supplied queues for it; it is over then, and the channel is the client's. */
    boolean handedOver() {
        return locked(() -> {
            boolean foreign = reservation != null && reservation.isDone();
            if (foreign) {
                state = State.ENDED;
                reservation = null;
            }
            return foreign;
        });
    }

    /** Queues are gone; true if the subscription was bound to them, and waits again now. */
    boolean lost(VmChannel gone) {
        MailboxChannel open;
        lock.lock();
        try {
            if (!gone.equals(queues)) {
                return false;
            }
            state = State.WAITING;
            open = channel;
            channel = null;
            queues = null;
        } finally {
            lock.unlock();
        }
        if (open != null) {
            open.close();
        }
        tell(() -> subscriber.closed(gone));
        return true;
    }

    void refused(VmChannel offered, MailboxException cause) {
        tell(() -> subscriber.refused(offered, cause));
    }

    /** Told although it is over. */
    void ended(MailboxException cause) {
        try {
            subscriber.ended(cause);
        } catch (RuntimeException e) {
            LOG.error("subscriber failed ({})", this, e);
        } catch (Error e) {
            table.throwOn(e);
        }
    }

    private void tell(Runnable news) {
        if (isOver()) {
            return;
        }
        try {
            news.run();
        } catch (RuntimeException e) {
            LOG.error("subscriber failed ({})", this, e);
        } catch (Error e) {
            table.throwOn(e);
        }
    }

    private <T> T locked(Supplier<T> look) {
        lock.lock();
        try {
            return look.get();
        } finally {
            lock.unlock();
        }
    }

    @Override
    public String toString() {
        return locked(
                () -> "ChannelSubscription[" + key + ", " + state + (channel == null ? "" : ", " + channel) + "]");
    }
}
