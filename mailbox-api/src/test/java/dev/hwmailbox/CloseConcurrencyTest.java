// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hwmailbox.controller.ChannelOps;
import dev.hwmailbox.controller.ControllerChannel;
import dev.hwmailbox.controller.MailboxController;
import dev.hwmailbox.controller.TxDoneMethod;
import java.time.Duration;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A channel is closed by one thread while others are inside it. */
@Timeout(60)
class CloseConcurrencyTest {
    @AutoClose
    private final World world = new World(TxDoneMethod.IRQ);

    @AutoClose
    private final Workers workers = new Workers();

    private final CountDownLatch inside = new CountDownLatch(1);
    private final CountDownLatch goOn = new CountDownLatch(1);

    /** Has the next call of a kind stop until the test says so. */
    private void holdIn(String call) {
        world.on(call, () -> {
            inside.countDown();
            Workers.await(goOn);
        });
    }

    @Test
    void whoeverHasClaimedAMessageReportsItThoughTheChannelIsClosedMeanwhile() throws Exception {
        MailboxChannel channel = world.bind();
        channel.sendMessage("a");
        channel.sendMessage("b");
        world.takeLog();
        holdIn("sendData");
        workers.start(() -> world.hardware().txDone(0));
        inside.await();

        channel.close();

        assertThat(world.takeLog())
                .containsExactly("prepare b", "sendData b -> 0", "shutdown", "event ABANDONED", "event CLOSED");
        assertThat(world.hardware().isBound()).as("while the attempt lasts").isTrue();
        goOn.countDown();
        workers.join();
        assertThat(world.log).containsExactly("txDone a 0");
        assertThat(world.hardware().isBound()).isFalse();
    }

    @Test
    void aSecondCloseReturnsWhileTheFirstIsStillShuttingDown() throws Exception {
        MailboxChannel channel = world.bind();
        holdIn("shutdown");
        workers.start(channel::close);
        inside.await();

        channel.close();

        assertThat(world.takeLog()).containsExactly("shutdown");
        assertThat(channel.isClosed()).isTrue();
        assertThat(world.hardware().isBound()).isTrue();
        goOn.countDown();
        workers.join();
        assertThat(world.log).containsExactly("event CLOSED");
        assertThat(world.hardware().isBound()).isFalse();
    }

    @Test
    void aSenderThatGaveUpAndTheClientAreToldTheSameWhenAReportWaitsForAnotherThread() throws Exception {
        MailboxChannel channel = world.bind(ClientOptions.NON_BLOCKING.withReportAbandoned());
        channel.sendMessage("a");
        CompletableFuture<Integer> future = channel.sendMessageAsync("b", Duration.ofMillis(5));
        holdIn("txDone");
        workers.start(() -> world.hardware().txDone(0));
        inside.await();
        world.hardware().txDone(3); // reported after "a", by the worker
        world.scheduler.advance(Duration.ofMillis(5));
        assertThat(future).isCompletedWithValue(1);
        world.takeLog();

        channel.close();

        assertThat(world.log).containsExactly("shutdown", "txDone b 3", "event ABANDONED", "event CLOSED");
        goOn.countDown();
        workers.join();
        assertThat(world.log).hasSize(4);
    }

    /** Notes what becomes of messages, and of calls that began when close had returned. */
    private static final class Witness implements ChannelOps, MailboxClient {
        final ConcurrentLinkedQueue<Long> toComplete = new ConcurrentLinkedQueue<>();
        final ConcurrentHashMap<Object, AtomicInteger> ends = new ConcurrentHashMap<>();
        final Set<Integer> statuses = ConcurrentHashMap.newKeySet();
        final Set<Thread> latecomers = ConcurrentHashMap.newKeySet();
        final AtomicInteger tooLate = new AtomicInteger();
        final AtomicInteger closed = new AtomicInteger();
        volatile boolean closeHasReturned;

        /** Calls into the framework; answers whether close had returned before. */
        boolean call(Runnable entry) {
            boolean after = closeHasReturned;
            if (after) {
                latecomers.add(Thread.currentThread());
            }
            entry.run();
            return after;
        }

        private void callback() {
            tooLate.addAndGet(latecomers.contains(Thread.currentThread()) ? 1 : 0);
        }

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
        public void txPrepare(MailboxChannel channel, @Nullable Object message) {
            callback();
        }

        @Override
        public void txDone(MailboxChannel channel, @Nullable Object message, int status) {
            callback();
            statuses.add(status);
            ends.computeIfAbsent(String.valueOf(message), key -> new AtomicInteger())
                    .incrementAndGet();
        }

        @Override
        public void rxCallback(MailboxChannel channel, @Nullable Object message) {
            callback();
        }

        @Override
        public void event(MailboxChannel channel, ChannelEvent event) {
            callback();
            closed.addAndGet(event == ChannelEvent.CLOSED ? 1 : 0);
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {21, 22, 23})
    void everyAcceptedMessageEndsOnceAndNothingStartsAfterwards(long seed) throws Exception {
        var random = new Random(seed);
        Set<Integer> statuses = ConcurrentHashMap.newKeySet();
        for (int round = 0; round < 60; round++) {
            var witness = new Witness();
            ControllerChannel hardware = MailboxController.builder(witness, world.scheduler)
                    .txDoneMethod(TxDoneMethod.IRQ)
                    .build()
                    .channel(0);
            MailboxChannel channel = hardware.bindClient(witness);
            Set<Object> accepted = ConcurrentHashMap.newKeySet();
            var barrier = new CyclicBarrier(3);
            Consumer<String> send = message -> {
                if (channel.sendMessage(message) >= 0) {
                    accepted.add(message);
                }
            };
            workers.start(() -> {
                barrier.await();
                boolean over = false;
                for (int i = 0; !over; i++) {
                    String message = "one/" + i;
                    over = witness.call(() -> send.accept(message));
                }
            });
            workers.start(() -> {
                barrier.await();
                boolean over = false;
                while (!over) {
                    Long txId = witness.toComplete.poll();
                    over = txId != null && witness.call(() -> hardware.txDone(txId, 0));
                    over |= witness.call(() -> hardware.receivedData("data"));
                }
            });
            int closeAfter = random.nextInt(60);
            workers.start(() -> {
                barrier.await();
                for (int i = 0; i < closeAfter; i++) {
                    send.accept("other/" + i);
                }
                channel.close();
                witness.closeHasReturned = true;
                witness.call(() -> hardware.receivedData("late"));
            });
            workers.join();

            String where = "seed " + seed + ", round " + round;
            assertThat(witness.tooLate).as("callbacks, " + where).hasValue(0);
            assertThat(witness.closed).as("CLOSED, " + where).hasValue(1);
            assertThat(witness.ends.keySet()).as(where).isEqualTo(accepted);
            assertThat(witness.ends.values()).as(where).allMatch(ends -> ends.get() == 1);
            assertThat(hardware.isBound()).as(where).isFalse();
            statuses.addAll(witness.statuses);
        }
        assertThat(statuses).as("seed %d", seed).containsExactlyInAnyOrder(0, -Errno.ESHUTDOWN);
    }
}
