// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.jcstress;

import dev.hwmailbox.MailboxChannel;
import dev.hwmailbox.MailboxClient;
import dev.hwmailbox.MailboxScheduler;
import dev.hwmailbox.controller.ChannelOps;
import dev.hwmailbox.controller.ControllerChannel;
import dev.hwmailbox.controller.MailboxController;
import dev.hwmailbox.controller.TxDoneMethod;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.I_Result;

/** The timer that asks about messages, against those who send them. */
final class PollStress {
    private PollStress() {}

    /** A scheduler for one timer, which expires when an actor says so. */
    private static final class Alarm extends Impatience implements MailboxScheduler.Timer {
        private final AtomicBoolean armed = new AtomicBoolean();
        private Runnable task = () -> {};

        @Override
        public Timer timer(String name, Runnable atExpiry) {
            task = atExpiry;
            return this;
        }

        @Override
        public void arm(long delayNanos) {
            armed.set(true);
        }

        @Override
        public void cancel() {
            armed.set(false);
        }

        boolean expire() {
            boolean due = armed.getAndSet(false);
            if (due) {
                task.run();
            }
            return due;
        }
    }

    /**
     * A channel comes to rest while a message is sent. Result: what was reported in the end, with nothing but the
     * timer.
     */
    @JCStressTest
    @Outcome(id = "12", expect = Expect.ACCEPTABLE, desc = "both were asked about")
    @Outcome(id = "1", expect = Expect.FORBIDDEN, desc = "the second is in flight, and nobody asks")
    @Outcome(expect = Expect.FORBIDDEN, desc = "lost, doubled or out of order")
    @State
    public static class ExpiryAgainstSend implements ChannelOps, MailboxClient {
        private final Alarm alarm = new Alarm();
        private final MailboxChannel channel;
        private int reported;

        @SuppressWarnings("this-escape") // the controller looks at its driver only when it is used
        public ExpiryAgainstSend() {
            channel = MailboxController.builder(this, alarm)
                    .txDoneMethod(TxDoneMethod.POLL)
                    .build()
                    .channel(0)
                    .bindClient(this);
            channel.sendMessage(1);
        }

        @Override
        public int sendData(ControllerChannel onChannel, @Nullable Object message, long txId) {
            return 0;
        }

        @Override
        public boolean canPoll() {
            return true;
        }

        @Override
        public boolean lastTxDone(ControllerChannel onChannel) {
            return true;
        }

        @Override
        public void txDone(MailboxChannel onChannel, @Nullable Object message, int status) {
            reported = reported * 10 + (message instanceof Integer number ? number : 0);
        }

        @Actor
        void expire() {
            alarm.expire();
        }

        @Actor
        void send() {
            channel.sendMessage(2);
        }

        @Arbiter
        void look(I_Result r) {
            while (alarm.expire()) {}
            r.r1 = reported;
        }
    }
}
