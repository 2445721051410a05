// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.internal;

import java.time.Duration;
import java.util.Objects;

/** From durations, which the public edge takes, to the nanoseconds used inside. */
public final class Nanos {
    /** Longest delay inside: far enough from overflow that deadlines compare by subtraction. */
    public static final long FOREVER = Long.MAX_VALUE / 2;

    private Nanos() {}

    /**
     * Converts a duration.
     *
     * @param duration not negative; beyond {@link #FOREVER} it is cut
     * @param name of the parameter, for the exception
     * @return nanoseconds, 0 to {@link #FOREVER}
     */
    public static long of(Duration duration, String name) {
        Objects.requireNonNull(duration, name);
        if (duration.isNegative()) {
            throw new IllegalArgumentException("negative " + name + ": " + duration);
        }
        // More seconds than this would overflow toNanos.
        return duration.toSeconds() >= FOREVER / 1_000_000_000L ? FOREVER : duration.toNanos();
    }

    /**
     * Brings a delay into range.
     *
     * @param delayNanos any number
     * @return 0 to {@link #FOREVER}
     */
    public static long clamp(long delayNanos) {
        return Math.max(0, Math.min(delayNanos, FOREVER));
    }
}
