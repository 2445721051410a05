// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hwmailbox.Errno;
import dev.hwmailbox.MailboxChannel;
import dev.hwmailbox.MailboxException;
import dev.hwmailbox.gunyah.msgq.MsgqMessage;
import dev.hwmailbox.gunyah.msgq.ReservationKey;
import dev.hwmailbox.gunyah.rm.ChannelSubscription;
import dev.hwmailbox.gunyah.rm.VmChannel;
import dev.hwmailbox.gunyah.rm.protocol.VmState;
import dev.hwmailbox.gunyah.rm.server.LiveTestBed.Subscriber;
import dev.hwmailbox.testing.VirtualScheduler;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/**
 * Random lives of VMs, subscriptions and messages, in random order of whatever is due. Whatever happens:
 *
 * <ul>
 *   <li>each subscriber's events alternate, bound first, and nothing is heard after its end;
 *   <li>a message reaches only the channel of the life it was sent in;
 *   <li>at the end no slot, reservation, timer or object of the hypervisor is left.
 * </ul>
 */
final class VmChannelsRandomTest {
    private static final int SEEDS = Integer.getInteger("hwmailbox.channels.seeds", 2_000);
    private static final long FIRST_SEED = Long.getLong("hwmailbox.channels.seed", 0);
    private static final int STEPS = 40;
    private static final int SLOTS = 3;
    private static final int MAX_VMS = 3;

    private long bound;
    private long received;

    @Test
    void whateverHappensEventsAlternateLivesStayApartAndNothingIsLeft() {
        for (long seed = FIRST_SEED; seed < FIRST_SEED + SEEDS; seed++) {
            try {
                new Story(seed).run();
            } catch (Throwable e) {
                throw new AssertionError("seed " + seed, e);
            }
        }
        // The stories must not fall asleep: a channel and a message in each, on average.
        assertThat(bound).isGreaterThan(SEEDS);
        assertThat(received).isGreaterThan(SEEDS);
    }

    private final class Story {
        private final Random random;
        private final LiveTestBed bed;
        private final TreeMap<Integer, VmState> vms = new TreeMap<>();
        private final List<Checked> subscribers = new ArrayList<>();

        Story(long seed) {
            random = new Random(seed);
            bed = new LiveTestBed(SLOTS, VirtualScheduler.exploring(seed));
        }

        void run() {
            try (LiveTestBed closing = bed) {
                for (int step = 0; step < STEPS; step++) {
                    step();
                }
                closing.scheduler.runDue();
            }
            subscribers.forEach(Checked::check);
            assertThat(bed.receivedByGuests).allSatisfy(news -> {
                int got = news.indexOf(" got ");
                assertThat(news.substring(got + 5)).isEqualTo(news.substring(0, got));
            });
            bound += subscribers.stream().mapToLong(one -> one.queuesOf.size()).sum();
            received += bed.receivedByGuests.size();
            received +=
                    subscribers.stream().mapToLong(one -> one.messages.size()).sum();
        }

        private void step() {
            switch (random.nextInt(12)) {
                case 0, 1, 2 -> subscribe();
                case 3 -> closeOne();
                case 4, 5 -> talk();
                case 6 -> bed.scheduler.runDue();
                case 7 -> bed.scheduler.advance(Duration.ofMillis(random.nextInt(100)));
                default -> advanceAVm();
            }
        }

        private void advanceAVm() {
            if (vms.size() < MAX_VMS && random.nextInt(3) == 0) {
                vms.put(bed.allocate(random.nextInt(2)), VmState.LOAD);
                return;
            }
            if (vms.isEmpty()) {
                return;
            }
            List<Integer> all = List.copyOf(vms.keySet());
            int vmid = all.get(random.nextInt(all.size()));
            VmState next = switch (Objects.requireNonNull(vms.get(vmid))) {
                case LOAD, RESET -> {
                    bed.initialise(vmid);
                    yield VmState.READY;
                }
                case READY -> {
                    if (random.nextInt(4) == 0) {
                        bed.reset(vmid);
                        yield VmState.RESET;
                    }
                    bed.start(vmid);
                    yield VmState.RUNNING;
                }
                case RUNNING -> {
                    bed.stop(vmid);
                    yield VmState.EXITED;
                }
                default -> {
                    bed.reset(vmid);
                    yield VmState.RESET;
                }
            };
            vms.put(vmid, next);
        }

        private void subscribe() {
            int label = random.nextInt(2);
            var key = random.nextBoolean()
                    ? ReservationKey.anyPartner(label)
                    : new ReservationKey(128 + random.nextInt(MAX_VMS), label);
            var subscriber = new Checked();
            try {
                subscriber.subscription = random.nextBoolean()
                        ? bed.channels.subscribe(subscriber, key, subscriber)
                        : bed.channels.subscribe(subscriber, key, subscriber, Duration.ofMillis(200));
                subscribers.add(subscriber);
            } catch (MailboxException e) {
                assertThat(Errno.name(e.errno())).isEqualTo("EBUSY");
            }
        }

        private @Nullable Checked any() {
            return subscribers.isEmpty() ? null : subscribers.get(random.nextInt(subscribers.size()));
        }

        private void closeOne() {
            Checked one = any();
            if (one != null && one.subscription != null) {
                if (random.nextBoolean()) {
                    one.subscription.channel().ifPresent(MailboxChannel::close);
                } else {
                    one.over = true;
                    one.subscription.close();
                }
            }
        }

        private void talk() {
            Checked one = any();
            if (one != null && one.subscription != null) {
                one.subscription
                        .channel()
                        .ifPresent(channel -> channel.sendMessage(
                                MsgqMessage.of(one.life(channel).getBytes(StandardCharsets.US_ASCII))));
            }
        }

        /** Knows which life of which VM each of its channels leads to. */
        private final class Checked extends Subscriber {
            private final Map<MailboxChannel, VmChannel> queuesOf = new HashMap<>();
            private final List<Map.Entry<MailboxChannel, String>> messages = new ArrayList<>();
            private @Nullable ChannelSubscription subscription;
            private boolean over;

            @Override
            public void bound(MailboxChannel channel, VmChannel queues) {
                hears("bound");
                queuesOf.put(channel, queues);
            }

            @Override
            public void closed(VmChannel queues) {
                hears("closed");
            }

            @Override
            public void refused(VmChannel queues, MailboxException cause) {
                assertThat(Errno.name(cause.errno())).isEqualTo("EBUSY");
            }

            @Override
            public void ended(MailboxException cause) {
                hears("ended");
                over = true;
            }

            @Override
            public void rxCallback(MailboxChannel from, @Nullable Object message) {
                messages.add(Map.entry(from, LiveTestBed.text(message)));
            }

            private void hears(String what) {
                assertThat(over).as("heard %s after the end", what).isFalse();
                heard.add(what);
            }

            String life(MailboxChannel channel) {
                return bed.life(Objects.requireNonNull(queuesOf.get(channel)));
            }

            void check() {
                for (int i = 0; i < heard.size(); i++) {
                    if (i < heard.size() - 1 || !heard.get(i).equals("ended")) {
                        assertThat(heard.get(i)).isEqualTo(i % 2 == 0 ? "bound" : "closed");
                    }
                }
                for (Map.Entry<MailboxChannel, String> message : messages) {
                    assertThat(message.getValue()).isEqualTo("hello from " + life(message.getKey()));
                }
            }
        }
    }
}
