// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.hwmailbox.Completion;
import dev.hwmailbox.testing.Exploration.Trial;
import java.io.IOException;
import java.math.BigInteger;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Seeded order: what may change with the seed, what may not, and that it finds what the default order hides. */
class ExplorationTest {
    private static final int SEEDS = 200;
    private static final long MILLISECOND = Duration.ofMillis(1).toNanos();

    private interface Scene {
        void play(VirtualScheduler scheduler, List<String> log);
    }

    /** All logs that a scene leaves, over many seeds. */
    private static Set<List<String>> outcomes(Scene scene) {
        Set<List<String>> outcomes = new HashSet<>();
        Exploration.run(SEEDS, scheduler -> {
            List<String> log = new ArrayList<>();
            scene.play(scheduler, log);
            outcomes.add(log);
        });
        return outcomes;
    }

    private static void timer(VirtualScheduler scheduler, long millis, Runnable task) {
        scheduler.timer("after " + millis, task).arm(millis * MILLISECOND);
    }

    private static void finish(VirtualScheduler scheduler, Completion completion) {
        completion.complete(0);
        scheduler.wake(completion);
    }

    /** A client that forgets to look whether its request is over already: right only if the reply is never beaten. */
    private static void requestWhoseReplyComesWhenTimeIsUp(VirtualScheduler scheduler) {
        List<String> ends = new ArrayList<>();
        scheduler.timer("reply", () -> ends.add("answered")).arm(5 * MILLISECOND);
        scheduler
                .timer("request timeout", () -> {
                    if (ends.isEmpty()) {
                        ends.add("timed out");
                    }
                })
                .arm(5 * MILLISECOND);

        scheduler.runUntilIdle();

        assertThat(ends).hasSize(1);
    }

    @Test
    void findsTheOrderingBugThatTheDefaultOrderHides() {
        requestWhoseReplyComesWhenTimeIsUp(new VirtualScheduler());

        AssertionError failure = catchThrowableOfType(
                AssertionError.class,
                () -> Exploration.run(SEEDS, ExplorationTest::requestWhoseReplyComesWhenTimeIsUp));

        assertThat(failure).hasMessageContaining("+5.000 ms  request timeout before reply");
        assertThat(failure.getCause()).hasMessageContaining("[\"timed out\", \"answered\"]");
        String seed = String.valueOf(failure.getMessage()).replaceAll("(?s)seed (\\d+) fails.*", "$1");
        assertThatThrownBy(() ->
                        Exploration.repeat(Long.parseLong(seed), ExplorationTest::requestWhoseReplyComesWhenTimeIsUp))
                .hasMessage(failure.getMessage());
    }

    @Test
    void findsAnUpdateThatIsLostBetweenThreads() {
        Trial trial = scheduler -> {
            int[] counter = new int[1];
            for (int i = 0; i < 2; i++) {
                scheduler.spawn(() -> {
                    int read = counter[0];
                    scheduler.switchPoint();
                    counter[0] = read + 1;
                });
            }
            scheduler.runUntilIdle();
            assertThat(counter[0]).isEqualTo(2);
        };

        assertThatThrownBy(() -> Exploration.run(SEEDS, trial))
                .isInstanceOf(AssertionError.class)
                .hasMessageMatching("(?s)seed \\d+ fails, and Exploration.repeat\\(\\d+, \\.\\.\\.\\) repeats it: .*"
                        + "\\+0.000 ms  thread \\d before thread \\d.*");
    }

    @Test
    void aFailureInTheDefaultOrderHasNoSeed() {
        assertThatThrownBy(() -> Exploration.run(SEEDS, scheduler -> {
                    throw new IOException("no file");
                }))
                .isInstanceOf(AssertionError.class)
                .hasMessage("the default order fails: java.io.IOException: no file")
                .hasCauseInstanceOf(IOException.class);
    }

