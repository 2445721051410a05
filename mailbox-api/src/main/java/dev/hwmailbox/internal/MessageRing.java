// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.internal;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The queue of a channel: a ring of entries, each a message or the {@link Sender} of one. A part of the channel's
 * state, to save what an object of its own takes. Guarded by the channel's section, which is why storage comes from
 * outside: nothing is allocated inside a section.
 *
 * <p>Slots are numbered in order of sending, and the numbers go on when an entry is taken from the middle: the older
 * ones move up instead. The oldest entry may be away, being handed over: its place is counted, and empty until it comes
 * back. A channel that never has more than that needs no storage at all.
 */
abstract class MessageRing extends Section {
    private final int length;
    private int nextSlot;
    private int count;

    // Somebody found no room; and since then an entry has left.
    private boolean roomWanted;
    private boolean roomMade;

    // Null, not an empty array: one that all share would be read beside whatever it happens to lie next to.
    private @Nullable Object @Nullable [] entries;

    MessageRing(int length) {
        this.length = length;
    }

    final int queueLength() {
        return length;
    }

    final int queued() {
        return count;
    }

    final int room() {
        return length - count;
    }

    /** From now on, an entry that leaves makes room that somebody waits for. */
    final void wantRoom() {
        roomWanted = true;
    }

    final boolean isRoomMade() {
        return roomMade && room() > 0;
    }

    final void forgetRoomMade() {
        roomMade = false;
    }

    /** Storage for {@link #store}, unless there is some: to be made outside the section. */
    @Nullable
    final Object @Nullable [] newStorage() {
        return entries != null ? null : new Object[length];
    }

    /**
     * Takes storage if there is none; two threads may have made some.
     *
     * @return false if there still is none
     */
    final boolean store(@Nullable Object @Nullable [] storage) {
        if (entries == null) {
            entries = storage;
        }
        return entries != null;
    }

    /**
     * Counts an entry whose place stays empty: the only one, in a ring that has none.
     *
     * @return the slot used
     */
    final int addAway(@Nullable Object entry) {
        count++;
        return takeSlot(entry);
    }

    /**
     * Adds an entry to a ring that has storage and room.
     *
     * @return the slot used
     */
    final int add(@Nullable Object entry) {
        Objects.requireNonNull(entries)[nextSlot] = entry;
        count++;
        return takeSlot(entry);
    }

    private int takeSlot(@Nullable Object entry) {
        int slot = nextSlot;
        if (entry instanceof Sender sender) {
            sender.slot = slot;
        }
        nextSlot = slot + 1 == length ? 0 : slot + 1;
        return slot;
    }

    @Nullable
    final Object oldest() {
        return Objects.requireNonNull(entries)[slot(0)];
    }

    /** Puts the oldest entry, which was away, into its place. */
    final void putBack(@Nullable Object entry) {
        Objects.requireNonNull(entries)[slot(0)] = entry;
    }

    final void dropOldest() {
        if (entries != null) {
            entries[slot(0)] = null;
        }
        count--;
        if (roomWanted) {
            roomWanted = false;
            roomMade = true;
        }
    }

    /**
     * Takes out the entry of a sender.
     *
     * @return false if it is not there
     */
    final boolean remove(Sender sender) {
        @Nullable Object[] stored = entries;
        if (stored == null) { // then nothing is there that is not away
            return false;
        }
        int age = 0;
        while (age < count && stored[slot(age)] != sender) {
            age++;
        }
        if (age == count) {
            return false;
        }
        for (; age > 0; age--) {
            stored[slot(age)] = stored[slot(age - 1)];
        }
        dropOldest();
        return true;
    }

    private int slot(int age) {
        int slot = nextSlot - count + age;
        return slot < 0 ? slot + length : slot;
    }
}
