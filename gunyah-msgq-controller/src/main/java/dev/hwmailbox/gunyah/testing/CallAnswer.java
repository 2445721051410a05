// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.testing;

import dev.hwmailbox.gunyah.GunyahError;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * What a {@link FakeQueue} answers to one send or receive, and what its caller's own interrupt does then.
 *
 * <pre>{@code
 * queue.onSend(okAndFull().interruptAfter(Duration.ofMillis(1)), full().interruptNever(), error(1234));
 * }</pre>
 *
 * <p>Context: any thread; immutable, so one answer can be given many times.
 *
 * @since 0.1
 */
public final class CallAnswer {
    private final String name;
    private final boolean carriedOut;
    private final int status;
    private final @Nullable Boolean flag;
    private final @Nullable InterruptAnswer interrupt;

    private CallAnswer(
            String name, boolean carriedOut, int status, @Nullable Boolean flag, @Nullable InterruptAnswer interrupt) {
        this.name = name;
        this.carriedOut = carriedOut;
        this.status = status;
        this.flag = flag;
        this.interrupt = interrupt;
    }

    /**
     * The call is carried out and answered as a queue does it.
     *
     * @return the answer
     */
    public static CallAnswer ok() {
        return new CallAnswer("ok", true, GunyahError.OK, null, null);
    }

    /**
     * A send is carried out, and says that it has taken the last room. If it cannot be carried out, the true error is
     * answered, as with all answers that carry a call out.
     *
     * @return the answer
     */
    public static CallAnswer okAndFull() {
        return new CallAnswer("okAndFull", true, GunyahError.OK, false, null);
    }

    /**
     * A send is carried out, and says that there is room for more, whatever the truth.
     *
     * @return the answer
     */
    public static CallAnswer okWithRoom() {
        return new CallAnswer("okWithRoom", true, GunyahError.OK, true, null);
    }

    /**
     * A receive is carried out, and says that no message is left, whatever the truth.
     *
     * @return the answer
     */
    public static CallAnswer okAndNoMore() {
        return new CallAnswer("okAndNoMore", true, GunyahError.OK, false, null);
    }

    /**
     * A receive is carried out, and says that another message waits, whatever the truth.
     *
     * @return the answer
     */
    public static CallAnswer okAndMore() {
        return new CallAnswer("okAndMore", true, GunyahError.OK, true, null);
    }

    /**
     * Nothing is moved, and the call says OK all the same, with room or more messages left; a receive gets 0 bytes.
     * That is what the original does where it cannot carry a call out.
     *
     * @return the answer
     */
    public static CallAnswer lost() {
        return new CallAnswer("lost", false, GunyahError.OK, true, null);
    }

    /**
     * Nothing is moved: MSGQUEUE_FULL.
     *
     * @return the answer
     */
    public static CallAnswer full() {
        return error(GunyahError.MSGQUEUE_FULL);
    }

    /**
     * Nothing is moved: MSGQUEUE_EMPTY.
     *
     * @return the answer
     */
    public static CallAnswer empty() {
        return error(GunyahError.MSGQUEUE_EMPTY);
    }

    /**
     * Nothing is moved: any error number.
     *
     * @param status the raw Gunyah error number, known or not
     * @return the answer
     */
    public static CallAnswer error(int status) {
        return new CallAnswer(GunyahError.name(status), false, status, null, null);
    }

    /**
     * The same, and the caller's own line is asserted inside the call, with or without reason.
     *
     * @return a changed copy
     */
    public CallAnswer interruptNow() {
        return with(InterruptAnswer.now());
    }

    /**
     * The same, and the caller's own line is asserted later, with or without reason.
     *
     * @param delay how long after the call, not negative
     * @return a changed copy
     */
    public CallAnswer interruptAfter(Duration delay) {
        return with(InterruptAnswer.after(delay));
    }

    /**
     * The same, and the caller's own line is asserted twice, with or without reason.
     *
     * @return a changed copy
     */
    public CallAnswer interruptTwice() {
        return with(InterruptAnswer.twice());
    }

    /**
     * The same, and the next interrupt that the queue has for the caller gets lost.
     *
     * @return a changed copy
     */
    public CallAnswer interruptNever() {
        return with(InterruptAnswer.never());
    }

    private CallAnswer with(InterruptAnswer changed) {
        return new CallAnswer(name, carriedOut, status, flag, changed);
    }

    boolean isCarriedOut() {
        return carriedOut;
    }

    int status() {
        return status;
    }

    /** What to say of room or further messages; null for the truth. */
    @Nullable
    Boolean flag() {
        return flag;
    }

    @Nullable
    InterruptAnswer interrupt() {
        return interrupt;
    }

    @Override
    public String toString() {
        return interrupt == null ? name : name + ", interrupt " + interrupt;
    }
}