    @Test
    void theSameSeedDecidesTheSame() {
        List<String> log = new ArrayList<>();
        Trial trial = scheduler -> {
            for (int i = 0; i < 10; i++) {
                int number = i;
                timer(scheduler, i / 3, () -> log.add("task " + number));
                scheduler.spawn(() -> {
                    scheduler.switchPoint();
                    log.add("thread " + number);
                });
            }
            scheduler.runUntilIdle();
            log.addAll(scheduler.decisions());
            assertThat(scheduler.seed()).hasValue(17);
            assertThat(scheduler).asString().startsWith("VirtualScheduler[seed=17, elapsed=");
        };

        long order = Exploration.repeat(17, trial);
        List<String> first = List.copyOf(log);
        log.clear();

        assertThat(Exploration.repeat(17, trial)).isEqualTo(order);
        assertThat(log).isEqualTo(first);
        assertThat(first).anyMatch(line -> line.contains(" before "));
    }

    @Test
    void aSeedIsTheSameOnEveryPlatform() {
        List<String> log = new ArrayList<>();
        Trial trial = scheduler -> {
            List.of("a", "b", "c", "d", "e").forEach(name -> timer(scheduler, 1, () -> log.add(name)));
            scheduler.runUntilIdle();
            log.add(".");
        };

        Exploration.repeat(1, trial);
        Exploration.repeat(2, trial);

        assertThat(String.join("", log)).isEqualTo("cbade.adbce.");
    }

    @Test
    void neighbouringSeedsHaveNothingInCommon() {
        Set<String> firsts = new HashSet<>();

        Exploration.run(30, scheduler -> {
            List<String> log = new ArrayList<>();
            List.of("a", "b", "c", "d").forEach(name -> timer(scheduler, 1, () -> log.add(name)));
            scheduler.runUntilIdle();
            firsts.add(log.get(0));
        });

        assertThat(firsts).containsExactlyInAnyOrder("a", "b", "c", "d");
    }

    @Test
    void evenSeedsMixThreadsAndOddOnesLetOneGetFarAhead() {
        Map<Boolean, List<Integer>> changes = new HashMap<>();

        for (int seed = 0; seed < 40; seed++) {
            List<String> log = new ArrayList<>();
            Exploration.repeat(seed, scheduler -> {
                for (String name : List.of("a", "b")) {
                    scheduler.spawn(() -> {
                        for (int i = 0; i < 20; i++) {
                            scheduler.switchPoint();
                            log.add(name);
                        }
                    });
                }
                scheduler.runUntilIdle();
            });
            int changesOfThread = (int) IntStream.range(1, log.size())
                    .filter(i -> !log.get(i).equals(log.get(i - 1)))
                    .count();
            changes.computeIfAbsent(seed % 2 == 0, even -> new ArrayList<>()).add(changesOfThread);
        }

        assertThat(changes.get(true)).allMatch(count -> count > 4);
        assertThat(changes.get(false)).contains(1).allMatch(count -> count < 10).anyMatch(count -> count > 1);
    }

    @Test
    void withoutASeedThereIsNothingToDecide() {
        VirtualScheduler scheduler = new VirtualScheduler();
        timer(scheduler, 1, () -> {});
        timer(scheduler, 1, () -> {});
        scheduler.spawn(scheduler::switchPoint);
        scheduler.runUntilIdle();

        assertThat(scheduler.seed()).isEmpty();
        assertThat(scheduler.decisions()).isEmpty();
    }

    @Test
    void countsTheDifferentOrders() {
        int inDoubt = Exploration.run(SEEDS, scheduler -> {
            timer(scheduler, 1, () -> {});
            timer(scheduler, 1, () -> {});
            timer(scheduler, 1, () -> {});
            scheduler.runUntilIdle();
        });
        int settled = Exploration.run(SEEDS, scheduler -> {
            timer(scheduler, 1, () -> {});
            timer(scheduler, 2, () -> {});
            scheduler.runUntilIdle();
        });

        assertThat(inDoubt).isEqualTo(6);
        assertThat(settled).isEqualTo(1);
        assertThat(Exploration.run(0, scheduler -> {})).isEqualTo(1);
    }

    @Test
    void tasksDueTogetherComeInAnyOrderAndOthersInTheirs() {
        Set<List<String>> outcomes = outcomes((scheduler, log) -> {
            timer(scheduler, 2, () -> log.add("last"));
            timer(scheduler, 1, () -> log.add("a"));
            timer(scheduler, 1, () -> log.add("b"));
            assertThat(scheduler.advance(Duration.ofMillis(3))).isEqualTo(3);
        });

        assertThat(outcomes).containsExactlyInAnyOrder(List.of("a", "b", "last"), List.of("b", "a", "last"));
    }

