// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.calls;

import dev.hwmailbox.Errno;
import dev.hwmailbox.MailboxScheduler;
import java.time.Duration;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * The calls of one client that wait for their replies: a reply finds its call by the number both carry. Each call has
 * one outcome: whoever takes it out of the table ends it, a reply, its time, or the client because it could not be sent
 * or the channel is gone.
 *
 * <p>At most {@code limit} calls are open at once; one more is refused. What has become of the last {@link #MEMORY}
 * calls is remembered, to tell late replies from duplicates. Numbers go round in 1..0xffff and begin at a place that
 * depends on the time, so that replies for a client of a former life do not meet calls of this one.
 *
 * <p>Context: the VM's scheduler, on which all of it runs; calls from outside are not allowed. Nothing here is locked,
 * and outcomes may make further calls.
 *
 * @param <R> what a reply says
 * @since 0.1
 */
public final class OpenCalls<R> {
    /** How many calls that have ended are remembered. */
    public static final int MEMORY = 64;

    private static final int LAST_ID = 0xffff;

    private final MailboxScheduler scheduler;
    private final int limit;
    private final long timeoutNanos;
    private final Map<Integer, Call> open = new LinkedHashMap<>();
    private final Map<Integer, Arrival> ended = new LinkedHashMap<>();
    private final Map<Arrival, Long> arrivals = new EnumMap<>(Arrival.class);
    private int lastId;

    /**
     * Begins without calls.
     *
     * @param scheduler the time
     * @param limit how many calls may be open at once, 1..{@value #MEMORY}
     * @param timeout how long a call waits for its reply
     */
    public OpenCalls(MailboxScheduler scheduler, int limit, Duration timeout) {
        if (limit < 1 || limit > MEMORY) {
            throw new IllegalArgumentException("limit " + limit + " is outside 1.." + MEMORY);
        }
        this.scheduler = scheduler;
        this.limit = limit;
        timeoutNanos = timeout.toNanos();
        lastId = Math.floorMod(scheduler.nanoTime() >> 10, LAST_ID);
    }

    /**
     * Opens a call, to be sent at once.
     *
     * @param told told the outcome, once, never inside this method
     * @return its number, 1..0xffff, or {@code -EBUSY}: too many are open, and nothing will be told
     */
    public int open(Consumer<Outcome<R>> told) {
        if (open.size() == limit) {
            return -Errno.EBUSY;
        }
        do {
            lastId = lastId % LAST_ID + 1;
        } while (open.containsKey(lastId));
        int id = lastId;
        ended.remove(id);
        open.put(id, new Call(id, told));
        return id;
    }

    /**
     * Ends a call with its reply, if it is open, and counts the reply in any case.
     *
     * @param id the number the reply carries
     * @param reply what it says
     * @return what it was
     */
    public Arrival reply(int id, R reply) {
        return arrived(id, Outcome.answered(reply));
    }

    /**
     * Ends a call whose reply cannot be read, if it is open, and counts the reply in any case.
     *
     * @param id the number the reply carries
     * @param status a negative errno
     * @return what it was
     */
    public Arrival badReply(int id, int status) {
        return arrived(id, Outcome.failed(status));
    }

    private Arrival arrived(int id, Outcome<R> outcome) {
        Call call = open.get(id);
        Arrival arrival = call != null ? Arrival.ANSWER : ended.getOrDefault(id, Arrival.UNKNOWN);
        arrivals.merge(arrival, 1L, Long::sum);
        if (call != null) {
            call.end(outcome, Arrival.DUPLICATE);
        }
        return arrival;
    }

    /**
     * Gives a call up, if it is open.
     *
     * @param id its number
     * @param status a negative errno
     */
    public void giveUp(int id, int status) {
        Call call = open.get(id);
        if (call != null) {
            call.end(Outcome.failed(status), Arrival.LATE);
        }
    }

    /**
     * Gives up all calls that are open now, oldest first.
     *
     * @param status a negative errno
     */
    public void giveUpAll(int status) {
        List.copyOf(open.keySet()).forEach(id -> giveUp(id, status));
    }

    /**
     * How many calls wait.
     *
     * @return 0..limit
     */
    public int size() {
        return open.size();
    }

    /**
     * How many replies were of a kind.
     *
     * @param arrival which
     * @return since the beginning
     */
    public long count(Arrival arrival) {
        return arrivals.getOrDefault(arrival, 0L);
    }

    @Override
    public String toString() {
        return open.size() + " calls open, replies " + arrivals;
    }

    private final class Call {
        private final int id;
        private final Consumer<Outcome<R>> told;
        private final MailboxScheduler.Timer timer;

        Call(int id, Consumer<Outcome<R>> told) {
            this.id = id;
            this.told = told;
            timer = scheduler.timer("reply of call " + id, () -> giveUp(id, -Errno.ETIMEDOUT));
            timer.arm(timeoutNanos);
        }

        void end(Outcome<R> outcome, Arrival whatComesNow) {
            open.remove(id);
            ended.put(id, whatComesNow);
            if (ended.size() > MEMORY) {
                ended.remove(ended.keySet().iterator().next());
            }
            timer.cancel();
            told.accept(outcome);
        }
    }
}
