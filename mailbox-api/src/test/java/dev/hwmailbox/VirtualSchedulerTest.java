// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ch.qos.logback.classic.Level;
import dev.hwmailbox.testing.VirtualScheduler;
import dev.hwmailbox.testing.VirtualScheduler.Pending;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class VirtualSchedulerTest extends SchedulerContract {
    private final VirtualScheduler scheduler = new VirtualScheduler();

    @AfterEach
    void endThreads() {
        scheduler.close();
    }

    @Override
    MailboxScheduler scheduler() {
        return scheduler;
    }

    private void after(long millis, Runnable task) {
        scheduler.timer("after " + millis, task).arm(Duration.ofMillis(millis).toNanos());
    }

    private void finish(Completion completion) {
        completion.complete(0);
        scheduler.wake(completion);
    }

    private void spawnWaiter(String name, Completion completion, long millis) {
        scheduler.spawn(() -> log.add(name + " "
                + scheduler.await(completion, Duration.ofMillis(millis).toNanos()) + " at "
                + scheduler.elapsed().toMillis()));
    }

    @Test
    void startsWhereTheTestSaysAndWrapsAround() {
        var nearOverflow = new VirtualScheduler(Long.MAX_VALUE - 5);
        nearOverflow.timer("t", () -> log.add("expiry")).arm(10);

        assertThat(nearOverflow.advance(Duration.ofNanos(9))).isZero();
        assertThat(nearOverflow.advance(Duration.ofNanos(1))).isEqualTo(1);

        assertThat(nearOverflow.nanoTime()).isEqualTo(Long.MIN_VALUE + 4);
        assertThat(nearOverflow.elapsed()).isEqualTo(Duration.ofNanos(10));
        assertThat(new VirtualScheduler().nanoTime()).isEqualTo(VirtualScheduler.DEFAULT_START_NANOS);
    }

    @Test
    void runsTiesInOrderOfTheirCreationAndMovesTheClockToEachTask() {
        after(2, () -> log.add("b at " + scheduler.elapsed().toMillis()));
        after(1, () -> log.add("a at " + scheduler.elapsed().toMillis()));
        after(2, () -> log.add("c at " + scheduler.elapsed().toMillis()));

        assertThat(scheduler.advance(Duration.ofMillis(5))).isEqualTo(3);

        assertThat(log).containsExactly("a at 1", "b at 2", "c at 2");
        assertThat(scheduler.elapsed()).isEqualTo(Duration.ofMillis(5));
    }

    @Test
    void armingATimerAgainForTheSameTimePutsItBehindOthers() {
        MailboxScheduler.Timer timer = scheduler.timer("t", () -> log.add("timer"));
        timer.arm(0);
        scheduler.execute(() -> log.add("task"));
        timer.arm(0);

        scheduler.runDue();

        assertThat(log).containsExactly("task", "timer");
    }

    @Test
    void runDueRunsWhatBecomesDueMeanwhileButDoesNotMoveTheClock() {
        scheduler.execute(() -> scheduler.execute(() -> log.add("task of a task")));
        after(1, () -> log.add("later"));

        assertThat(scheduler.runDue()).isEqualTo(2);

        assertThat(log).containsExactly("task of a task");
        assertThat(scheduler.elapsed()).isZero();
    }

    @Test
    void runUntilIdleMovesTheClockToTheLastTask() {
        after(3, () -> after(4, () -> log.add("last")));

        assertThat(scheduler.runUntilIdle()).isEqualTo(2);

        assertThat(scheduler.elapsed()).isEqualTo(Duration.ofMillis(7));
        assertThat(scheduler.pending()).isEmpty();
    }

    @Test
    void aPeriodicTaskStopsRunUntilIdleAtTheLimit() {
        var timer = new MailboxScheduler.Timer[1];
        timer[0] = scheduler.timer("every millisecond", () -> timer[0].arm(1_000_000));
        timer[0].arm(0);

        assertThatThrownBy(scheduler::runUntilIdle)
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("still busy after " + VirtualScheduler.TASK_LIMIT + " tasks: every millisecond");
    }

    @Test
    void listsWhatIsPendingInOrder() {
        after(2, () -> {});
        scheduler.execute(() -> {});
        after(1, () -> {});

        assertThat(scheduler.pending())
                .containsExactly(
                        new Pending("task", Duration.ZERO),
                        new Pending("after 1", Duration.ofMillis(1)),
                        new Pending("after 2", Duration.ofMillis(2)));
        assertThat(scheduler).asString().contains("after 1", "elapsed=PT0S");
    }

    @Test
    void awaitMovesTheClockOnlyAsFarAsNeeded() {
        var completion = new Completion();
        after(3, () -> finish(completion));
        after(4, () -> log.add("later"));

        assertThat(scheduler.await(completion, Duration.ofHours(1).toNanos())).isTrue();

        assertThat(scheduler.elapsed()).isEqualTo(Duration.ofMillis(3));
        assertThat(log).isEmpty();
    }

    @Test
    void awaitRunsWhatIsDueAtTheDeadlineBeforeItGivesUp() {
        var completion = new Completion();
        after(3, () -> finish(completion));

        assertThat(scheduler.await(completion, Duration.ofMillis(3).toNanos())).isTrue();
        assertThat(scheduler.await(new Completion(), Duration.ofMillis(3).toNanos()))
                .isFalse();
        assertThat(scheduler.elapsed()).isEqualTo(Duration.ofMillis(6));
    }

    @Test
    void aWaitWithoutEndAndWithoutPendingTasksIsAnError() {
        after(1, () -> {});

        assertThatThrownBy(() -> scheduler.await(new Completion(), Long.MAX_VALUE))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("nothing is pending");
    }

    @Test
    void aWaitInsideATaskMovesTheClockAndTheOuterCallDoesNotMoveItBack() {
        scheduler.execute(
                () -> scheduler.await(new Completion(), Duration.ofMillis(10).toNanos()));
        after(4, () -> log.add("at " + scheduler.elapsed().toMillis()));

        scheduler.advance(Duration.ofMillis(1));

        assertThat(log).containsExactly("at 4");
        assertThat(scheduler.elapsed()).isEqualTo(Duration.ofMillis(10));
    }

    @Test
    void anErrorOfATaskReachesWhoeverMovesTheClock() {
        scheduler.execute(() -> {
            throw new AssertionError("task");
        });

        assertThatThrownBy(scheduler::runDue).hasMessage("task");
    }

    @Test
    void keepsTheFirstExceptionsOfTasks() {
        try (var logged = new LogCapture()) {
            for (int i = 0; i < 30; i++) {
                String number = "task " + i;
                scheduler.execute(() -> {
                    throw new IllegalStateException(number);
                });
            }

            assertThat(scheduler.runDue()).isEqualTo(30);

            assertThat(scheduler.failures()).hasSize(20);
            assertThat(scheduler.failures().get(19)).hasMessage("task 19");
            assertThat(logged.at(Level.ERROR)).hasSize(30);
        }
    }

    @Test
    void namesTheThreadsThatWait() {
        scheduler.spawn("sender", () -> scheduler.await(new Completion(), PLENTY));
        scheduler.spawn(() -> scheduler.await(new Completion(), PLENTY));

        assertThat(scheduler.waitingThreads()).containsExactly("sender", "thread 2");
        assertThat(scheduler.pending())
                .extracting(Pending::name)
                .containsExactly("timeout of sender", "timeout of thread 2");
    }

    @Test
    void aSimulatedThreadRunsAtOnceUntilItWaits() {
        var completion = new Completion();
        scheduler.spawn(() -> {
            log.add("starts");
            scheduler.await(completion, PLENTY);
            log.add("goes on");
        });
        log.add("spawned");

        finish(completion);
        assertThat(log).containsExactly("starts", "spawned");
        scheduler.runWoken();

        assertThat(log).containsExactly("starts", "spawned", "goes on");
    }

    @Test
    void aWokenThreadGoesOnAfterTheTaskThatWokeItInOrderOfWaking() {
        var a = new Completion();
        var b = new Completion();
        spawnWaiter("a", a, 100);
        spawnWaiter("b", b, 100);
        after(5, () -> {
            finish(b);
            finish(a);
            log.add("end of task");
        });
        after(5, () -> log.add("next task"));

        scheduler.advance(Duration.ofMillis(5));

        assertThat(log).containsExactly("end of task", "b true at 5", "a true at 5", "next task");
    }

    @Test
    void aThreadThatTimesOutGoesOnAfterAllTasksOfThatTime() {
        spawnWaiter("a", new Completion(), 5);
        after(5, () -> after(0, () -> log.add("task of a task")));

        scheduler.advance(Duration.ofMillis(5));

        assertThat(log).containsExactly("task of a task", "a false at 5");
    }

    @Test
    void severalThreadsCanWaitForOneCompletion() {
        var completion = new Completion();
        spawnWaiter("a", completion, 100);
        spawnWaiter("b", completion, 100);

        finish(completion);
        scheduler.runWoken();

        assertThat(log).containsExactly("a true at 0", "b true at 0");
    }

    @Test
    void aThreadCanSpawnAndJoinAnother() {
        Completion ended = scheduler.spawn(() -> {
            Completion inner = scheduler.spawn(() -> {
                scheduler.await(new Completion(), Duration.ofMillis(3).toNanos());
                log.add("inner ends");
            });
            scheduler.await(inner, PLENTY);
            log.add("outer ends");
        });

        assertThat(scheduler.await(ended, PLENTY)).isTrue();

        assertThat(log).containsExactly("inner ends", "outer ends");
    }

    @Test
    void whatEndsAThreadIsThrownByWhoeverMovesTheClock() {
        assertThatThrownBy(() -> scheduler.spawn(() -> {
                    throw new AssertionError("at once");
                }))
                .hasMessage("at once");
        scheduler.spawn(() -> {
            scheduler.await(new Completion(), 5);
            throw new IllegalStateException("later");
        });
        assertThatThrownBy(() -> scheduler.advance(Duration.ofMillis(1))).hasMessage("later");
    }

    @Test
    void aSimulatedThreadCannotMoveTheClock() {
        assertThatThrownBy(() -> scheduler.spawn(scheduler::runDue))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("cannot move the clock");
    }

    @Test
    void closingEndsWaitingThreadsAsIfInterrupted() {
        Completion ended = scheduler.spawn(() -> {
            log.add("first wait " + scheduler.await(new Completion(), PLENTY));
            log.add("second wait " + scheduler.await(new Completion(), PLENTY));
            log.add("interrupted " + Thread.currentThread().isInterrupted());
            throw new IllegalStateException("not what the test expected");
        });

        scheduler.close();

        assertThat(ended.isDone()).isTrue();
        assertThat(log).containsExactly("first wait false", "second wait false", "interrupted true");
        assertThat(scheduler.pending()).isEqualTo(List.of());
    }

    @Test
    void anInterruptEndsTheWaitOfASimulatedThread() {
        List<Thread> threads = new ArrayList<>();
        scheduler.spawn(() -> {
            threads.add(Thread.currentThread());
            boolean done = scheduler.await(new Completion(), PLENTY);
            log.add(done + " at " + scheduler.elapsed().toMillis() + ", interrupted "
                    + Thread.currentThread().isInterrupted());
        });
        after(3, () -> threads.get(0).interrupt());

        scheduler.runUntilIdle();

        assertThat(log).containsExactly("false at 3, interrupted true");
        assertThat(scheduler.elapsed()).isEqualTo(Duration.ofMillis(3));
    }

    @Test
    void oneSimulatedThreadInterruptsAnother() {
        List<Thread> threads = new ArrayList<>();
        scheduler.spawn(() -> {
            threads.add(Thread.currentThread());
            log.add(scheduler.await(new Completion(), PLENTY) + " at "
                    + scheduler.elapsed().toMillis());
        });
        scheduler.spawn(() -> {
            scheduler.await(new Completion(), Duration.ofMillis(2).toNanos());
            threads.get(0).interrupt();
        });

        scheduler.runUntilIdle();

        assertThat(log).containsExactly("false at 2");
    }

    @Test
    void aCheckedExceptionOfATaskIsKeptLikeAnyOther() {
        var checked = new IOException("no such file");
        scheduler.execute(() -> throwAny(checked));
        scheduler.execute(() -> log.add("next"));

        try (var logged = new LogCapture()) {
            scheduler.runDue();
            assertThat(logged.at(Level.ERROR)).containsExactly("task threw");
        }

        assertThat(scheduler.failures()).containsExactly(checked);
        assertThat(log).containsExactly("next");
    }

    @Test
    void aCheckedExceptionEndsASimulatedThreadAndIsThrown() {
        var checked = new IOException("no such file");

        assertThatThrownBy(() -> scheduler.spawn(() -> throwAny(checked)))
                .hasCause(checked)
                .hasMessage("a simulated thread threw java.io.IOException: no such file");
    }

    /** As languages do that know no checked exceptions. */
    @SuppressWarnings({"unchecked", "TypeParameterUnusedInFormals"})
    private static <E extends Exception> void throwAny(Exception exception) throws E {
        throw (E) exception;
    }

    @Test
    void closingEndsAThreadThatNeverStopsWaiting() {
        Completion ended = scheduler.spawn(() -> {
            while (true) {
                scheduler.await(new Completion(), PLENTY);
            }
        });

        scheduler.close();

        assertThat(ended.isDone()).isTrue();
    }
}
