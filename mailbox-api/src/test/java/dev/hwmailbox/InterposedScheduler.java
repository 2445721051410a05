// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox;

/** A scheduler under which something happens just before a timer is armed. */
public record InterposedScheduler(MailboxScheduler real, Runnable beforeArming) implements MailboxScheduler {
    @Override
    public long nanoTime() {
        return real.nanoTime();
    }

    @Override
    public void execute(Runnable task) {
        real.execute(task);
    }

    @Override
    public Timer timer(String name, Runnable task) {
        Timer timer = real.timer(name, task);
        return new Timer() {
            @Override
            public void arm(long delayNanos) {
                beforeArming.run();
                timer.arm(delayNanos);
            }

            @Override
            public void cancel() {
                timer.cancel();
            }
        };
    }

    @Override
    public boolean await(Completion completion, long timeoutNanos) {
        return real.await(completion, timeoutNanos);
    }

    @Override
    public void wake(Completion completion) {
        real.wake(completion);
    }
}
