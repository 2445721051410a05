// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.calls;

import dev.hwmailbox.Errno;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * How a call ended: with a reply, or with a negative errno in place of one.
 *
 * <p>Context: any thread; immutable.
 *
 * @param <R> what a reply says
 * @param status 0, or a negative errno
 * @param answer what the other side said; null exactly if there is an errno
 * @since 0.1
 */
public record Outcome<R>(int status, @Nullable R answer) {
    public Outcome {
        if ((status == 0) == (answer == null) || status > 0) {
            throw new IllegalArgumentException("status " + status + " with answer " + answer);
        }
    }

    /**
     * A reply came.
     *
     * @param <R> what a reply says
     * @param answer what it says
     * @return the outcome
     */
    public static <R> Outcome<R> answered(R answer) {
        return new Outcome<>(0, answer);
    }

    /**
     * No reply came, or none that is one.
     *
     * @param <R> what a reply would have said
     * @param status a negative errno
     * @return the outcome
     */
    public static <R> Outcome<R> failed(int status) {
        return new Outcome<>(status, null);
    }

    /**
     * Whether there is a reply.
     *
     * @return true if {@link #reply} can be asked for
     */
    public boolean isAnswered() {
        return answer != null;
    }

    /**
     * The reply.
     *
     * @return what the other side said
     * @throws NullPointerException if there is none
     */
    public R reply() {
        return Objects.requireNonNull(answer, "answer");
    }

    @Override
    public String toString() {
        return isAnswered() ? "answered " + answer : Errno.name(status);
    }
}
