// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hwmailbox.controller.ChannelOps;
import dev.hwmailbox.controller.ControllerChannel;
import dev.hwmailbox.controller.MailboxController;
import dev.hwmailbox.controller.TxDoneMethod;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Real threads on one channel: senders, completions, spurious reports and a close that comes when it comes. */
@Timeout(120)
class TransmitConcurrencyTest {
    /** A message with its sender's number, so that order can be told. */
    private record Message(int sender, int number) {}

    /** A driver that accepts, refuses, completes inside or lets another thread complete, as its dice fall. */
    private static final class Dice implements ChannelOps {
        final ConcurrentLinkedQueue<Long> toComplete = new ConcurrentLinkedQueue<>();
        final List<Message> transmitted = new ArrayList<>(); // sendData runs once at a time per channel
        final AtomicInteger inside = new AtomicInteger();
        final AtomicBoolean overlapped = new AtomicBoolean();
        final Random random;

        Dice(long seed) {
            random = new Random(seed);
        }

        @Override
        public int sendData(ControllerChannel channel, @Nullable Object message, long txId) {
            overlapped.compareAndSet(false, inside.incrementAndGet() != 1);
            try {
                int roll = random.nextInt(8);
                if (roll == 0) {
                    return -Errno.EBUSY;
                }
                if (roll == 1) {
                    channel.txDone(txId, 0);
                } else {
                    toComplete.add(txId);
                }
                transmitted.add((Message) message);
                return 0;
            } finally {
                inside.decrementAndGet();
            }
        }
    }

    /** A client that checks that reports come one at a time. */
    private static final class Checker implements MailboxClient {
        final ClientOptions options;
        final List<Message> reported = new ArrayList<>();
        final AtomicInteger inside = new AtomicInteger();
        final AtomicBoolean overlapped = new AtomicBoolean();
        final AtomicInteger closed = new AtomicInteger();

        Checker(ClientOptions options) {
            this.options = options;
        }

        @Override
        public ClientOptions options() {
            return options;
        }

        @Override
        public void txDone(MailboxChannel channel, @Nullable Object message, int status) {
            overlapped.compareAndSet(false, inside.incrementAndGet() != 1);
            reported.add((Message) message);
            inside.decrementAndGet();
        }

        @Override
        public void event(MailboxChannel channel, ChannelEvent event) {
            closed.addAndGet(event == ChannelEvent.CLOSED ? 1 : 0);
        }
    }

    @AutoClose
    private final Workers workers = new Workers();

    @AutoClose
    private final ThreadedScheduler scheduler = new ThreadedScheduler();

