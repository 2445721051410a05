// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hwmailbox.controller.ChannelOps;
import dev.hwmailbox.controller.ControllerChannel;
import dev.hwmailbox.controller.MailboxController;
import dev.hwmailbox.controller.TxDoneMethod;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Queue;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Futures of sends, ended by four threads: the one that reports, the timer's, one that cancels and one that closes. */
@Timeout(60)
class AsyncSendConcurrencyTest {
    private static final int EACH = 40;

    /** A driver that leaves completion to another thread, and a client that counts reports. */
    private static final class Peer implements ChannelOps, MailboxClient {
        final Queue<Long> toComplete = new ConcurrentLinkedQueue<>();
        final Map<Object, List<Integer>> reports = new ConcurrentHashMap<>();

        @Override
        public ClientOptions options() {
            return ClientOptions.NON_BLOCKING.withReportAbandoned();
        }

        @Override
        public int sendData(ControllerChannel channel, @Nullable Object message, long txId) {
            toComplete.add(txId);
            return 0;
        }

        @Override
        public void txDone(MailboxChannel channel, @Nullable Object message, int status) {
            reports.computeIfAbsent(String.valueOf(message), key -> new CopyOnWriteArrayList<>())
                    .add(status);
        }
    }

    @AutoClose
    private final Workers workers = new Workers();

    @AutoClose
    private final ThreadedScheduler scheduler = new ThreadedScheduler();

    private static Duration timeout(Random random) {
        return random.nextBoolean() ? ClientOptions.NO_TIMEOUT : Duration.ofNanos(random.nextInt(300_000));
    }

    private void untilTheTimersAreThrough() {
        var through = new CountDownLatch(1);
        scheduler.execute(through::countDown);
        Workers.await(through);
    }

    /** 0, or the negative errno, as a report would have it. */
    private static int outcome(CompletableFuture<Integer> future) {
        assertThat(future).isDone();
        if (future.isCancelled()) {
            return -Errno.ECANCELED;
        }
        return future.handle((slot, thrown) -> thrown instanceof MailboxException e ? -e.errno() : 0)
                .join();
    }

    private static void check(String where, int outcome, List<Integer> reports) {
        assertThat(reports).as("reports, " + where).hasSizeLessThanOrEqualTo(1);
        if (outcome == -Errno.ETIME) {
            assertThat(reports).as("taken off the queue or reported, " + where).isSubsetOf(-Errno.ETIME);
        } else if (outcome == -Errno.ENOBUFS) {
            assertThat(reports).as("never accepted, " + where).isEmpty();
        } else if (outcome == -Errno.ECANCELED) {
            assertThat(reports)
                    .as("taken off the queue, reported, or ended already in another way, " + where)
                    .isSubsetOf(-Errno.ECANCELED, 0, -Errno.ETIME, -Errno.ESHUTDOWN);
        } else {
            assertThat(reports).as("reported or abandoned, " + where).containsExactly(outcome);
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {31, 32, 33})
    void everyFutureEndsOnceAndAsItsMessageDoes(long seed) throws Exception {
        var random = new Random(seed);
        Set<Integer> outcomes = new TreeSet<>();
        for (int round = 0; round < 80; round++) {
            var peer = new Peer();
            ControllerChannel hardware = MailboxController.builder(peer, scheduler)
                    .txDoneMethod(TxDoneMethod.IRQ)
                    .build()
                    .channel(0);
            MailboxChannel channel = hardware.bindClient(peer);
            Map<Object, CompletableFuture<Integer>> futures = new ConcurrentHashMap<>();
            Queue<CompletableFuture<Integer>> toCancel = new ConcurrentLinkedQueue<>();
            var over = new AtomicBoolean();
            var barrier = new CyclicBarrier(4);
            for (int sender = 0; sender < 2; sender++) {
                int self = sender;
                var dice = new Random(random.nextLong());
                workers.start(() -> {
                    barrier.await();
                    for (int i = 0; i < EACH; i++) {
                        String message = self + "/" + i;
                        CompletableFuture<Integer> future = channel.sendMessageAsync(message, timeout(dice));
                        futures.put(message, future);
                        if (dice.nextInt(4) == 0) {
                            toCancel.add(future);
                        }
                    }
                });
            }
            workers.start(() -> {
                barrier.await();
                while (!over.get()) {
                    CompletableFuture<Integer> victim = toCancel.poll();
                    if (victim != null) {
                        victim.cancel(false);
                    }
                }
            });
            int closeAfter = random.nextInt(3 * EACH);
            workers.start(() -> {
                barrier.await();
                for (int i = 0; i < closeAfter || futures.size() < 2 * EACH; i++) {
                    Long txId = peer.toComplete.poll();
                    if (txId != null) {
                        hardware.txDone(txId, 0);
                    }
                }
                over.set(true);
                channel.close();
            });
            workers.join();
            untilTheTimersAreThrough();

            for (int i = 0; i < 2 * EACH; i++) {
                String message = i % 2 + "/" + i / 2;
                int outcome = outcome(Objects.requireNonNull(futures.get(message)));
                String where = message + " " + Errno.name(-outcome) + ", seed " + seed + ", round " + round;
                check(where, outcome, peer.reports.getOrDefault(message, List.of()));
                outcomes.add(outcome);
            }
        }
        assertThat(outcomes)
                .as("what happened, seed %d", seed)
                .isSubsetOf(0, -Errno.ETIME, -Errno.ECANCELED, -Errno.ESHUTDOWN, -Errno.ENOBUFS)
                .contains(0, -Errno.ECANCELED);
    }
}
