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
    private final MessageRing ring = new MessageRing(4);

    private int add(Object message, Sender sender) {
        return ring.add(message, ring.messageStorage(), sender, ring.senderStorage());
    }

    @Test
    void needsNoStorageForSendersThatDoNotWait() {
        ring.add("a", ring.messageStorage(), null, null);

        assertThat(ring.oldest()).isEqualTo("a");
        assertThat(ring.oldestSender()).isNull();
    }

    @Test
    void removingASenderThatIsNotThereDoesNothing() {
        add("a", new Sender());

        ring.remove(new Sender());

        assertThat(ring.count()).isEqualTo(1);
    }

    /** Against a list: whatever is added, dropped and removed, order is kept and slot numbers go on. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 0x5eed})
    void behavesLikeAListWithSlotNumbersThatGoOn(long seed) {
        var random = new Random(seed);
        List<Sender> senders = new ArrayList<>();
        List<Object> messages = new ArrayList<>();
        int added = 0;
        for (int i = 0; i < 5_000; i++) {
            int what = random.nextInt(4);
            if (what < 2 && ring.free() > 0) {
                var sender = new Sender();
                assertThat(add(i, sender)).as("slot, seed %d", seed).isEqualTo(added++ % 4);
                senders.add(sender);
                messages.add(i);
            } else if (what == 2 && ring.count() > 0) {
                ring.dropOldest();
                senders.remove(0);
                messages.remove(0);
            } else if (what == 3 && ring.count() > 0) {
                int victim = random.nextInt(ring.count());
                ring.remove(senders.remove(victim));
                messages.remove(victim);
            }
            assertThat(ring.count()).as("count, seed %d", seed).isEqualTo(messages.size());
            if (!messages.isEmpty()) {
                assertThat(ring.oldest()).as("oldest, seed %d", seed).isEqualTo(messages.get(0));
                assertThat(ring.oldestSender()).isSameAs(senders.get(0));
            }
        }
    }
}
