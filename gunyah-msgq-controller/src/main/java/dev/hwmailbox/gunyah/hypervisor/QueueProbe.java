// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.hypervisor;

/**
 * Observation and delay points around a queue's lock, for tests and measurements. Absent by default; without one an
 * operation pays one null check per point.
 *
 * <p>A receive by register contents is shown when it removes a message, not when it is refused.
 *
 * <p>Context: the thread that makes the hypercall. {@link #inside} runs under the queue's lock: it must not call into
 * the hypervisor. What a probe throws passes through the hypercall. Nothing has been done if it comes from
 * {@link #before} or {@link #inside}; if it comes from {@link #after}, the operation stands and its interrupt is lost.
 *
 * @since 0.1
 */
public interface QueueProbe {
    /** What is done to the queue. */
    enum Operation {
        /** A message is appended. */
        SEND,
        /** A message is taken. */
        RECEIVE,
        /** All messages are dropped. */
        FLUSH,
        /** The sender's threshold is set. */
        CONFIGURE_SEND,
        /** The receiver's threshold is set. */
        CONFIGURE_RECEIVE
    }

    /**
     * Before the lock is taken.
     *
     * @param queue number of the queue, counted from 0 in the order of creation
     * @param operation what is about to happen
     */
    default void before(int queue, Operation operation) {}

    /**
     * Under the lock, before the operation.
     *
     * @param queue number of the queue
     * @param operation what is about to happen
     */
    default void inside(int queue, Operation operation) {}

    /**
     * After the lock was released, before interrupts are asserted.
     *
     * @param queue number of the queue
     * @param operation what happened
     * @param result the call's result, as {@link dev.hwmailbox.gunyah.GunyahHypercalls} has it
     */
    default void after(int queue, Operation operation, long result) {}
}
