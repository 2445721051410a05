// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.testing;

import java.util.Objects;
import java.util.SplittableRandom;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongPredicate;

/**
 * Which of many calls or interrupts a fault is for.
 *
 * <p>Context: asked by one thread at a time for each fault it is given to.
 *
 * @since 0.1
 */
@FunctionalInterface
public interface Occurrence {
    /**
     * Decides about one call or interrupt.
     *
     * @param subject the capability of the call, or the interrupt's number
     * @param count how many there have been since the fault was injected, this one included: 1 for the first
     * @return true to inject the fault
     */
    boolean isMeant(long subject, long count);

    /**
     * All of them.
     *
     * @return the choice
     */
    static Occurrence always() {
        return (subject, count) -> true;
    }

    /**
     * One of them.
     *
     * @param number 1 for the first
     * @return the choice
     * @throws IllegalArgumentException if the number is not positive
     */
    static Occurrence nth(long number) {
        checkPositive(number);
        return (subject, count) -> count == number;
    }

    /**
     * The first few.
     *
     * @param number how many
     * @return the choice
     * @throws IllegalArgumentException if the number is not positive
     */
    static Occurrence first(long number) {
        checkPositive(number);
        return (subject, count) -> count <= number;
    }

    /**
     * One of so many, the last of each group.
     *
     * @param number size of the group
     * @return the choice
     * @throws IllegalArgumentException if the number is not positive
     */
    static Occurrence everyNth(long number) {
        checkPositive(number);
        return (subject, count) -> count % number == 0;
    }

    /**
     * Those about a certain capability or interrupt.
     *
     * @param wanted told the raw capability ID, or the interrupt's number
     * @return the choice
     */
    static Occurrence about(LongPredicate wanted) {
        Objects.requireNonNull(wanted, "wanted");
        return (subject, count) -> wanted.test(subject);
    }

    /**
     * Some, by chance. The same seed makes the same choices; each call of this method starts them anew.
     *
     * @param probability 0 to 1
     * @param seed any number
     * @return the choice
     * @throws IllegalArgumentException if the probability is not allowed
     */
    static Occurrence withProbability(double probability, long seed) {
        if (!(probability >= 0 && probability <= 1)) {
            throw new IllegalArgumentException("probability is outside 0..1: " + probability);
        }
        var chance = new SplittableRandom(seed);
        var lock = new ReentrantLock(); // guards: chance
        return (subject, count) -> {
            lock.lock();
            try {
                return chance.nextDouble() < probability;
            } finally {
                lock.unlock();
            }
        };
    }

    private static void checkPositive(long number) {
        if (number < 1) {
            throw new IllegalArgumentException("not positive: " + number);
        }
    }
}