    @Test
    void tasksOfOneThreadKeepTheirOrderAndThoseOfTwoDoNot() {
        Set<List<String>> outcomes = outcomes((scheduler, log) -> {
            scheduler.spawn(() -> scheduler.execute(() -> log.add("other")));
            scheduler.execute(() -> log.add("first"));
            scheduler.execute(() -> log.add("second"));
            scheduler.runUntilIdle();
        });

        assertThat(outcomes)
                .containsExactlyInAnyOrder(
                        List.of("other", "first", "second"),
                        List.of("first", "other", "second"),
                        List.of("first", "second", "other"));
    }

    @Test
    void anEventAtTheDeadlineMayComeTooLate() {
        Set<List<String>> outcomes = outcomes((scheduler, log) -> {
            var event = new Completion();
            scheduler.spawn(() -> log.add("thread " + scheduler.await(event, 5 * MILLISECOND)));
            timer(scheduler, 5, () -> finish(scheduler, event));
            scheduler.runUntilIdle();
        });

        assertThat(outcomes).containsExactlyInAnyOrder(List.of("thread true"), List.of("thread false"));
    }

    @Test
    void anEventAtTheDeadlineMayComeTooLateForTheTestItself() {
        Set<List<String>> outcomes = outcomes((scheduler, log) -> {
            var event = new Completion();
            timer(scheduler, 5, () -> finish(scheduler, event));
            log.add("test " + scheduler.await(event, 5 * MILLISECOND));
            assertThat(scheduler.elapsed()).isEqualTo(Duration.ofMillis(5));
        });

        assertThat(outcomes).containsExactlyInAnyOrder(List.of("test true"), List.of("test false"));
    }

    @Test
    void aWaitThatHasNoEndStillEndsByItsEvent() {
        Set<List<String>> outcomes = outcomes((scheduler, log) -> {
            var event = new Completion();
            timer(scheduler, 5, () -> finish(scheduler, event));
            log.add("test " + scheduler.await(event, Long.MAX_VALUE));
            assertThat(scheduler.pending()).isEmpty();
        });

        assertThat(outcomes).containsExactly(List.of("test true"));
    }

    @Test
    void whoIsWokenMayGoOnBeforeOrAfterWhatIsDueButBeforeTimePasses() {
        Set<List<String>> outcomes = outcomes((scheduler, log) -> {
            var event = new Completion();
            scheduler.spawn(() -> {
                scheduler.await(event, Long.MAX_VALUE);
                log.add("woken");
            });
            timer(scheduler, 5, () -> finish(scheduler, event));
            timer(scheduler, 5, () -> log.add("due"));
            timer(scheduler, 6, () -> log.add("later"));
            scheduler.runUntilIdle();
        });

        assertThat(outcomes)
                .containsExactlyInAnyOrder(List.of("due", "woken", "later"), List.of("woken", "due", "later"));
    }

    @Test
    void aThreadStartsAtOnceOrLaterAndSwitchesWhereItWakesSomebody() {
        Set<List<String>> outcomes = outcomes((scheduler, log) -> {
            var event = new Completion();
            scheduler.spawn(() -> {
                log.add("starts");
                finish(scheduler, event);
                log.add("ends");
            });
            log.add("test");
            scheduler.runUntilIdle();
        });

        assertThat(outcomes)
                .containsExactlyInAnyOrder(
                        List.of("starts", "ends", "test"), // the default order
                        List.of("test", "starts", "ends"),
                        List.of("starts", "test", "ends"));
    }

    @Test
    void aThreadThatSpawnsAnotherMayBeOvertakenByIt() {
        Set<List<String>> outcomes = outcomes((scheduler, log) -> {
            scheduler.spawn(() -> {
                scheduler.spawn(() -> log.add("child"));
                log.add("parent");
            });
            scheduler.runUntilIdle();
        });

        assertThat(outcomes).containsExactlyInAnyOrder(List.of("child", "parent"), List.of("parent", "child"));
    }

    @Test
    void runWokenRunsThreadsAndNoTasks() {
        Set<List<String>> outcomes = outcomes((scheduler, log) -> {
            scheduler.execute(() -> log.add("task"));
            scheduler.spawn(() -> log.add("a"));
            scheduler.spawn(() -> log.add("b"));
            scheduler.runWoken();
            assertThat(scheduler.pending()).hasSize(1);
        });

        assertThat(outcomes).containsExactlyInAnyOrder(List.of("a", "b"), List.of("b", "a"));
    }

