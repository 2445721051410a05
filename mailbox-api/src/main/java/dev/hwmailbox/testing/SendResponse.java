// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.testing;

import dev.hwmailbox.Errno;
import dev.hwmailbox.internal.Nanos;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.Executor;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * What a {@link FakeChannel} does with one attempt to transmit: whether it accepts the message, when and how often it
 * reports it as done, and whether the other side answers.
 *
 * <pre>{@code
 * channel.onSend(refuse(Errno.EBUSY), completeAfter(Duration.ofMillis(3)).status(-Errno.EIO), completeNow().lost());
 * }</pre>
 *
 * <p>Context: any thread; immutable, so one response can be given many times.
 *
 * @since 0.1
 */
public final class SendResponse {
    /** When completion is reported. */
    enum When {
        NEVER,
        INSIDE,
        LATER,
        BY_EXECUTOR
    }

    private final String name;
    private final When when;
    private final int errno; // of a refusal, or 0
    private @Nullable RuntimeException failure;
    private @Nullable Executor executor;
    private long delayNanos; // until completion, or until a refused message is tried again
    private boolean retries;
    private int reports = 1;
    private int status;
    private long replyDelayNanos;
    private @Nullable UnaryOperator<@Nullable Object> reply;

    private SendResponse(String name, When when, int errno) {
        this.name = name;
        this.when = when;
        this.errno = errno;
    }

    private SendResponse copy(String suffix) {
        var copy = new SendResponse(name + suffix, when, errno);
        copy.failure = failure;
        copy.executor = executor;
        copy.delayNanos = delayNanos;
        copy.retries = retries;
        copy.reports = reports;
        copy.status = status;
        copy.replyDelayNanos = replyDelayNanos;
        copy.reply = reply;
        return copy;
    }

    /**
     * Accepts the message and leaves its completion to the test, see {@link FakeChannel#complete}, or to the client on
     * channels where that is the client's business.
     *
     * @return the response
     */
    public static SendResponse accept() {
        return new SendResponse("accept", When.NEVER, 0);
    }

    /**
     * Accepts the message, and reports it done from inside the very call.
     *
     * @return the response
     */
    public static SendResponse completeNow() {
        return new SendResponse("completeNow", When.INSIDE, 0);
    }

    /**
     * Accepts the message, and reports it done from a timer of the scheduler.
     *
     * @param delay how long after it was accepted, not negative; zero is as soon as possible, but not inside the call
     * @return the response
     */
    public static SendResponse completeAfter(Duration delay) {
        var response = new SendResponse("completeAfter " + delay, When.LATER, 0);
        response.delayNanos = Nanos.of(delay, "delay");
        return response;
    }

    /**
     * Accepts the message, and has another thread report it done. The executor gets its task inside the call, so the
     * report may come before the call has returned, as from another processor. Real threads go with a scheduler of real
     * time; under virtual time {@code scheduler::spawn} makes a simulated one, which the framework cannot tell from a
     * real one: it reports before the call returns, or, with a seed, at any time.
     *
     * @param executor runs the report; not on the calling thread, or it is just {@link #completeNow}
     * @return the response
     */
    public static SendResponse completeOn(Executor executor) {
        var response = new SendResponse("completeOn another thread", When.BY_EXECUTOR, 0);
        response.executor = Objects.requireNonNull(executor, "executor");
        return response;
    }

    /**
     * Accepts the message, and never reports it done; the same as {@link #accept}.
     *
     * @return the response
     */
    public static SendResponse never() {
        return new SendResponse("never", When.NEVER, 0);
    }

    /**
     * Refuses the message for now. It stays the first of the queue, and is tried again as the framework says, or by
     * {@link #retryAfter}.
     *
     * @param errno the positive error number, such as {@link Errno#EBUSY}
     * @return the response
     * @throws IllegalArgumentException if the number is not positive
     */
    public static SendResponse refuse(int errno) {
        if (errno <= 0) {
            throw new IllegalArgumentException("not a positive errno: " + errno);
        }
        return new SendResponse("refuse " + Errno.name(errno), When.NEVER, errno);
    }

