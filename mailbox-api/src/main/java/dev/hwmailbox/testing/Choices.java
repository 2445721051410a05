// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.testing;

import dev.hwmailbox.internal.TaskQueue;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The choices of one seed. Even seeds throw dice each time. Odd ones rank all that can happen and take the first, but
 * now and then put it last from then on: so one thread may get far ahead of another, which dice hardly ever bring
 * about.
 *
 * <p>The generator is SplitMix64, written out here so that a seed means the same on every JDK; even neighbouring seeds
 * have nothing in common.
 */
final class Choices {
    /** How many decisions are remembered. */
    static final int REMEMBERED = 100;

    private static final int DECISIONS_PER_CHANGE = 16;
    private static final int RANKS_KEPT = 10_000;

    private final long seed;
    private long state;
    private long fingerprint;
    private final Deque<String> decisions = new ArrayDeque<>();
    private final Map<TaskQueue.Entry, Long> ranks = new HashMap<>(); // the highest goes first
    private long lowestRank;

    Choices(long seed) {
        this.seed = seed;
        state = seed;
    }

    long seed() {
        return seed;
    }

    /** Equal for two runs that decided the same; for others, all but certainly not. */
    long fingerprint() {
        return fingerprint;
    }

    List<String> decisions() {
        return List.copyOf(decisions);
    }

    /** Takes one. */
    TaskQueue.Entry oneOf(List<TaskQueue.Entry> candidates, Duration elapsed) {
        int count = candidates.size();
        if (count == 1) {
            return candidates.get(0);
        }
        int index = (seed & 1) == 0 ? dice(count) : highest(candidates);
        fingerprint = mix(fingerprint + index + 1);
        TaskQueue.Entry chosen = candidates.get(index);
        List<String> others = candidates.stream()
                .filter(candidate -> candidate != chosen)
                .map(TaskQueue.Entry::name)
                .toList();
        if (decisions.size() == REMEMBERED) {
            decisions.removeFirst();
        }
        decisions.add(Shown.time(elapsed) + "  " + chosen.name() + " before " + String.join(", ", others));
        return chosen;
    }

    private int highest(List<TaskQueue.Entry> candidates) {
        if (ranks.size() > RANKS_KEPT) {
            ranks.clear();
        }
        int highest = 0;
        long rank = Long.MIN_VALUE;
        for (int i = 0; i < candidates.size(); i++) {
            long own = ranks.computeIfAbsent(candidates.get(i), entry -> next() >>> 1);
            if (own > rank) {
                rank = own;
                highest = i;
            }
        }
        if (dice(DECISIONS_PER_CHANGE) == 0) {
            ranks.put(candidates.get(highest), --lowestRank);
        }
        return highest;
    }

    private int dice(int sides) {
        return (int) Long.remainderUnsigned(next(), sides);
    }

    private long next() {
        state += 0x9E3779B97F4A7C15L;
        return mix(state);
    }

    private static long mix(long value) {
        long mixed = (value ^ (value >>> 30)) * 0xBF58476D1CE4E5B9L;
        mixed = (mixed ^ (mixed >>> 27)) * 0x94D049BB133111EBL;
        return mixed ^ (mixed >>> 31);
    }
}
