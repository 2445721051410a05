// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.testing;

import java.util.HashSet;
import java.util.Objects;
import java.util.Set;

/**
 * Runs one test in many orders: first in the default order, then with one seed after another, each time on a new
 * {@link VirtualScheduler}. What happens at different times keeps its order; what could happen in either order does,
 * sooner or later. A failure names its seed, and {@link #repeat} does the same again.
 *
 * <pre>{@code
 * int orders = Exploration.run(200, scheduler -> {
 *     try (MailboxTestBed bed = MailboxTestBed.create(scheduler)) {
 *         MailboxChannel channel = bed.bind();
 *         scheduler.spawn("sender", () -> channel.sendMessage("a"));
 *         scheduler.spawn("closer", channel::close);
 *         scheduler.runUntilIdle();
 *     }
 * });
 * }</pre>
 *
 * <p>Context: one thread; runs the test on it.
 *
 * @since 0.1
 */
public final class Exploration {
    private Exploration() {}

    /**
     * Runs a test in the default order and with the seeds 0 to {@code seeds} - 1.
     *
     * @param seeds how many seeds, not negative
     * @param trial the test; it must start from nothing each time, and use no time but the scheduler's
     * @return in how many different orders the seeds ran it, at least 1. If many seeds give 1, no order was ever in
     *     doubt, and exploring it is in vain
     * @throws AssertionError at the first order in which the test fails, with its seed, its latest decisions, and what
     *     the test has thrown as its cause
     */
    public static int run(int seeds, Trial trial) {
        Objects.requireNonNull(trial, "trial");
        if (seeds < 0) {
            throw new IllegalArgumentException("negative number of seeds: " + seeds);
        }
        attempt(new VirtualScheduler(), "the default order fails", trial);
        Set<Long> orders = new HashSet<>();
        for (long seed = 0; seed < seeds; seed++) {
            orders.add(repeat(seed, trial));
        }
        return Math.max(1, orders.size());
    }

    /**
     * Runs a test with one seed, for example one that has failed.
     *
     * @param seed the seed
     * @param trial the test
     * @return identifies the order: the same for two runs that were alike
     * @throws AssertionError as {@link #run} does
     */
    public static long repeat(long seed, Trial trial) {
        Objects.requireNonNull(trial, "trial");
        VirtualScheduler scheduler = VirtualScheduler.exploring(seed);
        attempt(scheduler, "seed " + seed + " fails, and Exploration.repeat(" + seed + ", ...) repeats it", trial);
        return scheduler.fingerprint();
    }

    private static void attempt(VirtualScheduler scheduler, String failure, Trial trial) {
        try (scheduler) {
            trial.run(scheduler);
        } catch (Exception | Error e) {
            var message = new StringBuilder(failure).append(": ").append(e);
            scheduler.decisions().forEach(decision -> message.append("\n    ").append(decision));
            throw new AssertionError(message.toString(), e);
        }
    }

    /**
     * A test that can be run again and again.
     *
     * @since 0.1
     */
    @FunctionalInterface
    public interface Trial {
        /**
         * Runs the test once.
         *
         * @param scheduler time and threads for this run; closed afterwards
         * @throws Exception if the test fails, as any {@link Error} says too
         */
        void run(VirtualScheduler scheduler) throws Exception;
    }
}
