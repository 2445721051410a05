// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.internal;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MessageRingTest {
    private final MessageRing ring = new MessageRing(4) {};

    private int add(Object entry) {
        ring.store(ring.newStorage());
        return ring.add(entry);
    }

    @Test
    void needsNoStorageForAnEntryThatIsAway() {
        assertThat(ring.addAway("a")).isZero();
        ring.dropOldest();
        assertThat(ring.addAway("b")).isEqualTo(1);

        assertThat(ring.queued()).isEqualTo(1);
        assertThat(ring.store(null)).as("has storage").isFalse();
    }

    @Test
    void takesAnEntryThatWasAwayBackIntoItsPlace() {
        ring.addAway("a");
        add("b");

        ring.putBack("a");

        assertThat(ring.oldest()).isEqualTo("a");
        ring.dropOldest();
        assertThat(ring.oldest()).isEqualTo("b");
    }

    @Test
    void keepsTheStorageThatCameFirst() {
        add("a");

        ring.store(new Object[4]);

        assertThat(ring.oldest()).isEqualTo("a");
        assertThat(ring.newStorage()).isNull();
    }

    @Test
    void removingASenderFromARingWithoutStorageDoesNothing() {
        ring.addAway("a");

        assertThat(ring.remove(new BlockedSender("a"))).isFalse();

        assertThat(ring.queued()).isEqualTo(1);
    }

    @Test
    void removingASenderThatIsNotThereDoesNothing() {
        add(new BlockedSender("a"));

        assertThat(ring.remove(new BlockedSender("a"))).isFalse();

        assertThat(ring.queued()).isEqualTo(1);
    }

    @Test
    void tellsASenderItsSlot() {
        add("a");
        var sender = new BlockedSender("b");

        add(sender);
        Sender.settle(sender, 0);

        assertThat(sender.result()).isEqualTo(1);
    }

    /** Against a list: whatever is added, dropped and removed, order is kept and slot numbers go on. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 0x5eed})
    void behavesLikeAListWithSlotNumbersThatGoOn(long seed) {
        var random = new Random(seed);
        List<Sender> senders = new ArrayList<>();
        int added = 0;
        for (int i = 0; i < 5_000; i++) {
            int what = random.nextInt(4);
            if (what < 2 && ring.room() > 0) {
                var sender = new BlockedSender(i);
                assertThat(add(sender)).as("slot, seed %d", seed).isEqualTo(added++ % 4);
                senders.add(sender);
            } else if (what == 2 && ring.queued() > 0) {
                ring.dropOldest();
                senders.remove(0);
            } else if (what == 3 && ring.queued() > 0) {
                Sender victim = senders.remove(random.nextInt(ring.queued()));
                assertThat(ring.remove(victim)).as("removed, seed %d", seed).isTrue();
            }
            assertThat(ring.queued()).as("count, seed %d", seed).isEqualTo(senders.size());
            if (!senders.isEmpty()) {
                assertThat(ring.oldest()).as("oldest, seed %d", seed).isSameAs(senders.get(0));
            }
        }
    }
}
