// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.jcstress;

import dev.hwmailbox.Completion;
import dev.hwmailbox.MailboxScheduler;

/** A scheduler without time: a wait looks, lets others run and looks again, so every timeout races with the report. */
class Impatience implements MailboxScheduler {
    static final MailboxScheduler INSTANCE = new Impatience();

    private static final Timer NEVER = new Timer() {
        @Override
        public void arm(long delayNanos) {}

        @Override
        public void cancel() {}
    };

    @Override
    public long nanoTime() {
        return 0;
    }

    @Override
    public void execute(Runnable task) {
        throw new UnsupportedOperationException("nothing is deferred here");
    }

    @Override
    public Timer timer(String name, Runnable task) {
        return NEVER;
    }

    @Override
    @SuppressWarnings("ThreadPriorityCheck") // yielding is the wait
    public boolean await(Completion completion, long timeoutNanos) {
        if (!completion.isDone()) {
            Thread.yield();
        }
        return completion.isDone();
    }

    @Override
    public void wake(Completion completion) {}
}
