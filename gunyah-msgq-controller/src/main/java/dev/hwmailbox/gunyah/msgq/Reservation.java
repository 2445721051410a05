// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.msgq;

import dev.hwmailbox.Errno;
import dev.hwmailbox.MailboxChannel;
import dev.hwmailbox.MailboxClient;
import dev.hwmailbox.MailboxException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * A slot kept for queues that do not exist yet.
 *
 * <pre>
 *           supply begins             supply succeeds
 *    OPEN ────────────────▶ SUPPLYING ───────────────▶ GONE: the slot has passed to a binding
 *     ▲ │                      │
 *     │ │ cancel, time, close  │ supply fails
 *     │ └──────────────▶ GONE: the slot is free
 *     └────────────────────────┘
 * </pre>
 *
 * What ends the future during SUPPLYING is noticed when supplying ends. The binding may be over before its request is
 * (RELEASED: the client has closed the channel at once), and the request before its binding is (FAILED: a call is still
 * inside); whichever comes second decides where the slot goes.
 */
final class Reservation implements SlotOwner {
    private enum State {
        OPEN,
        SUPPLYING,
        RELEASED,
        FAILED,
        GONE
    }

    private final ReservationKey key;
    private final MailboxClient client;
    private final CompletionLevel level;
    private final Slot slot;
    private final CompletableFuture<MailboxChannel> future = new CompletableFuture<>();
    private final AtomicReference<State> state = new AtomicReference<>(State.OPEN);

    Reservation(ReservationKey key, MailboxClient client, CompletionLevel level, Slot slot) {
        this.key = key;
        this.client = client;
        this.level = level;
        this.slot = slot;
    }

    ReservationKey key() {
        return key;
    }

    MailboxClient client() {
        return client;
    }

    CompletionLevel level() {
        return level;
    }

    Slot slot() {
        return slot;
    }

    CompletableFuture<MailboxChannel> future() {
        return future;
    }

    @Override
    public @Nullable MsgqEndpoint endpoint() {
        return null;
    }

    boolean beginSupply() {
        return state.compareAndSet(State.OPEN, State.SUPPLYING);
    }

    /** The slot has passed to a binding. Returns false if nobody wants the channel any more. */
    boolean supplied(MailboxChannel channel) {
        if (state.getAndSet(State.GONE) == State.RELEASED) {
            slot.release();
        }
        return future.complete(channel);
    }

    /** The last call through the binding that the slot was passed to has left. */
    void bindingReleased() {
        if (state.compareAndSet(State.SUPPLYING, State.RELEASED)) {
            return;
        }
        if (state.get() == State.FAILED) {
            reopen();
        } else {
            slot.release();
        }
    }

    /** The client could not be bound to the binding that the slot has passed to. */
    void bindFailed() {
        if (!state.compareAndSet(State.SUPPLYING, State.FAILED)) {
            reopen();
        }
    }

    /** Supplying failed: the reservation stays, unless it has been ended meanwhile. */
    void reopen() {
        slot.owner(this);
        state.set(State.OPEN);
        if (future.isDone()) {
            release();
        }
    }

    void fail(int errno, String fact) {
        release(); // first, as what depends on the future may want to reserve again
        future.completeExceptionally(new MailboxException(errno, fact + " (" + key + ", " + slot.channel() + ")"));
    }

    void timeOut() {
        fail(Errno.ETIME, "no queues were supplied in time");
    }

    /** The future has ended, in whatever way. */
    void release() {
        if (state.compareAndSet(State.OPEN, State.GONE)) {
            slot.release();
        }
    }
}
