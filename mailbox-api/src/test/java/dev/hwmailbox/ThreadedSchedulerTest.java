// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ch.qos.logback.classic.Level;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class ThreadedSchedulerTest extends SchedulerContract {
    private final List<Thread> made = new ArrayList<>();
    private final ThreadedScheduler scheduler = new ThreadedScheduler(task -> {
        Thread thread = Executors.defaultThreadFactory().newThread(task);
        thread.setName("made by the test");
        made.add(thread);
        return thread;
    });

    @AfterEach
    void end() throws InterruptedException {
        scheduler.close();
        for (Thread thread : made) {
            thread.join();
        }
    }

    @Override
    MailboxScheduler scheduler() {
        return scheduler;
    }

    @Test
    void makesItsThreadWhenTheFirstTaskComesAndOnlyOne() throws InterruptedException {
        scheduler.timer("t", () -> {}).cancel();
        assertThat(made).isEmpty();
        assertThat(scheduler).hasToString("ThreadedScheduler[no thread yet]");

        var ran = new CountDownLatch(2);
        scheduler.execute(ran::countDown);
        scheduler.execute(ran::countDown);
        ran.await();

        assertThat(made).hasSize(1);
        assertThat(scheduler).hasToString("ThreadedScheduler[made by the test]");
    }

    @Test
    void theThreadOfItsOwnIsANamedDaemon() throws InterruptedException {
        var own = new AtomicReference<Thread>(Thread.currentThread());
        var ran = new CountDownLatch(1);
        try (var daemon = new ThreadedScheduler()) {
            daemon.execute(() -> {
                own.set(Thread.currentThread());
                ran.countDown();
            });
            ran.await();
        }

        Thread thread = Objects.requireNonNull(own.get());
        assertThat(thread.isDaemon()).isTrue();
        assertThat(thread.getName()).isEqualTo("hwmailbox");
        thread.join();
    }

    @Test
    void survivesAnErrorAndAnInterruptOfATask() throws InterruptedException {
        try (var logged = new LogCapture()) {
            var ran = new CountDownLatch(1);
            scheduler.execute(() -> {
                Thread.currentThread().interrupt();
                throw new AssertionError("task");
            });
            scheduler.execute(ran::countDown);
            ran.await();
            assertThat(logged.at(Level.ERROR)).containsExactly("task threw");
        }
    }

    @Test
    void dropsTasksAndExpiriesOnceClosed() throws InterruptedException {
        var late = scheduler.timer("late", () -> log.add("expiry"));
        scheduler.execute(scheduler::close);
        made.get(0).join();

        scheduler.execute(() -> log.add("task"));
        late.arm(0);
        scheduler.close();

        assertThat(log).isEmpty();
        assertThat(made).hasSize(1);
        assertThat(scheduler.await(new Completion(), 1000)).isFalse();
        assertThat(scheduler).hasToString("ThreadedScheduler[closed]");
    }

    @Test
    void wakesManyWaitingThreadsEachByItsOwnCompletion() throws Exception {
        var completions = new ArrayList<Completion>();
        for (int i = 0; i < 20; i++) {
            var completion = new Completion();
            completions.add(completion);
            workers.start(() -> log.add(scheduler.await(completion, PLENTY) ? "woken" : "late"));
        }
        for (Completion completion : completions) {
            scheduler.execute(() -> {
                completion.complete(0);
                scheduler.wake(completion);
            });
        }
        workers.join();

        assertThat(log).hasSize(20).containsOnly("woken");
    }

    @Test
    void theFactoryIsAskedWithNoLockHeld() throws InterruptedException {
        var ran = new CountDownLatch(2);
        var scheduler = new AtomicReference<ThreadedScheduler>();
        var asked = new AtomicInteger();
        var made = new CopyOnWriteArrayList<Thread>();
        ExecutorService meanwhile = Executors.newSingleThreadExecutor();
        ThreadFactory slow = task -> {
            if (asked.getAndIncrement() == 0) {
                assertThat(meanwhile.submit(
                                () -> Objects.requireNonNull(scheduler.get()).execute(ran::countDown)))
                        .succeedsWithin(Duration.ofSeconds(10));
            }
            made.add(Executors.defaultThreadFactory().newThread(task));
            return made.get(made.size() - 1);
        };
        try (var asking = new ThreadedScheduler(slow)) {
            scheduler.set(asking);

            asking.execute(ran::countDown);

            assertThat(ran.await(10, TimeUnit.SECONDS)).isTrue();
            assertThat(asked).hasValue(2);
            assertThat(made)
                    .as("threads that were started")
                    .filteredOn(thread -> thread.getState() != Thread.State.NEW)
                    .hasSize(1);
        } finally {
            meanwhile.shutdownNow();
        }
    }

    @Test
    void aThreadThatDoesNotStartIsMadeAnewForTheNextTask() throws InterruptedException {
        Thread spent = Executors.defaultThreadFactory().newThread(() -> {});
        spent.start();
        spent.join();
        var answers = new ArrayDeque<Thread>(List.of(spent));
        var ran = new CountDownLatch(1);
        try (var reluctant = new ThreadedScheduler(
                task -> answers.isEmpty() ? Executors.defaultThreadFactory().newThread(task) : answers.remove())) {

            assertThatThrownBy(() -> reluctant.execute(() -> {})).isInstanceOf(IllegalThreadStateException.class);
            assertThat(reluctant).hasToString("ThreadedScheduler[no thread yet]");

            reluctant.execute(ran::countDown);
            assertThat(ran.await(10, TimeUnit.SECONDS)).isTrue();
        }
    }
}
