// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.proxy;

import dev.hwmailbox.Errno;
import dev.hwmailbox.gunyah.msgq.GunyahMsgqController;
import dev.hwmailbox.gunyah.msgq.SuspendPolicy;

/**
 * Suspends a VM, as far as its message queues are concerned, unless somebody holds its wake lock.
 *
 * <p>Context: the VM's scheduler.
 */
final class PowerManager implements WakeLock {
    private final GunyahMsgqController controller;
    private boolean held;
    private int wakeUps;

    PowerManager(GunyahMsgqController controller) {
        this.controller = controller;
    }

    @Override
    public void acquire() {
        held = true;
    }

    @Override
    public void release() {
        held = false;
    }

    @Override
    public boolean isSuspended() {
        return controller.isSuspended();
    }

    /** How often something to read has woken the VM. */
    int wakeUps() {
        return wakeUps;
    }

    /** 0, or {@code -EBUSY}: the wake lock is held. */
    int suspend() {
        if (held) {
            return -Errno.EBUSY;
        }
        suspendAnyway();
        return 0;
    }

    /** Does not ask, as when the lid is closed: what comes on a queue that wakes ends it. */
    void suspendAnyway() {
        controller.suspend(SuspendPolicy.PARK, channel -> {
            wakeUps++;
            resume();
        });
    }

    void resume() {
        controller.resume();
    }
}
