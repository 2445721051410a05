// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hwmailbox.controller.ChannelOps;
import dev.hwmailbox.controller.ControllerChannel;
import dev.hwmailbox.controller.MailboxController;
import dev.hwmailbox.controller.TxDoneMethod;
import dev.hwmailbox.testing.VirtualScheduler;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Real threads and a queue that is short: lists that must not mix, and senders that wait until they are told of room.
 */
@Timeout(60)
class QueueConcurrencyTest implements ChannelOps, MailboxClient {
    private static final int LIST = 3;

    /** Message {@code number} of list {@code list} of a sender. */
    private record Part(int sender, int list, int number) {}

    private final List<@Nullable Object> transmitted = new ArrayList<>(); // sendData runs once at a time per channel
    private final LinkedBlockingQueue<Long> toComplete = new LinkedBlockingQueue<>();
    private final AtomicInteger reported = new AtomicInteger();
    private final AtomicInteger timesTold = new AtomicInteger();
    private final Semaphore room = new Semaphore(0);

    @AutoClose
    private final Workers workers = new Workers();

    @AutoClose
    private final VirtualScheduler scheduler = new VirtualScheduler();

    private final ControllerChannel hardware = MailboxController.builder(this, scheduler)
            .txDoneMethod(TxDoneMethod.IRQ)
            .ringLength(2 * LIST + 1)
            .build()
            .channel(0);
    private final MailboxChannel channel = hardware.bindClient(this);

    @Override
    public int sendData(ControllerChannel onChannel, @Nullable Object message, long txId) {
        transmitted.add(message);
        toComplete.add(txId);
        return 0;
    }

    @Override
    public void txDone(MailboxChannel onChannel, @Nullable Object message, int status) {
        reported.incrementAndGet();
    }

    @Override
    public void writable(MailboxChannel onChannel) {
        timesTold.incrementAndGet();
        room.release();
    }

    private void completeInTheBackground(int messages) {
        workers.start(() -> {
            for (int i = 0; i < messages; i++) {
                hardware.txDone(toComplete.take(), 0);
            }
        });
    }

    /** Sends until there is room; told of it only when the answer before was that there is none. */
    private int sendWhenThereIsRoom(List<?> messages) throws InterruptedException {
        int full = 0;
        while (channel.sendAll(messages) == -Errno.ENOBUFS) {
            full++;
            assertThat(room.tryAcquire(20, TimeUnit.SECONDS))
                    .as("told of room for %s", messages)
                    .isTrue();
        }
        return full;
    }

    @Test
    void aSenderThatFoundTheQueueFullIsToldOfRoomEachTime() throws Exception {
        int messages = 4_000;
        int full = 0;
        completeInTheBackground(messages);

        for (int i = 0; i < messages; i++) {
            full += sendWhenThereIsRoom(List.of(i));
        }
        workers.join();

        assertThat(reported).hasValue(messages);
        assertThat(timesTold).hasValue(full);
        assertThat(full).as("the queue was never full: nothing was tried").isPositive();
    }

    @Test
    void listsOfTwoThreadsDoNotMix() throws Exception {
        int lists = 700;
        var barrier = new CyclicBarrier(2);
        completeInTheBackground(2 * lists * LIST);
        for (int sender = 0; sender < 2; sender++) {
            int self = sender;
            workers.start(() -> {
                barrier.await();
                for (int list = 0; list < lists; list++) {
                    var messages = List.of(new Part(self, list, 0), new Part(self, list, 1), new Part(self, list, 2));
                    while (channel.sendAll(messages) == -Errno.ENOBUFS) {
                        Thread.onSpinWait();
                    }
                }
            });
        }
        workers.join();

        assertThat(transmitted).hasSize(2 * lists * LIST);
        int[] next = new int[2];
        for (int i = 0; i < transmitted.size(); i += LIST) {
            int sender = ((Part) transmitted.get(i)).sender();
            int list = next[sender]++;
            assertThat(transmitted.subList(i, i + LIST))
                    .as("from message %d", i)
                    .containsExactly(new Part(sender, list, 0), new Part(sender, list, 1), new Part(sender, list, 2));
        }
    }
}
