// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.request;

import dev.hwmailbox.ChannelEvent;
import dev.hwmailbox.Errno;
import dev.hwmailbox.MailboxChannel;
import dev.hwmailbox.MailboxClient;
import dev.hwmailbox.MailboxScheduler;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Asks the other side of a channel, and asks again when no reply comes. Any number of requests may be open at once; a
 * reply finds its request by the number both carry. What goes out twice may arrive twice, so asking must do no harm.
 *
 * <p>Whoever takes a request out of the table of open ones ends it, so each has one outcome, whatever happens at the
 * same time: a reply, the end of the time, the end of the channel.
 *
 * <p>Context: any thread, also from callbacks; never blocks.
 */
final class RequestReplyClient implements MailboxClient, AutoCloseable {
    /** What goes out. */
    record Request(int id, String body) {}

    /** What comes back. */
    record Reply(int id, String body) {}

    /** How long to wait for the first reply, twice as long for each further one, and how often to ask. */
    record Policy(Duration timeout, int attempts) {}

    /** How a request ended. */
    sealed interface Outcome {}

    /** The reply, and how often it took to ask. */
    record Answered(String body, int attempts) implements Outcome {}

    /**
     * No reply: ETIMEDOUT if the request went out, else why it did not; ESHUTDOWN or EINVAL if the channel is closed.
     */
    record GaveUp(int errno, int attempts) implements Outcome {
        @Override
        public String toString() {
            return "GaveUp[" + Errno.name(errno) + ", attempts=" + attempts + "]";
        }
    }

    private final MailboxScheduler scheduler;
    private final Policy policy;
    private final Map<Integer, Call> open = new ConcurrentHashMap<>();
    private final AtomicInteger lastId = new AtomicInteger();
    private final MailboxChannel channel;

    /**
     * Binds itself.
     *
     * @param binder such as {@code client -> mailboxes.requestChannel(client, 0)}
     * @param scheduler the time
     * @param policy when to ask again
     */
    RequestReplyClient(Function<MailboxClient, MailboxChannel> binder, MailboxScheduler scheduler, Policy policy) {
        this.scheduler = scheduler;
        this.policy = policy;
        channel = binder.apply(this);
    }

    /** The other side's part, for simulations and tests: the reply that belongs to a request. */
    static Reply reply(@Nullable Object request, String body) {
        return new Reply(((Request) Objects.requireNonNull(request, "request")).id(), body);
    }

    /** Asks; the outcome is told exactly once, possibly before this returns. */
    void ask(String body, Consumer<Outcome> told) {
        var call = new Call(new Request(lastId.incrementAndGet(), body), told);
        open.put(call.request.id(), call);
        call.attempt();
    }

    @Override
    public void rxCallback(MailboxChannel from, @Nullable Object message) {
        if (message instanceof Reply reply) {
            Call call = open.get(reply.id());
            if (call != null) { // or it comes too late
                call.end(new Answered(reply.body(), call.attempts));
            }
        }
    }

    @Override
    public void refused(MailboxChannel to, @Nullable Object message, int errno) {
        notSent(message, errno);
    }

    @Override
    public void txDone(MailboxChannel to, @Nullable Object message, int status) {
        notSent(message, status);
    }

    private void notSent(@Nullable Object message, int status) {
        Call call = message instanceof Request request ? open.get(request.id()) : null;
        if (call != null) {
            call.reason = status < 0 ? -status : Errno.ETIMEDOUT;
        }
    }

    @Override
    public void event(MailboxChannel of, ChannelEvent event) {
        if (event == ChannelEvent.CLOSED) {
            open.values().forEach(call -> call.end(new GaveUp(Errno.ESHUTDOWN, call.attempts)));
        }
    }

    /** Closes the channel; what is open ends with ESHUTDOWN. */
    @Override
    public void close() {
        channel.close();
    }

    private final class Call {
        private final Request request;
        private final Consumer<Outcome> told;
        private final MailboxScheduler.Timer timer;
        private volatile int attempts;
        private volatile int reason;

        Call(Request request, Consumer<Outcome> told) {
            this.request = request;
            this.told = told;
            timer = scheduler.timer("request " + request.id(), this::timeUp);
        }

        @SuppressWarnings("NonAtomicVolatileUpdate") // made by ask and then by the timer, never both
        void attempt() {
            attempts++;
            reason = Errno.ETIMEDOUT;
            int result = channel.sendMessage(request);
            if (result == -Errno.EINVAL) {
                end(new GaveUp(Errno.EINVAL, attempts));
                return;
            }
            if (result < 0) {
                reason = -result; // the queue is full: perhaps not next time
            }
            timer.arm(policy.timeout().toNanos() << (attempts - 1));
            if (!open.containsKey(request.id())) {
                timer.cancel(); // ended meanwhile
            }
        }

        void timeUp() {
            if (attempts == policy.attempts()) {
                end(new GaveUp(reason, attempts));
            } else if (open.containsKey(request.id())) {
                attempt();
            }
        }

        void end(Outcome outcome) {
            if (open.remove(request.id(), this)) {
                timer.cancel();
                told.accept(outcome);
            }
        }
    }
}
