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
 * What ends the future during SUPPLYING is noticed when supplying ends.
 */
final class Reservation implements SlotOwner {
    private enum State {
        OPEN,
        SUPPLYING,
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
        state.set(State.GONE);
        return future.complete(channel);
    }

    /** The last call through the binding that the slot was passed to has left. */
    void bindingReleased() {
        if (state.get() == State.SUPPLYING) {
            supplyFailed();
        } else {
            slot.release();
        }
    }

    /** Supplying failed: the reservation stays, unless it has been ended meanwhile. */
    void supplyFailed() {
        slot.owner(this);
        state.set(State.OPEN);
        if (future.isDone()) {
            release();
        }
    }

    void fail(int errno, String fact) {
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
