// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.internal;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * The short section that guards the state of one channel. Nothing is called and nothing is allocated inside it, so it lasts
 * some nanoseconds, and whoever finds it busy looks again instead of parking. Not reentrant.
 *
 * <p>It also keeps neighbouring channels apart: a controller binds its channels one after the other, and two that share cache
 * lines (fetched in pairs, hence 128 bytes) cost each other all parallelism.
 */
abstract class Section {
    /** How often to look before giving the processor away: the one inside may have been preempted. */
    private static final int LOOKS = 64;

    private static final VarHandle BUSY;

    static {
        try {
            BUSY = MethodHandles.lookup().findVarHandle(Section.class, "busy", int.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    @SuppressWarnings("unused") // there for the space they take
    private long p00, p01, p02, p03, p04, p05, p06, p07, p08, p09, p10, p11, p12, p13, p14, p15;

    private volatile int busy;

    @SuppressWarnings("ThreadPriorityCheck") // yielding is for speed only, nothing depends on it
    final void enter() {
        for (int looks = 0; busy != 0 || !BUSY.compareAndSet(this, 0, 1); looks++) {
            if (looks < LOOKS) {
                Thread.onSpinWait();
            } else {
                Thread.yield();
            }
        }
    }

    final void leave() {
        BUSY.setRelease(this, 0);
    }
}
