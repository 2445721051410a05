// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.msgq;

import dev.hwmailbox.MailboxChannel;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Shares what one channel receives among several users: each message goes to the first handler whose condition it
 * meets, in the order of registration, or else to the default handler. The channel's client passes its messages on:
 *
 * <pre>{@code
 * dispatcher.onType(1, (channel, bytes) -> console.write(bytes));
 * dispatcher.when(bytes -> bytes.remaining() > 8, (channel, bytes) -> files.store(bytes));
 *
 * public void rxCallback(MailboxChannel channel, Object message) {
 *     dispatcher.dispatch(channel, message);
 * }
 * }</pre>
 *
 * <p>Bytes are not copied: conditions and handlers see the received buffer, from its first byte to its last, during
 * the call only. A condition or handler that throws is logged; the condition counts as not met, and the next messages
 * find everybody in place.
 *
 * <p>Context: any thread; never blocks. Conditions and handlers are called by {@link #dispatch}, with no lock held, and
 * may do what a receive callback may, and register and remove handlers.
 *
 * <p>Gunyah counterpart: none; drivers/virt/gunyah/gh_msgq.c (la_kernel_qcom) allows one user per queue.
 *
 * @since 0.1
 */
public final class MessageDispatcher {
    private static final Logger LOG = LoggerFactory.getLogger(MessageDispatcher.class);
    private static final int BYTE_MASK = 0xff;

    /**
     * What is done with a message.
     *
     * @since 0.1
     */
    @FunctionalInterface
    public interface Handler {
        /**
         * A message has come.
         *
         * <p>Context: callback; must not block.
         *
         * @param channel where
         * @param bytes the message, read-only, valid during the call only
         */
        void received(MailboxChannel channel, ByteBuffer bytes);
    }

    /** No record: equal registrations have places of their own. */
    private static final class Entry {
        final Predicate<ByteBuffer> condition;
        final Handler handler;

        Entry(Predicate<ByteBuffer> condition, Handler handler) {
            this.condition = Objects.requireNonNull(condition, "condition");
            this.handler = Objects.requireNonNull(handler, "handler");
        }
    }

    private final List<Entry> entries = new CopyOnWriteArrayList<>();
    private final AtomicLong unhandled = new AtomicLong();
    private final AtomicLong failed = new AtomicLong();
    private volatile @Nullable Handler otherwise;
    private volatile @Nullable Handler stale;

    /** Makes a dispatcher without handlers. */
    public MessageDispatcher() {}

    /**
     * Registers a handler for messages that begin with a certain byte.
     *
     * @param type the first byte, 0..255
     * @param handler gets them
     * @return its place
     * @throws IllegalArgumentException if the type is no unsigned byte
     */
    public Registration onType(int type, Handler handler) {
        if (type < 0 || type > BYTE_MASK) {
            throw new IllegalArgumentException("type must be 0..255: " + type);
        }
        return when(bytes -> bytes.hasRemaining() && Byte.toUnsignedInt(bytes.get(bytes.position())) == type, handler);
    }

    /**
     * Registers a handler for messages that meet a condition.
     *
     * @param condition looks at a message, without keeping it
     * @param handler gets those that meet it and no condition registered earlier
     * @return its place
     */
    public Registration when(Predicate<ByteBuffer> condition, Handler handler) {
        Entry entry = new Entry(condition, handler);
        entries.add(entry);
        return () -> entries.remove(entry);
    }

    /**
     * Sets who gets what nobody else does; without one it is dropped and {@linkplain #unhandled counted}.
     *
     * @param handler the default handler, in place of an earlier one; null for none
     */
    public void otherwise(@Nullable Handler handler) {
        otherwise = handler;
    }

    /**
     * Sets who gets {@linkplain StaleMessage messages of a sender's earlier life}. They never go to anybody else;
     * without a handler they are dropped and {@linkplain #unhandled counted}.
     *
     * @param handler gets them, in place of an earlier one; null for none
     */
    public void onStale(@Nullable Handler handler) {
        stale = handler;
    }

    /**
     * Hands a received message to its handler.
     *
     * <p>Context: callback; what handlers do counts.
     *
     * @param channel where it has come
     * @param message what a channel of {@link GunyahMsgqController} delivers: a {@link ByteBuffer} or a
     *     {@link StaleMessage}; anything else, null too, is dropped and counted
     */
    public void dispatch(MailboxChannel channel, @Nullable Object message) {
        if (message instanceof ByteBuffer bytes) {
            deliver(handlerOf(bytes), channel, bytes);
        } else if (message instanceof StaleMessage old) {
            deliver(stale, channel, old.bytes());
        } else {
            unhandled.incrementAndGet();
        }
    }

    private @Nullable Handler handlerOf(ByteBuffer bytes) {
        int position = bytes.position();
        int limit = bytes.limit();
        ByteOrder order = bytes.order();
        for (Entry entry : entries) {
            boolean met = isMet(entry.condition, bytes);
            bytes.limit(limit).position(position).order(order);
            if (met) {
                return entry.handler;
            }
        }
        return otherwise;
    }

    private boolean isMet(Predicate<ByteBuffer> condition, ByteBuffer bytes) {
        try {
            return condition.test(bytes);
        } catch (RuntimeException e) {
            failed.incrementAndGet();
            LOG.error("condition failed", e);
            return false;
        }
    }

    private void deliver(@Nullable Handler handler, MailboxChannel channel, ByteBuffer bytes) {
        if (handler == null) {
            unhandled.incrementAndGet();
            return;
        }
        try {
            handler.received(channel, bytes);
        } catch (RuntimeException e) {
            failed.incrementAndGet();
            LOG.error("handler failed ({})", channel, e);
        }
    }

    /**
     * How many messages were dropped because nobody wanted them.
     *
     * @return a count that never falls
     */
    public long unhandled() {
        return unhandled.get();
    }

    /**
     * How many times a condition or handler has thrown.
     *
     * @return a count that never falls
     */
    public long failed() {
        return failed.get();
    }

    @Override
    public String toString() {
        return "MessageDispatcher[" + entries.size() + " handlers, " + unhandled + " unhandled, " + failed + " failed]";
    }
}
