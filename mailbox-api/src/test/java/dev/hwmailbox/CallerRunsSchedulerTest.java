// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

class CallerRunsSchedulerTest extends SchedulerContract {
    private final CallerRunsScheduler scheduler = new CallerRunsScheduler();

    @Override
    MailboxScheduler scheduler() {
        return scheduler;
    }

    private void finish(Completion completion) {
        completion.complete(0);
        scheduler.wake(completion);
    }

    private static void untilParked(AtomicReference<Thread> worker) {
        Thread thread = worker.get();
        while (thread == null || thread.getState() != Thread.State.TIMED_WAITING) {
            Thread.onSpinWait();
            thread = worker.get();
        }
    }

    @Test
    void runDueRunsWhatIsDueOnTheCallerAndCounts() {
        Thread caller = Thread.currentThread();
        scheduler.execute(() -> assertThat(Thread.currentThread()).isSameAs(caller));
        scheduler.execute(() -> scheduler.execute(() -> log.add("task of a task")));
        scheduler.timer("later", () -> log.add("later")).arm(Duration.ofHours(1).toNanos());
        assertThat(scheduler).hasToString("CallerRunsScheduler[pending=3]");

        int ran = scheduler.runDue();

        assertThat(ran).isBetween(2, 3); // the third is due at once, but on a coarse clock only
        scheduler.runDue();
        assertThat(log).containsExactly("task of a task");
    }

    @Test
    void anErrorOfATaskReachesTheCallerAndLeavesTheSchedulerInOrder() {
        scheduler.execute(() -> {
            throw new AssertionError("task");
        });
        scheduler.execute(() -> log.add("next"));

        assertThatThrownBy(scheduler::runDue).hasMessage("task");

        assertThat(scheduler.runDue()).isEqualTo(1);
        assertThat(log).containsExactly("next");
    }

    @Test
    void aVcpuLoopRunsWhatOtherThreadsPostUntilItIsStopped() throws Exception {
        var vcpu = new AtomicReference<Thread>();
        workers.start(() -> {
            vcpu.set(Thread.currentThread());
            scheduler.run();
        });
        for (int i = 0; i < 100; i++) {
            var handled = new CountDownLatch(1);
            scheduler.execute(() -> {
                log.add(vcpu.get() == Thread.currentThread() ? "vcpu" : "other");
                handled.countDown();
            });
            handled.await();
        }

        scheduler.stop();
        workers.join();

        assertThat(log).hasSize(100).containsOnly("vcpu");
        scheduler.run(); // stopped for ever: returns at once
    }

    @Test
    void aVcpuLoopCanBeStoppedFromInsideATask() throws Exception {
        workers.start(scheduler::run);

        scheduler.execute(scheduler::stop);

        workers.join();
    }

    @Test
    void anInterruptEndsTheVcpuLoopAndIsKept() throws Exception {
        workers.start(() -> {
            scheduler.run();
            log.add("interrupted " + Thread.interrupted());
        });

        scheduler.execute(() -> Thread.currentThread().interrupt());
        workers.join();

        assertThat(log).containsExactly("interrupted true");
    }

    @Test
    void aBlockingCallInsideATaskOfTheVcpuIsWokenFromAnotherThread() throws Exception {
        var waiting = new Completion();
        var entered = new CountDownLatch(1);
        var result = new CountDownLatch(1);
        workers.start(scheduler::run);
        scheduler.execute(() -> {
            entered.countDown();
            log.add("done " + scheduler.await(waiting, PLENTY));
            result.countDown();
        });
        entered.await();

        finish(waiting);
        result.await();
        scheduler.stop();
        workers.join();

        assertThat(log).containsExactly("done true");
    }

    @Test
    void idleWaitsForWorkWithoutDoingIt() throws Exception {
        assertThat(scheduler.idle(Duration.ofMillis(1))).isFalse();

        workers.start(() -> scheduler.execute(() -> log.add("work")));
        assertThat(scheduler.idle(Duration.ofSeconds(30))).isTrue();
        workers.join();
        assertThat(log).isEmpty();

        scheduler.runDue();
        assertThat(log).containsExactly("work");
    }