    @Test
    void closingEndsThreadsThatWaitOrPauseAndLetsNoneBegin() {
        Set<List<String>> outcomes = outcomes((scheduler, log) -> {
            scheduler.spawn(() -> {
                log.add("waits");
                scheduler.await(new Completion(), Long.MAX_VALUE);
                log.add("over");
            });
            scheduler.spawn(() -> {
                log.add("pauses");
                scheduler.switchPoint();
                log.add("over");
            });

            scheduler.close();

            assertThat(scheduler.pending()).isEmpty();
            assertThat(scheduler.waitingThreads()).isEmpty();
        });

        assertThat(outcomes)
                .contains(List.of(), List.of("waits", "over"), List.of("pauses", "over"))
                .allMatch(log -> log.size() % 2 == 0);
    }

    @Test
    void threadsThatSwitchWithoutEndStopAtTheLimit() {
        VirtualScheduler scheduler = VirtualScheduler.exploring(1);
        boolean[] over = new boolean[1];
        Runnable endless = () -> {
            while (!over[0]) {
                scheduler.switchPoint();
            }
        };
        scheduler.shorten(100, 10_000);
        scheduler.spawn("a", endless);
        scheduler.spawn("b", endless);

        assertThatThrownBy(scheduler::runUntilIdle)
                .isInstanceOf(IllegalStateException.class)
                .hasMessageStartingWith("still busy after 100 tasks: ");
        over[0] = true;
        scheduler.runUntilIdle();
    }

    @Test
    void aThreadBlockedOnALockOfAnotherIsAnErrorAndNotAHang() {
        VirtualScheduler scheduler = new VirtualScheduler();
        scheduler.shorten(100, 200);
        var lock = new ReentrantLock();
        scheduler.spawn("holder", () -> {
            lock.lock();
            try {
                scheduler.await(new Completion(), Long.MAX_VALUE);
            } finally {
                lock.unlock();
            }
        });

        assertThatThrownBy(() -> scheduler.spawn("blocked", lock::lock))
                .isInstanceOf(AssertionError.class)
                .hasMessageStartingWith("simulated thread 'blocked' is blocked outside the scheduler, at ")
                .hasMessageContaining("ReentrantLock.lock");
        scheduler.close();
    }

    @Test
    void aNegativeNumberOfSeedsIsRefused() {
        assertThatThrownBy(() -> Exploration.run(-1, scheduler -> {}))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("negative number of seeds: -1");
    }

    @Test
    void onlyTheLatestDecisionsAreKept() {
        VirtualScheduler scheduler = VirtualScheduler.exploring(3);
        for (int i = 1; i <= 80; i++) {
            for (int j = 0; j < 3; j++) {
                timer(scheduler, i, () -> {});
            }
        }

        scheduler.runUntilIdle();

        assertThat(scheduler.decisions()).hasSize(100);
        assertThat(scheduler.decisions().get(99)).startsWith("+80.000 ms");
    }

    @Test
    void aThreadWhoseTurnWasRefusedAtTheLimitGoesOnLater() {
        VirtualScheduler scheduler = VirtualScheduler.exploring(0);
        scheduler.shorten(3, 10_000);
        Completion ended = scheduler.spawn(() -> IntStream.range(0, 5).forEach(i -> scheduler.switchPoint()));

        assertThatThrownBy(scheduler::runUntilIdle).hasMessage("still busy after 3 tasks: thread 1");
        scheduler.runUntilIdle();

        assertThat(ended.isDone()).isTrue();
    }

    @Test
    void aThreadThatStartsABusyOneIsNotBlocked() {
        VirtualScheduler scheduler = new VirtualScheduler();
        scheduler.shorten(100, 20);
        Completion inner = new Completion();
        Runnable busy = () -> {
            var work = BigInteger.ONE;
            for (int i = 0; work.bitLength() < 150_000; i++) { // well beyond the patience
                work = work.multiply(BigInteger.valueOf(3 + i % 2));
            }
            inner.complete(work.bitLength());
        };

        scheduler.spawn("outer", () -> scheduler.spawn("inner", busy));

        assertThat(inner.isDone()).isTrue();
    }
}
