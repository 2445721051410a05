// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm;

import java.time.Duration;
import java.util.Objects;

/**
 * How a {@link ResourceManager} behaves.
 *
 * <p>Context: any thread; immutable.
 *
 * @param timeout longest wait of a call for its reply, its turn included; more than zero
 * @param maxOutstanding how many calls may wait for a reply at the same time, 1..{@value #MAX_OUTSTANDING}. The
 *     published Resource Manager keeps one reply that it cannot send yet, and loses others: more than 1 is for one that
 *     does better
 * @param comparesSequences whether a continuation with another sequence breaks its message off; false takes it, as
 *     Linux does
 * @param maxUntold how many notifications may wait for slow listeners, at least 1; beyond that the oldest is dropped
 * @param rebindAttempts how often the channel is requested again after a restart, 0..{@value #MAX_REBIND_ATTEMPTS}; 0
 *     for never: then a closed channel is the end, and only the first restart behind a surviving channel is noticed
 * @param rebindDelay time before each attempt, not negative. The first attempt behind a surviving channel comes at once
 * @since 0.1
 */
public record ResourceManagerOptions(
        Duration timeout,
        int maxOutstanding,
        boolean comparesSequences,
        int maxUntold,
        int rebindAttempts,
        Duration rebindDelay) {
    /** How long a call waits for its reply, its turn included. */
    public static final Duration DEFAULT_TIMEOUT = Duration.ofSeconds(5);

    /** The largest {@link #maxOutstanding}. */
    public static final int MAX_OUTSTANDING = 256;

    /** How many notifications may be untold: as many as the Resource Manager itself keeps for a VM. */
    public static final int DEFAULT_MAX_UNTOLD = 256;

    /** How often a lost channel is requested again. */
    public static final int DEFAULT_REBIND_ATTEMPTS = 10;

    /** The largest {@link #rebindAttempts}. */
    public static final int MAX_REBIND_ATTEMPTS = 1_000_000;

    /** Time between two attempts. */
    public static final Duration DEFAULT_REBIND_DELAY = Duration.ofMillis(100);

    /** One call at a time, five seconds each, and a channel that is requested again for about a second. */
    public static final ResourceManagerOptions DEFAULT = builder().build();

    public ResourceManagerOptions {
        Objects.requireNonNull(timeout, "timeout");
        Objects.requireNonNull(rebindDelay, "rebindDelay");
        if (timeout.isNegative() || timeout.isZero()) {
            throw new IllegalArgumentException("timeout must be positive: " + timeout);
        }
        if (rebindDelay.isNegative()) {
            throw new IllegalArgumentException("negative rebindDelay: " + rebindDelay);
        }
        requireWithin("maxOutstanding", maxOutstanding, 1, MAX_OUTSTANDING);
        requireWithin("maxUntold", maxUntold, 1, Integer.MAX_VALUE);
        requireWithin("rebindAttempts", rebindAttempts, 0, MAX_REBIND_ATTEMPTS);
    }

    /**
     * Starts from the defaults.
     *
     * @return a builder
     */
    public static Builder builder() {
        return new Builder();
    }

    private static void requireWithin(String name, int value, int min, int max) {
        if (value < min || value > max) {
            throw new IllegalArgumentException(name + " must be " + min + ".." + max + ": " + value);
        }
    }

    /** Sets what differs from the defaults. */
    public static final class Builder {
        private Duration timeout = DEFAULT_TIMEOUT;
        private int maxOutstanding = 1;
        private boolean comparesSequences = true;
        private int maxUntold = DEFAULT_MAX_UNTOLD;
        private int rebindAttempts = DEFAULT_REBIND_ATTEMPTS;
        private Duration rebindDelay = DEFAULT_REBIND_DELAY;

        private Builder() {}

        /**
         * Sets the longest wait of a call.
         *
         * @param value more than zero
         * @return this
         */
        public Builder timeout(Duration value) {
            timeout = value;
            return this;
        }

        /**
         * Sets how many calls may wait for a reply at the same time.
         *
         * @param value 1..{@value ResourceManagerOptions#MAX_OUTSTANDING}
         * @return this
         */
        public Builder maxOutstanding(int value) {
            maxOutstanding = value;
            return this;
        }

        /**
         * Sets whether a continuation with another sequence breaks its message off.
         *
         * @param value false to take it, as Linux does
         * @return this
         */
        public Builder comparesSequences(boolean value) {
            comparesSequences = value;
            return this;
        }

        /**
         * Sets how many notifications may wait for slow listeners.
         *
         * @param value at least 1
         * @return this
         */
        public Builder maxUntold(int value) {
            maxUntold = value;
            return this;
        }

        /**
         * Sets how often the channel is requested again after a restart.
         *
         * @param value 0..{@value ResourceManagerOptions#MAX_REBIND_ATTEMPTS}
         * @return this
         */
        public Builder rebindAttempts(int value) {
            rebindAttempts = value;
            return this;
        }

        /**
         * Sets the time before each of these attempts.
         *
         * @param value not negative
         * @return this
         */
        public Builder rebindDelay(Duration value) {
            rebindDelay = value;
            return this;
        }

        /**
         * Makes the options.
         *
         * @return the options
         * @throws IllegalArgumentException if one is out of its range
         */
        public ResourceManagerOptions build() {
            return new ResourceManagerOptions(
                    timeout, maxOutstanding, comparesSequences, maxUntold, rebindAttempts, rebindDelay);
        }
    }
}