    @Test
    void idleWaitsForTheNextExpiry() {
        scheduler.timer("t", () -> log.add("expiry")).arm(Duration.ofMillis(3).toNanos());

        assertThat(scheduler.idle(Duration.ofSeconds(30))).isTrue();

        assertThat(scheduler.runDue()).isEqualTo(1);
    }

    @Test
    void anInterruptEndsIdling() {
        Thread.currentThread().interrupt();

        assertThat(scheduler.idle(Duration.ofSeconds(30))).isFalse();

        assertThat(Thread.interrupted()).isTrue();
    }

    @Test
    void idleWaitsWhileAnotherThreadRunsATask() throws Exception {
        var inside = new CountDownLatch(1);
        var leave = new CountDownLatch(1);
        scheduler.execute(() -> {
            inside.countDown();
            while (leave.getCount() > 0) {
                Thread.onSpinWait();
            }
        });
        workers.start(scheduler::runDue);
        inside.await();
        scheduler.execute(() -> log.add("work"));

        assertThat(scheduler.idle(Duration.ofMillis(1))).isFalse();

        leave.countDown();
        assertThat(scheduler.idle(Duration.ofSeconds(30))).isTrue();
        workers.join();
        scheduler.runDue();
        assertThat(log).containsExactly("work");
    }

    @Test
    void whileOneThreadRunsATaskAnotherRunsNone() throws Exception {
        var inside = new CountDownLatch(1);
        var leave = new CountDownLatch(1);
        scheduler.execute(() -> {
            inside.countDown();
            while (leave.getCount() > 0) {
                Thread.onSpinWait();
            }
        });
        scheduler.execute(() -> log.add("second"));
        workers.start(scheduler::runDue);
        inside.await();

        assertThat(scheduler.runDue()).isZero();

        leave.countDown();
        workers.join();
        assertThat(log).containsExactly("second");
    }

    @Test
    void aWaitingThreadTakesOverWhenTheOneThatRanTasksLeaves() throws Exception {
        var completion = new Completion();
        var waiter = new AtomicReference<Thread>();
        scheduler.execute(() -> {
            workers.start(() -> {
                waiter.set(Thread.currentThread());
                log.add("woken "
                        + scheduler.await(completion, Duration.ofHours(1).toNanos()));
            });
            untilParked(waiter);
            scheduler
                    .timer("t", () -> finish(completion))
                    .arm(Duration.ofMillis(2).toNanos());
        });

        scheduler.runDue(); // the other thread parks meanwhile; from here on only it can run the timer
        workers.join();

        assertThat(log).containsExactly("woken true");
    }

    @Test
    void aTimerArmedForAnEarlierTimeWakesTheThreadThatParkedUntilTheOld() throws Exception {
        var completion = new Completion();
        var waiter = new AtomicReference<Thread>();
        MailboxScheduler.Timer timer = scheduler.timer("t", () -> finish(completion));
        timer.arm(Duration.ofHours(1).toNanos());
        workers.start(() -> {
            waiter.set(Thread.currentThread());
            log.add("woken " + scheduler.await(completion, Duration.ofHours(2).toNanos()));
        });
        untilParked(waiter);

        timer.arm(0);
        workers.join();

        assertThat(log).containsExactly("woken true");
    }

    @Test
    void tasksOfManyThreadsRunOneAtATimeAndNoneIsLost() throws Exception {
        var running = new AtomicInteger();
        var ran = new AtomicInteger();
        var most = new AtomicInteger();
        int threads = 3;
        int each = 2_000;
        for (int t = 0; t < threads; t++) {
            workers.start(() -> {
                for (int i = 0; i < each; i++) {
                    var done = new Completion();
                    scheduler.execute(() -> {
                        most.accumulateAndGet(running.incrementAndGet(), Math::max);
                        ran.incrementAndGet();
                        running.decrementAndGet();
                        finish(done);
                    });
                    assertThat(scheduler.await(done, PLENTY)).isTrue();
                }
            });
        }
        workers.join();

        assertThat(ran).hasValue(threads * each);
        assertThat(most).hasValue(1);
    }
}
