// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hwmailbox.controller.TxDoneMethod;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Drivers that report a message while they are being asked to send it. */
class ReportInsideAttemptTest {
    private final World world = new World(TxDoneMethod.IRQ);
    private final MailboxChannel channel = world.bind();

    private void reportAny(int status) {
        world.hardware().txDone(status);
    }

    private void reportThis(int status) {
        world.hardware().txDone(world.driver.lastTxId(), status);
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void countsOnceTheDriverHasAccepted(boolean any) {
        world.on("sendData", () -> {
            if (any) {
                reportAny(7);
            } else {
                reportThis(7);
            }
            assertThat(world.log).containsExactly("prepare a", "sendData a -> 0");
        });

        channel.sendMessage("a");

        assertThat(world.log).containsExactly("prepare a", "sendData a -> 0", "txDone a 7");
    }

    @Test
    void isForgottenIfTheDriverRefusesThen() {
        world.driver.sendResults.add(-Errno.EAGAIN);
        world.on("sendData", () -> reportThis(-Errno.EIO));

        channel.sendMessage("a");
        world.takeLog();
        world.hardware().resubmit();
        assertThat(world.takeLog()).containsExactly("prepare a", "sendData a -> 0");
        reportThis(0);

        assertThat(world.log).containsExactly("txDone a 0");
    }

    @Test
    void isForgottenIfTheDriverThrowsThen() {
        world.on("sendData", () -> {
            reportThis(0);
            throw new IllegalStateException("on purpose");
        });

        channel.sendMessage("a");

        assertThat(world.log).containsExactly("prepare a", "sendData a -> 0", "refused a -EIO");
    }

    @Test
    void countsTheFirstTimeOnly() {
        world.on("sendData", () -> {
            reportThis(-Errno.EIO);
            reportThis(0);
            reportAny(-Errno.EINVAL);
        });

        channel.sendMessage("a");
        reportAny(0);

        assertThat(world.log).containsExactly("prepare a", "sendData a -> 0", "txDone a -EIO");
    }

    @Test
    void ofAnEarlierTransmissionDoesNotCount() {
        channel.sendMessage("a");
        long earlier = world.driver.lastTxId();
        reportThis(0);
        world.takeLog();
        world.on("sendData", () -> world.hardware().txDone(earlier, -Errno.EIO));

        channel.sendMessage("b");

        assertThat(world.log).containsExactly("prepare b", "sendData b -> 0");
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void countsBesideOneOfAnotherThreadIfItWasFirst(boolean insideFirst) throws Exception {
        ExecutorService threads = Executors.newSingleThreadExecutor();
        try {
            world.on("sendData", () -> {
                if (insideFirst) {
                    reportThis(1);
                }
                CompletableFuture.runAsync(() -> reportThis(2), threads).join();
                reportThis(1);
            });

            channel.sendMessage("a");
        } finally {
            threads.shutdownNow();
        }

        assertThat(world.log).containsExactly("prepare a", "sendData a -> 0", "txDone a " + (insideFirst ? "1" : "2"));
    }

    @Test
    void isOfItsOwnMessageWhenTheDriverSendsInsideTheAttempt() {
        world.on("sendData", () -> {
            channel.sendMessage("nested");
            reportThis(1);
        });
        world.on("sendData", () -> reportThis(2));

        channel.sendMessage("a");

        assertThat(world.log)
                .containsExactly(
                        "prepare a",
                        "sendData a -> 0",
                        "prepare nested",
                        "sendData nested -> 0",
                        "txDone a 1",
                        "txDone nested 2");
    }

    @Test
    void onAnotherChannelIsThatChannelsAffair() {
        MailboxChannel other = world.bind(1, ClientOptions.NON_BLOCKING);
        other.sendMessage("other");
        world.takeLog();
        world.on("sendData", () -> {
            world.controller.channel(1).txDone(0);
            reportThis(0);
        });

        channel.sendMessage("a");

        assertThat(world.log).containsExactly("prepare a", "sendData a -> 0", "txDone other 0", "txDone a 0");
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void losesAgainstATimeoutDuringTheAttempt(boolean before) {
        channel.sendMessage("first");
        CompletableFuture<Integer> future = channel.sendMessageAsync("a", Duration.ofMillis(5));
        world.takeLog();
        world.on("sendData", () -> {
            if (before) {
                reportThis(0);
            }
            world.scheduler.await(new Completion(), Duration.ofMillis(9).toNanos());
            reportThis(0);
        });

        reportAny(0);

        assertThat(future).isCompletedExceptionally();
        assertThat(world.log).containsExactly("prepare a", "sendData a -> 0", "txDone first 0", "txDone a -ETIME");
    }

    @Test
    void losesAgainstAWithdrawalDuringTheAttempt() {
        List<CompletableFuture<Integer>> futures = new ArrayList<>();
        channel.sendMessage("first");
        futures.add(channel.sendMessageAsync("a"));
        world.takeLog();
        world.on("sendData", () -> {
            reportThis(0);
            futures.get(0).cancel(false);
            reportThis(0);
        });

        reportAny(0);

        assertThat(world.log).containsExactly("prepare a", "sendData a -> 0", "txDone first 0", "txDone a -ECANCELED");
        reportAny(0);
        assertThat(world.log).hasSize(4);
    }

    @Test
    void afterAClosingInsideTheAttemptTellsNobody() {
        world.on("sendData", () -> {
            channel.close();
            reportThis(0);
        });

        channel.sendMessage("a");

        assertThat(world.log).doesNotContain("txDone a 0").endsWith("event ABANDONED", "event CLOSED");
        assertThat(world.hardware().isBound()).isFalse();
        MailboxChannel next = world.bind();
        next.sendMessage("b");
        assertThat(world.log).containsExactly("prepare b", "sendData b -> 0");
    }
}
