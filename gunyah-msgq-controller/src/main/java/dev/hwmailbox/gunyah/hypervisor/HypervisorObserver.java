// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.hypervisor;

/** Sees what queues and lines do, in exact order; for tests. Some calls come under a lock: it only takes notes. */
interface HypervisorObserver {
    /** A queue asserts one of its ends. */
    void asserted(QueueEnd end, boolean bound);

    /** A queue takes the level of one of its ends back. */
    void cleared(QueueEnd end, boolean bound);

    /** A controller has asked a queue whether the condition of a level line holds. */
    void checked(QueueEnd end, boolean reasserted, boolean pending);

    /** A line became pending for its guest. */
    void pending(int vmid, int virq);

    /** A queue died. */
    void destroyed(MessageQueue queue, MessageQueue.State was);
}
