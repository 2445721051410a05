// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.msgq;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hwmailbox.Errno;
import dev.hwmailbox.MailboxChannel;
import dev.hwmailbox.MailboxClient;
import dev.hwmailbox.MailboxScheduler;
import dev.hwmailbox.ThreadedScheduler;
import dev.hwmailbox.gunyah.hypervisor.SoftwareHypervisor;
import dev.hwmailbox.gunyah.msgq.QueuePairBed.Pair;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Real threads: each VM has a scheduler thread of its own, senders have theirs, and interrupts run where they like. */
@Timeout(value = 2, unit = TimeUnit.MINUTES)
final class GunyahMsgqControllerConcurrencyTest {
    private static final int SENDERS = 2;
    private static final int MESSAGES = 4_000;

    private final List<ThreadedScheduler> schedulers = new CopyOnWriteArrayList<>();
    private final ExecutorService threads = Executors.newCachedThreadPool();

    @AfterEach
    void stop() {
        threads.shutdownNow();
        schedulers.forEach(ThreadedScheduler::close);
    }

    private QueuePairBed bed(boolean inline) {
        Map<Integer, ThreadedScheduler> byVmid = new ConcurrentHashMap<>();
        IntFunction<MailboxScheduler> scheduler = vmid -> byVmid.computeIfAbsent(vmid, number -> {
            ThreadedScheduler made = new ThreadedScheduler();
            schedulers.add(made);
            return made;
        });
        SoftwareHypervisor.Builder builder = SoftwareHypervisor.builder().schedulers(scheduler);
        return new QueuePairBed(inline ? builder.interruptDelivery(vmid -> Runnable::run) : builder);
    }

    @ParameterizedTest
    @CsvSource({"1,inline", "1,scheduler", "2,inline", "8,inline", "8,scheduler"})
    void twoSendersLoseAndReorderNothing(int depth, String delivery) throws InterruptedException {
        QueuePairBed bed = bed(delivery.equals("inline"));
        Pair pair = bed.pair(depth);
        Receiver receiver = new Receiver();
        bed.controller(bed.far).build().requestChannel(receiver, pair.far());
        Sender client = new Sender();
        MailboxChannel channel = bed.controller(bed.near).build().requestChannel(client, pair.near());

        for (int sender = 0; sender < SENDERS; sender++) {
            int number = sender;
            threads.execute(() -> client.send(channel, number));
        }

        assertThat(client.allDone.await(1, TimeUnit.MINUTES)).isTrue();
        assertThat(receiver.allReceived.await(1, TimeUnit.MINUTES)).isTrue();
        assertThat(receiver.failure.get()).isNull();
        assertThat(client.errors.get()).isZero();
    }

    @Test
    void closingWhileMessagesArriveFreesEverySlotAndCrossesNoMessages() throws InterruptedException {
        QueuePairBed bed = bed(true);
        GunyahMsgqController near = bed.controller(bed.near).slots(1).build();
        GunyahMsgqController far = bed.controller(bed.far).slots(1).build();
        AtomicInteger foreign = new AtomicInteger();
        for (int round = 0; round < 200; round++) {
            Pair pair = bed.pair(4);
            byte tag = (byte) round;
            MailboxClient listener = new MailboxClient() {
                @Override
                public void rxCallback(MailboxChannel channel, @Nullable Object message) {
                    if (((ByteBuffer) Objects.requireNonNull(message)).get(0) != tag) {
                        foreign.incrementAndGet();
                    }
                }
            };
            MailboxChannel from = near.requestChannel(new MailboxClient() {}, pair.near());
            MailboxChannel to = far.requestChannel(listener, pair.far());
            CountDownLatch sent = new CountDownLatch(1);
            threads.execute(() -> {
                while (from.sendMessage(MsgqMessage.of(new byte[] {tag})) != -Errno.EINVAL) {
                    sent.countDown();
                }
            });
            sent.await();
            to.close();
            from.close();
            awaitFree(near);
            awaitFree(far);
        }

        assertThat(foreign.get()).isZero();
    }

    /** A slot is free once the last call has left, which may be on another thread. */
    private static void awaitFree(GunyahMsgqController controller) {
        while (controller.freeSlots() == 0) {
            Thread.onSpinWait();
        }
    }

    private static final class Sender implements MailboxClient {
        private final Semaphore room = new Semaphore(MailboxChannel.TX_QUEUE_LENGTH);
        private final CountDownLatch allDone = new CountDownLatch(SENDERS * MESSAGES);
        private final AtomicInteger errors = new AtomicInteger();

        void send(MailboxChannel channel, int sender) {
            for (int i = 0; i < MESSAGES; i++) {
                room.acquireUninterruptibly();
                byte[] message =
                        ByteBuffer.allocate(5).put((byte) sender).putInt(i).array();
                if (channel.sendMessage(MsgqMessage.of(message)) < 0) {
                    errors.incrementAndGet();
                }
            }
        }

        @Override
        public void txDone(MailboxChannel channel, @Nullable Object message, int status) {
            if (status != 0) {
                errors.incrementAndGet();
            }
            room.release();
            allDone.countDown();
        }
    }

    private static final class Receiver implements MailboxClient {
        private final int[] next = new int[SENDERS];
        private final CountDownLatch allReceived = new CountDownLatch(SENDERS * MESSAGES);
        private final AtomicReference<@Nullable String> failure = new AtomicReference<>();

        @Override
        public void rxCallback(MailboxChannel channel, @Nullable Object message) {
            ByteBuffer bytes = (ByteBuffer) Objects.requireNonNull(message);
            int sender = bytes.get();
            int number = bytes.getInt();
            if (number != next[sender]) {
                failure.compareAndSet(null, "sender " + sender + ": " + number + " instead of " + next[sender]);
            }
            next[sender] = number + 1;
            allReceived.countDown();
        }
    }
}