    private static List<Message> ofSender(List<Message> messages, int sender) {
        return messages.stream().filter(message -> message.sender() == sender).toList();
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void everyQueuedMessageIsReportedOnceAndInOrder(long seed) throws Exception {
        int each = 3_000;
        var driver = new Dice(seed);
        var client = new Checker(ClientOptions.NON_BLOCKING);
        ControllerChannel hardware = MailboxController.builder(driver, scheduler)
                .txDoneMethod(TxDoneMethod.IRQ)
                .build()
                .channel(0);
        MailboxChannel channel = hardware.bindClient(client);
        var sending = new AtomicInteger(2);
        var barrier = new CyclicBarrier(4);
        for (int sender = 0; sender < 2; sender++) {
            int self = sender;
            workers.start(() -> {
                barrier.await();
                int sent = 0;
                while (sent < each) {
                    sent += channel.sendMessage(new Message(self, sent)) >= 0 ? 1 : 0;
                }
                sending.decrementAndGet();
            });
        }
        for (int irq = 0; irq < 2; irq++) {
            workers.start(() -> {
                barrier.await();
                while (sending.get() > 0 || channel.slotsAvailable() < 20 || !driver.toComplete.isEmpty()) {
                    Long txId = driver.toComplete.poll();
                    if (txId != null) {
                        hardware.txDone(txId, 0);
                        hardware.txDone(txId, -Errno.EIO); // late by now
                    } else {
                        hardware.resubmit();
                    }
                }
            });
        }
        workers.join();

        assertThat(driver.overlapped).as("sendData overlapped, seed %d", seed).isFalse();
        assertThat(client.overlapped).as("txDone overlapped, seed %d", seed).isFalse();
        assertThat(client.reported).as("order, seed %d", seed).isEqualTo(driver.transmitted);
        for (int sender = 0; sender < 2; sender++) {
            List<Message> own = ofSender(client.reported, sender);
            assertThat(own).as("sender %d, seed %d", sender, seed).hasSize(each);
            for (int i = 0; i < each; i++) {
                assertThat(own.get(i).number()).isEqualTo(i);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {11, 12, 13})
    void everyBlockingSendHasOneOutcomeWhateverTheOtherThreadsDo(long seed) throws Exception {
        var random = new Random(seed);
        Set<Integer> outcomes = new TreeSet<>();
        for (int round = 0; round < 80; round++) {
            var driver = new Dice(random.nextLong());
            var client = new Checker(ClientOptions.blocking(Duration.ofNanos(1 + random.nextInt(200_000))));
            var controller = MailboxController.builder(driver, scheduler)
                    .txDoneMethod(TxDoneMethod.IRQ)
                    .build();
            ControllerChannel hardware = controller.channel(0);
            MailboxChannel channel = hardware.bindClient(client);
            var results = new ConcurrentHashMap<Message, Integer>();
            var sending = new AtomicInteger(2);
            var barrier = new CyclicBarrier(4);
            for (int sender = 0; sender < 2; sender++) {
                int self = sender;
                workers.start(() -> {
                    barrier.await();
                    for (int i = 0; i < 50; i++) {
                        var message = new Message(self, i);
                        results.put(message, channel.sendMessage(message));
                    }
                    sending.decrementAndGet();
                });
            }
            workers.start(() -> {
                barrier.await();
                while (sending.get() > 0) {
                    Long txId = driver.toComplete.poll();
                    if (txId != null) {
                        hardware.txDone(txId, 0);
                    }
                }
            });
            int closeAfter = random.nextInt(100);
            workers.start(() -> {
                barrier.await();
                while (results.size() < closeAfter && sending.get() > 0) {
                    Thread.onSpinWait();
                }
                controller.close();
            });
            workers.join();

            check("seed " + seed + ", round " + round, driver, client, results);
            assertThat(hardware.isBound()).isFalse();
            results.values().forEach(result -> outcomes.add(Math.min(result, 0)));
        }
        assertThat(outcomes)
                .as("what happened, seed %d", seed)
                .isSubsetOf(0, -Errno.ETIME, -Errno.ESHUTDOWN, -Errno.EINVAL)
                .contains(0, -Errno.EINVAL);
    }

    private static void check(String where, Dice driver, Checker client, Map<Message, Integer> results) {
        assertThat(results).as(where).hasSize(100);
        assertThat(driver.overlapped).as("sendData overlapped, " + where).isFalse();
        assertThat(client.overlapped).as("txDone overlapped, " + where).isFalse();
        assertThat(client.closed).as("CLOSED, " + where).hasValue(1);
        // Reports are a part of what was transmitted, in that order, and nothing is transmitted or reported twice.
        assertThat(driver.transmitted).as(where).doesNotHaveDuplicates();
        var reported = new HashSet<>(client.reported);
        assertThat(client.reported)
                .as(where)
                .isEqualTo(
                        driver.transmitted.stream().filter(reported::contains).toList());
        results.forEach((message, result) -> {
            if (result >= 0) {
                assertThat(driver.transmitted).as(message + ", " + where).contains(message);
            } else if (result == -Errno.EINVAL) {
                assertThat(driver.transmitted).as(message + ", " + where).doesNotContain(message);
            }
        });
    }
}
