// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.testing;

import java.time.Duration;

/**
 * What becomes of one interrupt that a {@link FakeQueue} asserts.
 *
 * <p>Context: any thread; immutable.
 *
 * @since 0.1
 */
public final class InterruptAnswer {
    /** How often, and when. */
    enum Kind {
        NOW,
        LATER,
        NEVER,
        TWICE
    }

    private final Kind kind;
    private final long delayNanos;

    private InterruptAnswer(Kind kind, long delayNanos) {
        this.kind = kind;
        this.delayNanos = delayNanos;
    }

    /**
     * The line is asserted inside the call, as a queue does it.
     *
     * @return the answer
     */
    public static InterruptAnswer now() {
        return new InterruptAnswer(Kind.NOW, 0);
    }

    /**
     * The line is asserted later, from a timer of the scheduler.
     *
     * @param delay how much later, not negative
     * @return the answer
     */
    public static InterruptAnswer after(Duration delay) {
        return new InterruptAnswer(Kind.LATER, KitText.nanos(delay));
    }

    /**
     * The interrupt gets lost.
     *
     * @return the answer
     */
    public static InterruptAnswer never() {
        return new InterruptAnswer(Kind.NEVER, 0);
    }

    /**
     * The line is asserted inside the call, and once more when the first interrupt has been handled, or could have
     * been. On a masked line, or one without a handler, the two merge.
     *
     * @return the answer
     */
    public static InterruptAnswer twice() {
        return new InterruptAnswer(Kind.TWICE, 0);
    }

    Kind kind() {
        return kind;
    }

    long delayNanos() {
        return delayNanos;
    }

    @Override
    public String toString() {
        return switch (kind) {
            case NOW -> "now";
            case LATER -> "after " + Duration.ofNanos(delayNanos);
            case NEVER -> "never";
            case TWICE -> "twice";
        };
    }
}
