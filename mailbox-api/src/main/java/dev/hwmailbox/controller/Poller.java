// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.controller;

import dev.hwmailbox.MailboxScheduler;
import dev.hwmailbox.internal.Failures;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * The one timer of a controller, which asks polled channels whether their message has left.
 *
 * <p>A submission arms it at once; an expiry that finds a message still on its way arms it again, one period after the
 * expiry. It looks only at channels that have submitted something: one bit each, in order of their index. A message
 * submitted inside an expiry is therefore asked about in the same expiry if its channel comes later, and in the next
 * otherwise.
 */
final class Poller {
    private static final VarHandle WORD = MethodHandles.arrayElementVarHandle(long[].class);

    private final MailboxController controller;
    private final MailboxScheduler.Timer timer;
    private final long periodNanos;
    private final long[] busy;

    Poller(MailboxController controller, long periodNanos) {
        this.controller = controller;
        this.periodNanos = periodNanos;
        busy = new long[(controller.channelCount() + Long.SIZE - 1) / Long.SIZE];
        timer = controller.scheduler().timer(controller.name() + " poll", this::expire);
    }

    /** A polled channel has a message in flight. */
    void watch(int index) {
        mark(index);
        timer.arm(0);
    }

    /**
     * Forgets the pending round, unless a channel has been bound anew meanwhile and has a message to be asked about.
     */
    void stop() {
        timer.cancel();
        for (int i = nextBusy(0); i >= 0; i = nextBusy(i + 1)) {
            if (isPolled(i)) {
                timer.arm(0);
                return;
            }
        }
    }

    private boolean isPolled(int index) {
        Binding binding = controller.channel(index).binding();
        return binding != null && binding.isPolled();
    }

    private void expire() {
        MailboxScheduler scheduler = controller.scheduler();
        long start = scheduler.nanoTime();
        boolean again = false;
        Error failure = null;
        for (int i = nextBusy(0); i >= 0; i = nextBusy(i + 1)) {
            try {
                again |= stillBusy(i);
            } catch (Error e) { // the other channels must be asked all the same
                failure = failure == null ? e : failure;
                again = true;
            }
        }
        if (again) {
            // A submission made inside this expiry has armed the timer already, for an earlier time.
            timer.arm(periodNanos - (scheduler.nanoTime() - start) % periodNanos);
        }
        Failures.rethrow(failure);
    }

    private boolean stillBusy(int index) {
        Binding binding = controller.channel(index).binding();
        boolean unsent = binding != null && binding.poll();
        if (!unsent && (binding == null || !binding.isPolled())) {
            clear(index);
            // A message may have been submitted between the look and the clearing.
            if (isPolled(index)) {
                mark(index);
                return true;
            }
        }
        return unsent;
    }

    private void mark(int index) {
        WORD.getAndBitwiseOr(busy, index / Long.SIZE, 1L << index);
    }

    private void clear(int index) {
        WORD.getAndBitwiseAnd(busy, index / Long.SIZE, ~(1L << index));
    }

    private int nextBusy(int from) {
        int word = from / Long.SIZE;
        if (word >= busy.length) {
            return -1;
        }
        long bits = (long) WORD.getVolatile(busy, word) & (-1L << from);
        while (bits == 0) {
            if (++word == busy.length) {
                return -1;
            }
            bits = (long) WORD.getVolatile(busy, word);
        }
        return word * Long.SIZE + Long.numberOfTrailingZeros(bits);
    }
}
