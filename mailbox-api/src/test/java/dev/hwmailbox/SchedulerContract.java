// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What every scheduler promises. The thread of the test waits by {@link MailboxScheduler#await} only. */
@Timeout(60)
abstract class SchedulerContract {
    static final long PLENTY = TimeUnit.SECONDS.toNanos(30);

    final List<String> log = Collections.synchronizedList(new ArrayList<>());

    @AutoClose
    final Workers workers = new Workers();

    abstract MailboxScheduler scheduler();

    private void finish(Completion completion) {
        completion.complete(0);
        scheduler().wake(completion);
    }

    /** Waits until everything scheduled before has run. */
    private void settle() {
        var settled = new Completion();
        scheduler().execute(() -> finish(settled));
        assertThat(scheduler().await(settled, PLENTY)).isTrue();
    }

    @Test
    void runsTasksInTheOrderOfTheCallsAndNeverInsideThem() {
        var done = new Completion();
        scheduler().execute(() -> {
            IntStream.range(0, 3).forEach(i -> scheduler().execute(() -> log.add("task " + i)));
            scheduler().execute(() -> finish(done));
            log.add("end of first task");
        });

        assertThat(scheduler().await(done, PLENTY)).isTrue();

        assertThat(log).containsExactly("end of first task", "task 0", "task 1", "task 2");
    }

    @Test
    void anExceptionEndsOnlyTheTaskThatThrowsIt() {
        try (var logged = new LogCapture()) {
            scheduler().execute(() -> {
                throw new IllegalStateException("task");
            });
            settle();
            assertThat(logged.at(Level.ERROR)).containsExactly("task threw");
        }
    }

    @Test
    void aTimerExpiresOnceAfterItsDelay() {
        var expired = new Completion();
        long start = scheduler().nanoTime();
        MailboxScheduler.Timer timer = scheduler().timer("t", () -> {
            log.add("expiry");
            finish(expired);
        });

        timer.arm(Duration.ofMillis(5).toNanos());

        assertThat(scheduler().await(expired, PLENTY)).isTrue();
        assertThat(scheduler().nanoTime() - start)
                .isGreaterThanOrEqualTo(Duration.ofMillis(5).toNanos());
        settle();
        assertThat(log).containsExactly("expiry");
        assertThat(timer).hasToString("t");
    }

    @Test
    void aTimerCanBeArmedAgainInsideItsTask() {
        var expired = new Completion();
        var timer = new MailboxScheduler.Timer[1];
        timer[0] = scheduler().timer("t", () -> {
            log.add("expiry");
            if (log.size() < 3) {
                timer[0].arm(1000);
            } else {
                finish(expired);
            }
        });
        timer[0].arm(0);

        assertThat(scheduler().await(expired, PLENTY)).isTrue();

        assertThat(log).hasSize(3);
    }

    @Test
    void theEarlierOfTwoExpiriesStays() {
        var expired = new Completion();
        MailboxScheduler.Timer timer = scheduler().timer("t", () -> finish(expired));
        timer.arm(Duration.ofHours(1).toNanos());
        timer.arm(0);
        timer.arm(Duration.ofHours(2).toNanos());

        assertThat(scheduler().await(expired, PLENTY)).isTrue();
    }

    @Test
    void aCancelledTimerDoesNotExpire() {
        MailboxScheduler.Timer timer = scheduler().timer("t", () -> log.add("expiry"));
        timer.arm(Duration.ofMillis(2).toNanos());
        timer.cancel();
        timer.cancel();

        var later = new Completion();
        scheduler().timer("later", () -> finish(later)).arm(Duration.ofMillis(4).toNanos());
        assertThat(scheduler().await(later, PLENTY)).isTrue();

        assertThat(log).isEmpty();
    }

    @Test
    void aDelayBeyondAllBoundsIsLegal() {
        MailboxScheduler.Timer timer = scheduler().timer("t", () -> log.add("expiry"));
        timer.arm(Long.MAX_VALUE);
        settle();

        timer.arm(Long.MIN_VALUE);
        settle();

        assertThat(log).containsExactly("expiry");
    }

    @Test
    void awaitOnlyLooksWithoutATimeout() {
        var completion = new Completion();
        assertThat(scheduler().await(completion, 0)).isFalse();
        assertThat(scheduler().await(completion, -1)).isFalse();

        completion.complete(0);

        assertThat(scheduler().await(completion, 0)).isTrue();
    }

    @Test
    void awaitGivesUpWhenTimeIsUp() {
        long start = scheduler().nanoTime();

        assertThat(scheduler().await(new Completion(), Duration.ofMillis(3).toNanos()))
                .isFalse();

        assertThat(scheduler().nanoTime() - start)
                .isGreaterThanOrEqualTo(Duration.ofMillis(3).toNanos());
    }

    @Test
    void aTaskThatWaitsLetsOthersRunMeanwhile() {
        var inner = new Completion();
        var outer = new Completion();
        scheduler().execute(() -> {
            log.add("waits " + scheduler().await(inner, PLENTY));
            finish(outer);
        });
        scheduler().execute(() -> {
            log.add("runs");
            finish(inner);
        });

        assertThat(scheduler().await(outer, PLENTY)).isTrue();

        assertThat(log).containsExactly("runs", "waits true");
    }

    @Test
    void anInterruptEndsAWaitAndIsKept() {
        Thread.currentThread().interrupt();

        assertThat(scheduler().await(new Completion(), PLENTY)).isFalse();

        assertThat(Thread.interrupted()).isTrue();
    }

    @Test
    void wakingNobodyDoesNothing() {
        scheduler().wake(new Completion());
    }
}
