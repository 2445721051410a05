// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.testing;

import dev.hwmailbox.ChannelEvent;
import dev.hwmailbox.Completion;
import dev.hwmailbox.Errno;
import dev.hwmailbox.MailboxScheduler;
import dev.hwmailbox.controller.ControllerChannel;
import dev.hwmailbox.controller.TxDoneMethod;
import dev.hwmailbox.internal.Nanos;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import java.util.function.IntSupplier;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * One channel of a {@link FakeController}: what its hardware is to do, what it has been given, and its interrupt line.
 *
 * <p>Methods that begin with {@code on} put answers behind those given before; each is used once, and then the standard
 * answer counts, which for messages is what {@link #onEverySend(SendResponse)} says. On a channel whose method is
 * {@link TxDoneMethod#POLL}, a completion is what {@link dev.hwmailbox.controller.ChannelOps#lastTxDone} says from then
 * on; on one whose method is {@link TxDoneMethod#ACK} the client reports, and the fake cannot.
 *
 * <p>Context: any thread; what is received or reported is told to the client on the calling thread. Never blocks.
 *
 * @since 0.1
 */
public final class FakeChannel {
    /** How many messages one flush can finish: more than any queue of a test, but not without end. */
    private static final int FLUSH_LIMIT = 100_000;

    private final FakeController fake;
    private final int index;
    private final KitClock clock;
    private volatile Function<@Nullable Object, SendResponse> standard;
    private volatile long flushNanos;

    // guards: everything below, the contents of the flights too
    private final ReentrantLock lock = new ReentrantLock();
    private final List<SendResponse> responses = new ArrayList<>();
    private final List<Boolean> lastTxDoneAnswers = new ArrayList<>();
    private final List<Integer> flushResults = new ArrayList<>();
    private final List<@Nullable Object> peekable = new ArrayList<>();
    private final List<IntSupplier> startups = new ArrayList<>();
    private final List<Runnable> shutdowns = new ArrayList<>();
    private final List<Flight> flights = new ArrayList<>();
    private final Set<Later> pending = new HashSet<>();
    private boolean started;

    FakeChannel(FakeController fake, int index, KitClock clock) {
        this.fake = fake;
        this.index = index;
        this.clock = clock;
        SendResponse response = method() == TxDoneMethod.ACK ? SendResponse.accept() : SendResponse.completeNow();
        standard = message -> response;
    }

    /**
     * The channel as its driver has it.
     *
     * @return to bind clients, or to do what a driver should not
     */
    public ControllerChannel hardware() {
        return fake.controller().channel(index);
    }

    private TxDoneMethod method() {
        return fake.controller().txDoneMethod(index);
    }

    /**
     * What to do in the next attempts to transmit, one after the other; a refused message tried again is a new attempt.
     *
     * @param next the responses
     * @return this
     * @throws IllegalArgumentException if one reports completion, and the channel leaves that to its client
     */
    public FakeChannel onSend(SendResponse... next) {
        return locked(() -> Arrays.stream(next).map(this::checked).forEach(responses::add));
    }

    /**
     * What to do with messages when nothing else has been said; at first {@link SendResponse#completeNow}, or
     * {@link SendResponse#accept} where the client reports completion.
     *
     * @param response the response
     * @return this
     * @throws IllegalArgumentException if it reports completion, and the channel leaves that to its client
     */
    public FakeChannel onEverySend(SendResponse response) {
        checked(response);
        standard = message -> response;
        return this;
    }

    /**
     * Decides by the message what to do with it, when nothing else has been said.
     *
     * @param response from the message to the response, called inside the attempt. What it throws counts as thrown by
     *     the driver; so does the {@link IllegalArgumentException} if it reports completion, and the channel leaves
     *     that to its client
     * @return this
     */
    public FakeChannel onEverySend(Function<@Nullable Object, SendResponse> response) {
        standard = Objects.requireNonNull(response, "response");
        return this;
    }

    /**
     * What to say when the framework asks whether the message in flight has left; otherwise the truth.
     *
     * @param answers the answers
     * @return this
     */
    public FakeChannel onLastTxDone(boolean... answers) {
        return locked(() -> {
            for (boolean answer : answers) {
                lastTxDoneAnswers.add(answer);
            }
        });
    }

    /**
     * What the next flushes result in. The standard result is 0: everything queued has been transmitted and reported,
     * as far as the controller reports it.
     *
     * @param results 0, or negative errnos, with which nothing is reported
     * @return this
     */
    public FakeChannel onFlush(int... results) {
        return locked(() -> Arrays.stream(results).forEach(flushResults::add));
    }

    /**
     * How long flushes take from now on. One that would take longer than its caller waits results in {@code -ETIME}.
     *
     * @param duration not negative; zero at first
     * @return this
     */
    public FakeChannel flushTakes(Duration duration) {
        flushNanos = Nanos.of(duration, "duration");
        return this;
    }

    /**
     * What the next peeks deliver. Otherwise there is nothing to deliver.
     *
     * @param messages one for each peek; null, alone to be written {@code (Object) null}, for a bare signal
     * @return this
     */
    public FakeChannel onPeek(@Nullable Object... messages) {
        return locked(() -> peekable.addAll(Arrays.asList(messages)));
    }

    /**
     * What the next startups do: deliver data, throw, or fail by a result other than 0.
     *
     * @param next the startups; each answers with its result
     * @return this
     */
    public FakeChannel onStartup(IntSupplier... next) {
        return locked(() -> startups.addAll(Arrays.asList(next)));
    }

    /**
     * What the next shutdowns do besides.
     *
     * @param next the shutdowns
     * @return this
     */
    public FakeChannel onShutdown(Runnable... next) {
        return locked(() -> shutdowns.addAll(Arrays.asList(next)));
    }

    /**
     * Receives data, on the calling thread, before this returns. Without a client it is dropped.
     *
     * @param message the data; null for a bare signal
     */
    public void receive(@Nullable Object message) {
        hardware().receivedData(message);
    }

    /**
     * Receives data later, from a timer of the scheduler; unless a client of the channel closes it before.
     *
     * @param delay how long from now, not negative
     * @param message the data; null for a bare signal
     */
    public void receiveAfter(Duration delay, @Nullable Object message) {
        later("receives", Nanos.of(delay, "delay"), () -> receive(message), () -> true);
    }

    /** Reports the message in flight as sent. */
    public void complete() {
        complete(0);
    }

    /**
     * Reports the message in flight as done.
     *
     * @param status 0, or by custom a negative errno
     * @throws IllegalStateException if nothing is in flight that the fake knows of, or reporting is the client's
     *     business
     */
    public void complete(int status) {
        if (method() == TxDoneMethod.ACK) {
            throw new IllegalStateException(this + " leaves completion to its client");
        }
        Flight flight = read(this::inFlight);
        if (flight == null) {
            throw new IllegalStateException("nothing is in flight on " + this);
        }
        report(flight, status, 1);
    }

    /**
     * Reports a transmission as done, at whatever time: after its sender has given up, for example, or when another
     * message is in flight, or another client bound. The attempt itself stays as it is.
     *
     * @param attempt the transmission
     * @param status 0, or by custom a negative errno
     * @throws IllegalStateException if the channel does not report by interrupt
     */
    public void completeLate(Attempt attempt, int status) {
        if (method() != TxDoneMethod.IRQ) {
            throw new IllegalStateException(this + " does not report by interrupt: " + method());
        }
        tell(attempt.txId(), status);
    }

    /** Has a refused message tried again, as if there were room now. */
    public void resubmit() {
        hardware().resubmit();
    }

    /**
     * Tells the client of an event.
     *
     * @param event what; not {@link ChannelEvent#CLOSED}
     * @throws IllegalArgumentException if the event is CLOSED
     */
    public void raise(ChannelEvent event) {
        hardware().raiseEvent(event);
    }

    /**
     * The messages that were accepted, those of earlier clients included.
     *
     * @return their contents at the time, in order
     */
    public List<@Nullable Object> sent() {
        List<@Nullable Object> messages = new ArrayList<>();
        for (Attempt attempt : attempts()) {
            if (attempt.outcome() != Outcome.REFUSED) {
                messages.add(attempt.message());
            }
        }
        return messages;
    }

    /**
     * All attempts to transmit, refused ones too.
     *
     * @return as they are now, in order
     */
    public List<Attempt> attempts() {
        return read(() -> flights.stream().map(Flight::attempt).toList());
    }

    /**
     * The latest attempt to transmit.
     *
     * @return as it is now
     * @throws IllegalStateException if there was none
     */
    public Attempt lastAttempt() {
        List<Attempt> all = attempts();
        if (all.isEmpty()) {
            throw new IllegalStateException("nothing has been sent on " + this);
        }
        return all.get(all.size() - 1);
    }

    int send(@Nullable Object message, long txId) {
        clock.switchPoint();
        SendResponse scripted = read(() -> responses.isEmpty() ? null : responses.remove(0));
        SendResponse response = scripted != null ? scripted : checked(standard.apply(message));
        var flight = new Flight(clock.elapsed(), Shown.snapshot(message), txId, response.errno());
        locked(() -> {
            flights.add(flight);
            if (!started) { // the channel was closed while this attempt was on its way
                flight.abandon();
            }
        });

        RuntimeException failure = response.failure();
        UnaryOperator<@Nullable Object> reply = response.reply();
        if (response.retries()) {
            laterUnlessClosed("has room again", response.delayNanos(), this::resubmit);
        }
        if (failure != null) {
            throw failure;
        }
        if (reply != null) {
            laterUnlessClosed(
                    "replies", response.replyDelayNanos(), () -> receive(reply.apply(Shown.snapshot(flight.message))));
        }
        Runnable report = () -> report(flight, response.status(), response.reports());
        switch (response.when()) {
            case INSIDE -> report.run();
            case LATER -> laterUnlessClosed("completes #" + txId, response.delayNanos(), report);
            case BY_EXECUTOR -> response.executor().execute(report);
            case NEVER -> {}
        }
        clock.switchPoint();
        return -response.errno();
    }

    int startUp() {
        clock.switchPoint();
        IntSupplier next = read(() -> {
            started = true;
            return startups.isEmpty() ? null : startups.remove(0);
        });
        return next == null ? 0 : next.getAsInt();
    }

    void shutDown() {
        clock.switchPoint();
        List<Later> cancelled = read(() -> {
            started = false;
            return List.copyOf(pending);
        });
        cancelled.forEach(Later::cancel);
        Runnable next = read(() -> {
            flights.forEach(Flight::abandon);
            return shutdowns.isEmpty() ? null : shutdowns.remove(0);
        });
        if (next != null) {
            next.run();
        }
    }

    boolean lastTxDone() {
        return read(() -> lastTxDoneAnswers.isEmpty() ? !lastFlightUnderWay() : lastTxDoneAnswers.remove(0));
    }

    int flush(long timeoutNanos) {
        clock.switchPoint();
        int result = read(() -> flushResults.isEmpty() ? 0 : flushResults.remove(0));
        long needed = flushNanos;
        if (needed > 0) {
            clock.scheduler().await(new Completion(), Math.min(needed, timeoutNanos));
            result = needed > timeoutNanos ? -Errno.ETIME : result;
        }
        if (result == 0 && method() != TxDoneMethod.ACK) {
            // A report makes the framework hand over the next message, even one that the report's callback has sent.
            Flight flight = read(this::inFlight);
            for (int i = 0; flight != null && i < FLUSH_LIMIT; i++) {
                report(flight, 0, 1);
                flight = read(this::inFlight);
            }
            result = flight == null ? 0 : -Errno.ETIME;
        }
        return result;
    }

    boolean peek() {
        clock.switchPoint();
        Object message;
        lock.lock();
        try {
            if (peekable.isEmpty()) {
                return false;
            }
            message = peekable.remove(0);
        } finally {
            lock.unlock();
        }
        receive(message);
        return true;
    }

    private void report(Flight flight, int status, int reports) {
        boolean tells = read(() -> {
            if (flight.outcome != Outcome.ACCEPTED) { // closed meanwhile, or reported by a flush or by the test
                return false;
            }
            flight.outcome = reports == 0 ? Outcome.LOST : Outcome.COMPLETED;
            flight.status = status;
            return method() == TxDoneMethod.IRQ;
        });
        for (int i = 0; tells && i < reports; i++) {
            tell(flight.txId, status);
        }
    }

    private void tell(long txId, int status) {
        if (fake.tellsTxIds()) {
            hardware().txDone(txId, status);
        } else {
            hardware().txDone(status);
        }
    }

    private SendResponse checked(SendResponse response) {
        if (response.reportsCompletion() && method() == TxDoneMethod.ACK) {
            throw new IllegalArgumentException(this + " leaves completion to its client: " + response);
        }
        return response;
    }

    private void laterUnlessClosed(String what, long delayNanos, Runnable action) {
        later(what, delayNanos, action, () -> started);
    }

    private void later(String what, long delayNanos, Runnable action, BooleanSupplier condition) {
        var later = new Later(action);
        MailboxScheduler.Timer timer = clock.scheduler().timer(this + " " + what, later);
        later.timer = timer;
        if (read(() -> condition.getAsBoolean() && pending.add(later))) {
            timer.arm(delayNanos);
        }
    }

    /** Called under the lock. The latest flight if it is neither refused nor done. */
    private @Nullable Flight inFlight() {
        Flight latest = flights.isEmpty() ? null : flights.get(flights.size() - 1);
        return latest != null && latest.outcome == Outcome.ACCEPTED ? latest : null;
    }

    private boolean lastFlightUnderWay() {
        return inFlight() != null || flights.get(flights.size() - 1).outcome == Outcome.LOST;
    }

    private FakeChannel locked(Runnable section) {
        lock.lock();
        try {
            section.run();
        } finally {
            lock.unlock();
        }
        return this;
    }

    private <T extends @Nullable Object> T read(Supplier<T> section) {
        lock.lock();
        try {
            return section.get();
        } finally {
            lock.unlock();
        }
    }

    /**
     * Names the channel.
     *
     * @return controller and index, such as {@code fake/0}
     */
    @Override
    public String toString() {
        return hardware().toString();
    }

    /**
     * What has become of an attempt to transmit, as far as the fake knows; a sender that gave up does not tell it, nor
     * does a client that reports completion by itself.
     *
     * @since 0.1
     */
    public enum Outcome {
        /** Not accepted; the status says why. */
        REFUSED,

        /** Accepted, and not done yet. */
        ACCEPTED,

        /** Reported as done, with the status; or, on a polled channel, ready to be found. */
        COMPLETED,

        /** Done, but the report has been lost. */
        LOST,

        /** Accepted, and not reported when the channel was closed; or accepted after that. */
        ABANDONED
    }

    /**
     * An attempt to transmit.
     *
     * @param at when, since the start of virtual time; under real time, since the fake was made
     * @param message what; if it was bytes, a copy of them
     * @param txId identifies the transmission
     * @param outcome what has become of it
     * @param status the status of a completion, the negative errno of a refusal, or 0
     * @since 0.1
     */
    public record Attempt(Duration at, @Nullable Object message, long txId, Outcome outcome, int status) {
        /**
         * Its message.
         *
         * @return the message; a buffer is another one each time, to be read
         */
        @Override
        public @Nullable Object message() {
            return Shown.fresh(message);
        }

        /**
         * Describes the attempt.
         *
         * @return such as {@code +1.500 ms  #3 'hello' REFUSED EBUSY}
         */
        @Override
        public String toString() {
            return Shown.time(at) + "  #" + txId + " " + Shown.message(message) + " " + outcome + " "
                    + Shown.status(status);
        }
    }

    private static final class Flight {
        private final Duration at;
        private final @Nullable Object message;
        private final long txId;
        private Outcome outcome;
        private int status;

        Flight(Duration at, @Nullable Object message, long txId, int refusal) {
            this.at = at;
            this.message = message;
            this.txId = txId;
            outcome = refusal == 0 ? Outcome.ACCEPTED : Outcome.REFUSED;
            status = -refusal;
        }

        void abandon() {
            outcome = outcome == Outcome.ACCEPTED ? Outcome.ABANDONED : outcome;
        }

        Attempt attempt() {
            return new Attempt(at, message, txId, outcome, status);
        }
    }

    /** Something the fake does on its own, unless it is shut down before. */
    private final class Later implements Runnable {
        private final Runnable action;
        private MailboxScheduler.@Nullable Timer timer;

        Later(Runnable action) {
            this.action = action;
        }

        @Override
        public void run() {
            if (read(() -> pending.remove(this))) {
                action.run();
            }
        }

        void cancel() {
            locked(() -> pending.remove(this));
            if (timer != null) {
                timer.cancel();
            }
        }
    }
}
