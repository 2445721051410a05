// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.testing;

import java.time.Duration;

/**
 * What goes wrong with one interrupt on its way to the handler, see {@link FaultyInterrupts}.
 *
 * <p>Context: any thread; immutable.
 *
 * @since 0.1
 */
public final class InterruptFault {
    enum Kind {
        DROPPED,
        DELAYED,
        DUPLICATED,
        OVERTAKEN
    }

    private final Kind kind;
    private final long delayNanos;

    private InterruptFault(Kind kind, long delayNanos) {
        this.kind = kind;
        this.delayNanos = delayNanos;
    }

    /**
     * The interrupt gets lost. On a level-triggered line that helps only once: the condition still holds, so the next
     * interrupt follows; dropping all of them would never end.
     *
     * @return the fault
     */
    public static InterruptFault dropped() {
        return new InterruptFault(Kind.DROPPED, 0);
    }

    /**
     * The interrupt comes late, and its line is held as long: interrupts that come meanwhile merge and follow it.
     *
     * @param delay how late, not negative
     * @return the fault
     */
    public static InterruptFault delayed(Duration delay) {
        return new InterruptFault(Kind.DELAYED, KitText.nanos(delay));
    }

    /**
     * The handler runs twice for one interrupt.
     *
     * @return the fault
     */
    public static InterruptFault duplicated() {
        return new InterruptFault(Kind.DUPLICATED, 0);
    }

    /**
     * The interrupt comes right after the next one of any other line; late by this much if none comes. Its line is held
     * as long.
     *
     * @param atMost longest delay, not negative
     * @return the fault
     */
    public static InterruptFault overtaken(Duration atMost) {
        return new InterruptFault(Kind.OVERTAKEN, KitText.nanos(atMost));
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
            case DROPPED -> "dropped";
            case DELAYED -> "delayed by " + Duration.ofNanos(delayNanos);
            case DUPLICATED -> "duplicated";
            case OVERTAKEN -> "overtaken";
        };
    }
}
