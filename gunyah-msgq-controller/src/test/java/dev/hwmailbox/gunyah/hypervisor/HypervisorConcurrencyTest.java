// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.hypervisor;

import static dev.hwmailbox.gunyah.hypervisor.HypervisorBed.RX_VIRQ;
import static dev.hwmailbox.gunyah.hypervisor.HypervisorBed.TX_VIRQ;
import static dev.hwmailbox.gunyah.hypervisor.HypervisorBed.ok;
import static org.assertj.core.api.Assertions.assertThat;

import dev.hwmailbox.ThreadedScheduler;
import dev.hwmailbox.gunyah.GunyahError;
import dev.hwmailbox.gunyah.GunyahHypercalls;
import dev.hwmailbox.gunyah.GunyahRights;
import dev.hwmailbox.gunyah.hypervisor.HypervisorBed.Pipe;
import dev.hwmailbox.gunyah.hypervisor.VirtualInterruptController.Trigger;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class HypervisorConcurrencyTest {
    private final ExecutorService threads = Executors.newCachedThreadPool();
    private final ThreadedScheduler scheduler = new ThreadedScheduler("scheduler of the VMs");

    @AfterEach
    void noThreadStays() {
        threads.shutdownNow();
        scheduler.close();
    }

    private void runAll(List<Callable<@Nullable Void>> bodies) throws InterruptedException, ExecutionException {
        List<Future<@Nullable Void>> results = new ArrayList<>();
        for (Callable<@Nullable Void> body : bodies) {
            results.add(threads.submit(body));
        }
        for (Future<@Nullable Void> result : results) {
            result.get();
        }
    }

    private static int send(GunyahHypercalls calls, long capability, int sender, int sequence) {
        byte[] message = ByteBuffer.allocate(8).putInt(sender).putInt(sequence).array();
        return GunyahHypercalls.status(calls.msgqSend(capability, message, 0, 8, false));
    }

    /** A pipe whose two sides wait for their interrupts, which run on the thread that asserts them. */
    private static final class Side {
        private final HypervisorBed bed;
        private final Pipe pipe;
        private final Semaphore room = new Semaphore(0);
        private final Semaphore waiting = new Semaphore(0);

        Side(HypervisorBed bed, int depth, int rxVirq, int senders) {
            this.bed = bed;
            pipe = bed.pipe(depth, 8, rxVirq);
            bed.a.interrupts().attach(rxVirq - 1, () -> room.release(senders));
            bed.b.interrupts().attach(rxVirq, waiting::release);
        }

        @Nullable
        Void sendAll(int sender, int messages) throws InterruptedException {
            for (int sequence = 0; sequence < messages; sequence++) {
                int status = send(bed.a.hypercalls(), pipe.send(), sender, sequence);
                while (status == GunyahError.MSGQUEUE_FULL) {
                    room.acquire();
                    status = send(bed.a.hypercalls(), pipe.send(), sender, sequence);
                }
                ok(status);
            }
            return null;
        }

        @Nullable
        Void receiveAll(int senders, int messages) throws InterruptedException {
            int[] next = new int[senders];
            byte[] buffer = new byte[8];
            for (int received = 0; received < senders * messages; ) {
                long result = bed.b.hypercalls().msgqReceive(pipe.receive(), buffer, 0, 8);
                if (GunyahHypercalls.status(result) == GunyahError.MSGQUEUE_EMPTY) {
                    waiting.acquire();
                    continue;
                }
                ok(GunyahHypercalls.status(result));
                var message = ByteBuffer.wrap(buffer);
                int sender = message.getInt();
                assertThat(message.getInt()).isEqualTo(next[sender]++);
                received++;
            }
            return null;
        }
    }

    @Test
    void severalSendersOfOneQueueLoseNothingAndKeepTheirOrder() throws Exception {
        int messages = 20_000;
        try (HypervisorBed bed = HypervisorBed.inline(scheduler)) {
            var side = new Side(bed, 8, RX_VIRQ, 3);

            runAll(List.of(
                    () -> side.sendAll(0, messages),
                    () -> side.sendAll(1, messages),
                    () -> side.sendAll(2, messages),
                    () -> side.receiveAll(3, messages)));

            assertThat(side.pipe.queue().count()).isZero();
        }
    }

    @Test
    void differentQueuesCarryMessagesAtTheSameTime() throws Exception {
        int messages = 20_000;
        try (HypervisorBed bed = HypervisorBed.inline(scheduler)) {
            List<Callable<@Nullable Void>> bodies = new ArrayList<>();
            for (int depth = 1; depth <= 3; depth++) {
                var side = new Side(bed, depth, RX_VIRQ + 2 * depth, 1);
                bodies.add(() -> side.sendAll(0, messages));
                bodies.add(() -> side.receiveAll(1, messages));
            }

            runAll(bodies);

            assertThat(bed.hypervisor.census().queuedMessages()).isZero();
        }
    }

    @Test
    void aCallInsideOneQueueDoesNotHoldUpAnother() throws Exception {
        var inside = new CountDownLatch(1);
        var release = new CountDownLatch(1);
        var probe = new QueueProbe() {
            @Override
            public void inside(int queue, Operation operation) {
                if (queue == 0) {
                    inside.countDown();
                    awaitUninterrupted(release);
                }
            }
        };
        try (var bed = new HypervisorBed(SoftwareHypervisor.builder().probe(probe))) {
            long held = bed.activeQueue(1, 8);
            long free = bed.activeQueue(1, 8);

            Future<Integer> stuck = threads.submit(() -> send(bed.rmCalls, held, 0, 0));
            inside.await();
            ok(send(bed.rmCalls, free, 0, 0));
            // Set-up goes on, too: it waits for a queue only if it is about that queue.
            bed.activeQueue(1, 8);
            assertThat(stuck.isDone()).isFalse();
            release.countDown();

            assertThat(stuck.get()).isZero();
        }
    }

    private static void awaitUninterrupted(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Test
    void aLevelLineUnderMaskingAndThresholdChangesLosesNothingAndNeverOverlaps() throws Exception {
        int messages = 20_000;
        long seed = 20260101;
        var builder = SoftwareHypervisor.builder().interruptDelivery(vmid -> threads);
        try (var bed = new HypervisorBed(builder)) {
            Pipe pipe = bed.pipe(4, 8);
            var running = new AtomicBoolean();
            var overlaps = new AtomicInteger();
            var received = new AtomicInteger();
            var done = new CountDownLatch(1);
            byte[] buffer = new byte[8];
            var room = new Semaphore(0);
            bed.a.interrupts().attach(TX_VIRQ, room::release);
            bed.b.interrupts().trigger(RX_VIRQ, Trigger.LEVEL);
            bed.b.interrupts().attach(RX_VIRQ, () -> {
                overlaps.addAndGet(running.compareAndSet(false, true) ? 0 : 1);
                long result = bed.b.hypercalls().msgqReceive(pipe.receive(), buffer, 0, 8);
                if (GunyahHypercalls.status(result) == GunyahError.OK && received.incrementAndGet() == messages) {
                    done.countDown();
                }
                running.set(false);
            });
            Callable<@Nullable Void> sender = () -> {
                for (int sequence = 0; sequence < messages; sequence++) {
                    while (send(bed.a.hypercalls(), pipe.send(), 0, sequence) == GunyahError.MSGQUEUE_FULL) {
                        room.acquire();
                    }
                }
                return null;
            };
            Callable<@Nullable Void> meddler = () -> {
                var random = new SplittableRandom(seed);
                while (done.getCount() > 0) {
                    // Setting the threshold asserts or clears, each a moment after it was decided.
                    bed.b.hypercalls().msgqConfigureReceive(pipe.receive(), 1 + random.nextInt(4), -1);
                    bed.b.interrupts().mask(RX_VIRQ);
                    bed.b.interrupts().unmask(RX_VIRQ);
                    bed.b.hypercalls().msgqConfigureReceive(pipe.receive(), 1, -1);
                }
                return null;
            };

            runAll(List.of(sender, meddler, () -> {
                done.await();
                return null;
            }));

            assertThat(received).as("seed %d", seed).hasValue(messages);
            assertThat(overlaps).hasValue(0);
        }
    }

    @Test
    void callsThatMeetDestructionGetAStatus() throws Exception {
        int rounds = 300;
        try (HypervisorBed bed = HypervisorBed.inline(scheduler)) {
            var capability = new AtomicLong();
            var over = new AtomicBoolean();
            Callable<@Nullable Void> caller = () -> {
                byte[] buffer = new byte[8];
                while (!over.get()) {
                    int sent = send(bed.a.hypercalls(), capability.get(), 0, 0);
                    int received =
                            GunyahHypercalls.status(bed.a.hypercalls().msgqReceive(capability.get(), buffer, 0, 8));
                    assertThat(List.of(sent, received)).allMatch(HypervisorConcurrencyTest::isExpected);
                    bed.a.hypercalls().msgqFlush(capability.get());
                }
                return null;
            };
            Callable<@Nullable Void> destroyer = () -> {
                for (int round = 0; round < rounds; round++) {
                    VirtualMachine victim = bed.hypervisor.createVm(100);
                    long vic = victim.grantVicTo(bed.rm, GunyahRights.VIC_BIND_SOURCE)
                            .value();
                    long master = bed.activeQueue(4, 8);
                    ok(bed.rmCalls.msgqBindReceiveVirq(master, vic, RX_VIRQ));
                    ok(bed.rmCalls.msgqBindSendVirq(master, vic, TX_VIRQ));
                    victim.interrupts().attach(RX_VIRQ, () -> {});
                    capability.set(bed.give(master, bed.cspaceOfA, 3));
                    victim.destroy();
                    long own = bed.rm.cspaceCapability().value();
                    ok(bed.rmCalls.cspaceRevokeCapabilities(own, master));
                    ok(bed.rmCalls.cspaceDeleteCapability(own, master));
                    ok(bed.rmCalls.cspaceDeleteCapability(own, vic));
                    ok(bed.rmCalls.cspaceDeleteCapability(bed.cspaceOfA, capability.get()));
                }
                over.set(true);
                return null;
            };

            runAll(List.of(caller, caller, destroyer));

            assertThat(bed.hypervisor.census()).isEqualTo(new SoftwareHypervisor.Census(3, 7, 0, 0, 0, 0));
        }
    }

    private static boolean isExpected(int status) {
        return switch (status) {
            case GunyahError.OK,
                    GunyahError.MSGQUEUE_FULL,
                    GunyahError.MSGQUEUE_EMPTY,
                    GunyahError.OBJECT_STATE,
                    GunyahError.ARGUMENT_INVALID,
                    GunyahError.CSPACE_CAP_NULL,
                    GunyahError.CSPACE_CAP_REVOKED -> true;
            default -> false;
        };
    }
}
