// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.hypervisor;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * A lock for sections of some nanoseconds, in which nothing is called that could wait: whoever finds it taken looks
 * again instead of parking. Not reentrant.
 */
abstract class ShortLock extends Padded {
    /** How often to look before giving the processor away: the holder may have been preempted. */
    private static final int LOOKS = 64;

    private static final VarHandle TAKEN;

    static {
        try {
            TAKEN = MethodHandles.lookup().findVarHandle(ShortLock.class, "taken", int.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private volatile int taken;

    @SuppressWarnings("ThreadPriorityCheck") // yielding is for speed only, nothing depends on it
    final void enter() {
        for (int looks = 0; taken != 0 || !TAKEN.compareAndSet(this, 0, 1); looks++) {
            if (looks < LOOKS) {
                Thread.onSpinWait();
            } else {
                Thread.yield();
            }
        }
    }

    final void leave() {
        TAKEN.setRelease(this, 0);
    }
}
