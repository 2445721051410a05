// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.internal;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * The short section that guards the state of one channel. Nothing is called and nothing is allocated inside it, so it
 * lasts some nanoseconds, and whoever finds it busy looks again instead of parking. Not reentrant.
 */
abstract class Section extends Padding {
    /** How often to look before giving the processor away: the one inside may have been preempted. */
    private static final int LOOKS = 16;

    /**
     * How long to wait between two looks, in pauses of the processor. Much longer than anybody is inside: two threads
     * that take turns at every section hand the channel's cache lines over each time, and that costs more than the
     * waiting.
     */
    private static final int PAUSES = 64;

    private static final VarHandle BUSY;

    static {
        try {
            BUSY = MethodHandles.lookup().findVarHandle(Section.class, "busy", int.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private volatile int busy;

    @SuppressWarnings("ThreadPriorityCheck") // yielding is for speed only, nothing depends on it
    final void enter() {
        for (int looks = 0; busy != 0 || !BUSY.compareAndSet(this, 0, 1); looks++) {
            if (looks < LOOKS) {
                for (int pauses = 0; pauses < PAUSES; pauses++) {
                    Thread.onSpinWait();
                }
            } else {
                Thread.yield();
            }
        }
    }

    final void leave() {
        BUSY.setRelease(this, 0);
    }
}
