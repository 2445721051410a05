// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.membuf;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashMap;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Random;
import org.junit.jupiter.api.Test;

class PagePoolTest {
    private static final int PAGE = MemBufLender.PAGE;
    private static final long BASE = 0xa0000000L;

    @Test
    void pagesAreTakenFromTheFirstGapThatIsLargeEnough() {
        PagePool pool = new PagePool(BASE, 8);
        assertThat(pool.take(2 * PAGE)).hasValue(BASE);
        assertThat(pool.take(3 * PAGE)).hasValue(BASE + 2 * PAGE);
        pool.give(BASE, 2 * PAGE);

        assertThat(pool.take(3 * PAGE)).hasValue(BASE + 5 * PAGE);
        assertThat(pool.take(2 * PAGE)).as("a gap that fits exactly").hasValue(BASE);
        pool.give(BASE, PAGE);
        assertThat(pool.take(2 * PAGE)).as("one page is left").isEmpty();
        assertThat(pool.free()).isEqualTo(1);
    }

    @Test
    void nobodyHasWhatAnotherHasAndAllComesBack() {
        long seed = 0x9001;
        Random random = new Random(seed);
        PagePool pool = new PagePool(BASE, 64);
        Map<Long, Integer> taken = new HashMap<>();
        for (int i = 0; i < 5_000; i++) {
            int size = (1 + random.nextInt(8)) * PAGE;
            OptionalLong address = random.nextBoolean() ? pool.take(size) : OptionalLong.empty();
            if (address.isPresent()) {
                long from = address.getAsLong();
                assertThat(taken)
                        .as("seed %#x, round %d", seed, i)
                        .allSatisfy((other, length) -> assertThat(from + size <= other || other + length <= from)
                                .isTrue());
                taken.put(from, size);
            } else if (!taken.isEmpty()) {
                Map.Entry<Long, Integer> given = taken.entrySet().iterator().next();
                pool.give(given.getKey(), given.getValue());
                taken.remove(given.getKey());
            }
        }
        taken.forEach(pool::give);

        assertThat(pool.free()).isEqualTo(64);
    }
}
