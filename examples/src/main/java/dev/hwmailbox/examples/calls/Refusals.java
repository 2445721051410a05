// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.calls;

import java.util.EnumMap;
import java.util.Map;

/**
 * What one end of a protocol has refused, by what was wrong with it.
 *
 * <p>Context: the VM's scheduler.
 *
 * @param <F> what can be wrong
 * @since 0.1
 */
public final class Refusals<F extends Enum<F>> {
    private final Map<F, Long> counts;

    /**
     * Begins with nothing refused.
     *
     * @param flaws what can be wrong
     */
    public Refusals(Class<F> flaws) {
        counts = new EnumMap<>(flaws);
    }

    /**
     * Counts one.
     *
     * @param flaw what was wrong
     */
    public void add(F flaw) {
        counts.merge(flaw, 1L, Long::sum);
    }

    /**
     * How often something was wrong.
     *
     * @param flaw what
     * @return since the beginning
     */
    public long of(F flaw) {
        return counts.getOrDefault(flaw, 0L);
    }

    /**
     * How much was refused.
     *
     * @return since the beginning
     */
    public long total() {
        return counts.values().stream().mapToLong(Long::longValue).sum();
    }

    @Override
    public String toString() {
        return counts.toString();
    }
}
