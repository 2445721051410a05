// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hwmailbox.controller.ChannelOps;
import dev.hwmailbox.controller.ControllerChannel;
import dev.hwmailbox.controller.MailboxController;
import dev.hwmailbox.controller.TxDoneMethod;
import java.time.Duration;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The poll timer on a thread of its own, while other threads submit. */
@Timeout(60)
class PollingConcurrencyTest {
    private static final int CHANNELS = 3;
    private static final int MESSAGES = 2_000;

    /** Seconds of looking: a message that is not reported after so many looks never is. */
    private static final long LOOKS = 20_000_000L;

    /** A driver whose messages have left at the second look. */
    private static final class SecondLook implements ChannelOps {
        private final AtomicIntegerArray looks = new AtomicIntegerArray(CHANNELS);

        @Override
        public int sendData(ControllerChannel channel, @Nullable Object message, long txId) {
            looks.set(channel.index(), 0);
            return 0;
        }

        @Override
        public boolean lastTxDone(ControllerChannel channel) {
            return looks.incrementAndGet(channel.index()) >= 2;
        }

        @Override
        public boolean canPoll() {
            return true;
        }
    }

    @Test
    @DisplayName("D15 no poll is lost when messages are submitted while the timer runs")
    void noPollIsLostWhenMessagesAreSubmittedWhileTheTimerRuns() throws Exception {
        try (var scheduler = new ThreadedScheduler();
                var workers = new Workers()) {
            var controller = MailboxController.builder(new SecondLook(), scheduler)
                    .channelCount(CHANNELS)
                    .txDoneMethod(TxDoneMethod.POLL)
                    .pollPeriod(Duration.ofNanos(10_000))
                    .build();
            MailboxClient client = new MailboxClient() {
                @Override
                public ClientOptions options() {
                    return ClientOptions.blocking(Duration.ofSeconds(30));
                }
            };
            var barrier = new CyclicBarrier(CHANNELS);
            for (int i = 0; i < CHANNELS; i++) {
                MailboxChannel channel = controller.channel(i).bindClient(client);
                workers.start(() -> {
                    barrier.await();
                    for (int message = 0; message < MESSAGES; message++) {
                        assertThat(channel.sendMessage(message))
                                .as("message %d of %s", message, channel)
                                .isEqualTo(message % MailboxChannel.TX_QUEUE_LENGTH);
                    }
                });
            }
            workers.join();
        }
    }

    /**
     * The submission falls between the last look at a channel and its being taken off the list, about once in
     * thousands.
     */
    @Test
    @DisplayName("D15 a channel that submits while it is being taken off the list stays on it")
    void aChannelThatSubmitsWhileItIsTakenOffTheListStaysOnIt() throws Exception {
        var scheduler = new SpinningScheduler();
        try (var workers = new Workers()) {
            var reported = new AtomicInteger();
            var controller = MailboxController.builder(new SecondLook(), scheduler)
                    .txDoneMethod(TxDoneMethod.POLL)
                    .build();
            MailboxChannel channel = controller.channel(0).bindClient(new MailboxClient() {
                @Override
                public void txDone(MailboxChannel done, @Nullable Object message, int status) {
                    reported.incrementAndGet();
                }
            });
            workers.start(scheduler::run);

            for (int sent = 1; sent <= 200_000; sent++) {
                assertThat(channel.sendMessage(sent)).isNotNegative();
                for (long looks = 0; reported.get() < sent && looks < LOOKS; looks++) {
                    pause(looks);
                }
                if (reported.get() != sent) {
                    scheduler.stop();
                }
                assertThat(reported).as("messages reported").hasValue(sent);
            }
            scheduler.stop();
            workers.join();
        }
    }

    /** The other thread may be waiting for this processor. */
    @SuppressWarnings("ThreadPriorityCheck")
    private static void pause(long looks) {
        if (looks < 1_000) {
            Thread.onSpinWait();
        } else {
            Thread.yield();
        }
    }

    /** Runs one timer on one thread, without ever sleeping. */
    private static final class SpinningScheduler implements MailboxScheduler {
        private final AtomicBoolean armed = new AtomicBoolean();
        private volatile @Nullable Runnable task;
        private volatile boolean stopped;

        void run() {
            for (long looks = 0; !stopped; looks++) {
                Runnable due = task;
                if (due != null && armed.compareAndSet(true, false)) {
                    due.run();
                    looks = 0;
                }
                pause(looks);
            }
        }

        void stop() {
            stopped = true;
        }

        @Override
        public long nanoTime() {
            return 0;
        }

        @Override
        public Timer timer(String name, Runnable what) {
            task = what;
            return new Timer() {
                @Override
                public void arm(long delayNanos) {
                    armed.set(true);
                }

                @Override
                public void cancel() {
                    armed.set(false);
                }
            };
        }

        @Override
        public void execute(Runnable what) {
            throw new UnsupportedOperationException("execute");
        }

        @Override
        public boolean await(Completion completion, long timeoutNanos) {
            throw new UnsupportedOperationException("await");
        }

        @Override
        public void wake(Completion completion) {
            throw new UnsupportedOperationException("wake");
        }
    }
}
