// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.internal;

import java.util.ArrayList;
import java.util.List;
import java.util.PriorityQueue;
import org.jspecify.annotations.Nullable;

/**
 * Tasks in order of due time, those due at the same time in order of their coming. Times compare by subtraction, so
 * they may wrap around. Not synchronised.
 */
public final class TaskQueue {
    private final PriorityQueue<Entry> entries = new PriorityQueue<>(Entry::order);
    private long sequence;

    /** Makes an empty queue. */
    public TaskQueue() {}

    /**
     * Puts an entry in, as the latest of its due time. An entry that is queued already moves.
     *
     * @param entry the entry
     * @param due when it is due
     */
    public void put(Entry entry, long due) {
        remove(entry);
        entry.due = due;
        entry.sequence = sequence++;
        entry.queued = true;
        entries.add(entry);
    }

    /**
     * Puts a timer's entry in, unless it is queued for a strictly earlier time.
     *
     * @param entry the entry
     * @param due when it is due
     * @return true if the entry has moved and is the first of the queue now, so that whoever waits for it must look
     *     again
     */
    public boolean arm(Entry entry, long due) {
        if (entry.queued && entry.due - due < 0) {
            return false;
        }
        put(entry, due);
        return first() == entry;
    }

    /**
     * Takes an entry out, if it is in.
     *
     * @param entry the entry
     */
    public void remove(Entry entry) {
        if (entry.queued) {
            entry.queued = false;
            entries.remove(entry);
        }
    }

    /**
     * The entry that is due next.
     *
     * @return the entry, or null if the queue is empty
     */
    public @Nullable Entry first() {
        return entries.peek();
    }

    /**
     * Takes out the entry that is due next, if it is due by a time.
     *
     * @param limit the time
     * @return the entry, or null
     */
    public @Nullable Entry takeDue(long limit) {
        Entry first = entries.peek();
        if (first == null || first.due - limit > 0) {
            return null;
        }
        remove(first);
        return first;
    }

    /**
     * The entries any of which can be the next: all that are due by now or, if none is, all that are due at the first
     * due time.
     *
     * @param now the time
     * @param limit the latest due time to look at
     * @return a copy, in order
     */
    public List<Entry> dueTogether(long now, long limit) {
        List<Entry> together = new ArrayList<>();
        Entry first = entries.peek();
        if (first != null && first.due - limit <= 0) {
            long time = first.due - now > 0 ? first.due : now;
            entries.stream()
                    .filter(entry -> entry.due - time <= 0)
                    .sorted(Entry::order)
                    .forEach(together::add);
        }
        return together;
    }

    /**
     * How many entries there are.
     *
     * @return their number
     */
    public int size() {
        return entries.size();
    }

    /**
     * All entries, in order.
     *
     * @return a copy
     */
    public List<Entry> inOrder() {
        List<Entry> all = new ArrayList<>(entries);
        all.sort(Entry::order);
        return all;
    }

    /** A task with its place in a queue. */
    public static final class Entry {
        private final String name;
        private final Runnable task;
        private final boolean afterOthers;
        private long due;
        private long sequence;
        private boolean queued;

        /**
         * Makes an entry that is in no queue.
         *
         * @param name for diagnostics
         * @param task what to run
         * @param afterOthers whether it comes after all others of its due time
         */
        public Entry(String name, Runnable task, boolean afterOthers) {
            this.name = name;
            this.task = task;
            this.afterOthers = afterOthers;
        }

        /**
         * The name.
         *
         * @return for diagnostics
         */
        public String name() {
            return name;
        }

        /**
         * The task.
         *
         * @return what to run
         */
        public Runnable task() {
            return task;
        }

        /**
         * The due time.
         *
         * @return as it was put in last
         */
        public long due() {
            return due;
        }

        private static int order(Entry a, Entry b) {
            int order = Long.signum(a.due - b.due);
            if (order == 0) {
                order = Boolean.compare(a.afterOthers, b.afterOthers);
            }
            return order != 0 ? order : Long.compare(a.sequence, b.sequence);
        }
    }
}
