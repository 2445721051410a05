// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.internal;

import org.jspecify.annotations.Nullable;

/**
 * The queue of a channel: a ring of messages, with the senders that wait for them. Guarded by the channel's section, which
 * is why storage is reserved separately: nothing is allocated inside a section.
 *
 * <p>Slots are numbered in order of sending, and the numbers go on when a message is taken from the middle: the older ones
 * move up instead.
 */
final class MessageRing {
    private static final @Nullable Object[] NO_MESSAGES = {};
    private static final @Nullable Sender[] NO_SENDERS = {};

    private final int length;
    private int nextSlot;
    private int count;
    private @Nullable Object[] messages = NO_MESSAGES;
    private @Nullable Sender[] senders = NO_SENDERS;

    MessageRing(int length) {
        this.length = length;
    }

    /** Storage for messages: the ring's own or, outside the section, a proposal. */
    @Nullable
    Object[] messageStorage() {
        @Nullable Object[] present = messages;
        return present.length != 0 ? present : new Object[length];
    }

    /** Storage for senders, likewise. */
    @Nullable
    Sender[] senderStorage() {
        @Nullable Sender[] present = senders;
        return present.length != 0 ? present : new Sender[length];
    }

    int count() {
        return count;
    }

    int free() {
        return length - count;
    }

    /**
     * Adds a message to a ring that has room.
     *
     * @param messageStorage taken if the ring has none yet
     * @param senderStorage likewise, only with a sender
     * @return the slot used
     */
    int add(
            @Nullable Object message,
            @Nullable Object[] messageStorage,
            @Nullable Sender sender,
            @Nullable Sender @Nullable [] senderStorage) {
        if (messages.length == 0) {
            messages = messageStorage;
        }
        if (senderStorage != null && senders.length == 0) {
            senders = senderStorage;
        }
        int slot = nextSlot;
        put(slot, message, sender);
        nextSlot = slot + 1 == length ? 0 : slot + 1;
        count++;
        return slot;
    }

    @Nullable
    Object oldest() {
        return messages[slot(0)];
    }

    @Nullable
    Sender oldestSender() {
        return sender(0);
    }

    /** The sender that waits for a message, by age; null if nobody does. */
    @Nullable
    Sender sender(int age) {
        return senders.length == 0 ? null : senders[slot(age)];
    }

    void dropOldest() {
        put(slot(0), null, null);
        count--;
    }

    /** Takes out the message of a sender, if it is there. */
    void remove(Sender sender) {
        int age = 0;
        while (age < count && sender(age) != sender) {
            age++;
        }
        if (age == count) {
            return;
        }
        for (; age > 0; age--) {
            put(slot(age), messages[slot(age - 1)], sender(age - 1));
        }
        dropOldest();
    }

    private int slot(int age) {
        int slot = nextSlot - count + age;
        return slot < 0 ? slot + length : slot;
    }

    private void put(int slot, @Nullable Object message, @Nullable Sender sender) {
        messages[slot] = message;
        if (senders.length != 0) {
            senders[slot] = sender;
        }
    }
}
