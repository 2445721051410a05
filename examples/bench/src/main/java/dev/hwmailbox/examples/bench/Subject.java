// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.bench;

import dev.hwmailbox.Completion;
import dev.hwmailbox.MailboxChannel;
import dev.hwmailbox.MailboxClient;
import dev.hwmailbox.MailboxScheduler;
import dev.hwmailbox.controller.ChannelOps;
import dev.hwmailbox.controller.ControllerChannel;
import dev.hwmailbox.controller.MailboxController;
import dev.hwmailbox.controller.TxDoneMethod;
import org.jspecify.annotations.Nullable;

/** What is measured: a controller that accepts everything at once, so that only the framework is left. */
final class Subject {
    private Subject() {}

    static MailboxController controller(int channelCount) {
        return MailboxController.builder(new Accepting(), new Unused())
                .channelCount(channelCount)
                .txDoneMethod(TxDoneMethod.IRQ)
                .build();
    }

    private static final class Accepting implements ChannelOps {
        @Override
        public int sendData(ControllerChannel channel, @Nullable Object message, long txId) {
            return 0;
        }
    }

    /** Counts, so that nothing is optimised away. For one thread: a shared counter would be what is measured. */
    static final class Counter implements MailboxClient {
        int received;
        int sent;

        @Override
        public void rxCallback(MailboxChannel channel, @Nullable Object message) {
            received++;
        }

        @Override
        public void txDone(MailboxChannel channel, @Nullable Object message, int status) {
            sent++;
        }
    }

    /** Nothing here waits or polls. */
    private static final class Unused implements MailboxScheduler {
        @Override
        public long nanoTime() {
            return 0;
        }

        @Override
        public void execute(Runnable task) {
            throw new UnsupportedOperationException("execute");
        }

        @Override
        public Timer timer(String name, Runnable task) {
            return new Timer() {
                @Override
                public void arm(long delayNanos) {
                    throw new UnsupportedOperationException("arm");
                }

                @Override
                public void cancel() {}
            };
        }

        @Override
        public boolean await(Completion completion, long timeoutNanos) {
            throw new UnsupportedOperationException("await");
        }

        @Override
        public void wake(Completion completion) {}
    }
}