    /**
     * Throws, as a driver with a defect would; the framework takes that for a refusal with EIO.
     *
     * @param failure what to throw
     * @return the response
     */
    public static SendResponse fail(RuntimeException failure) {
        var response = new SendResponse("fail", When.NEVER, Errno.EIO);
        response.failure = Objects.requireNonNull(failure, "failure");
        return response;
    }

    /**
     * The same, with this status instead of 0. Polled channels have no status, the framework reports 0 for them.
     *
     * @param status by custom a negative errno
     * @return a changed copy
     * @throws IllegalStateException if this response reports nothing
     */
    public SendResponse status(int status) {
        requireReport();
        SendResponse copy = copy(" " + Shown.status(status));
        copy.status = status;
        return copy;
    }

    /**
     * The same, but the report gets lost on its way: the other side has the message, the client never learns it.
     *
     * @return a changed copy
     * @throws IllegalStateException if this response reports nothing
     */
    public SendResponse lost() {
        requireReport();
        SendResponse copy = copy(" lost");
        copy.reports = 0;
        return copy;
    }

    /**
     * The same, but the report comes twice in a row. With transmission ids the second means nothing; see
     * {@link FakeController#withoutTxIds} for what it does otherwise.
     *
     * @return a changed copy
     * @throws IllegalStateException if this response reports nothing
     */
    public SendResponse twice() {
        requireReport();
        SendResponse copy = copy(" twice");
        copy.reports = 2;
        return copy;
    }

    /**
     * The same, and the controller asks for the refused message again when it has room.
     *
     * @param delay how long after the refusal, not negative
     * @return a changed copy
     * @throws IllegalStateException if this response refuses nothing
     */
    public SendResponse retryAfter(Duration delay) {
        if (errno == 0) {
            throw new IllegalStateException("nothing is refused that could be tried again: " + this);
        }
        SendResponse copy = copy(" retryAfter " + delay);
        copy.delayNanos = Nanos.of(delay, "delay");
        copy.retries = true;
        return copy;
    }

    /**
     * The same, and the other side answers: its reply is received on the same channel, from a timer of the scheduler.
     *
     * @param delay how long after the message was accepted, not negative
     * @param reply makes the reply from the message, of whose bytes it gets a copy; null is a bare signal
     * @return a changed copy
     * @throws IllegalStateException if this response refuses the message
     */
    public SendResponse replyAfter(Duration delay, UnaryOperator<@Nullable Object> reply) {
        if (errno != 0) {
            throw new IllegalStateException("a message that is not accepted gets no reply: " + this);
        }
        SendResponse copy = copy(" replyAfter " + delay);
        copy.replyDelayNanos = Nanos.of(delay, "delay");
        copy.reply = Objects.requireNonNull(reply, "reply");
        return copy;
    }

    private void requireReport() {
        if (!reportsCompletion()) {
            throw new IllegalStateException("no completion is reported: " + this);
        }
    }

    boolean reportsCompletion() {
        return when != When.NEVER;
    }

    When when() {
        return when;
    }

    /** Positive if the message is not accepted. */
    int errno() {
        return errno;
    }

    @Nullable
    RuntimeException failure() {
        return failure;
    }

    Executor executor() {
        return Objects.requireNonNull(executor);
    }

    long delayNanos() {
        return delayNanos;
    }

    boolean retries() {
        return retries;
    }

    int reports() {
        return reports;
    }

    int status() {
        return status;
    }

    long replyDelayNanos() {
        return replyDelayNanos;
    }

    @Nullable
    UnaryOperator<@Nullable Object> reply() {
        return reply;
    }

    /**
     * Describes the response.
     *
     * @return how it was made
     */
    @Override
    public String toString() {
        return name;
    }
}
