// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.msgq;

/**
 * When a message counts as done.
 *
 * @since 0.1
 */
public enum CompletionLevel {
    /** When the queue has accepted it. The next one may find the queue full and waits then. */
    ACCEPTED,

    /**
     * When the queue has accepted it and has room for the next: the message that takes the last room is done when the
     * queue's interrupt says that there is room again, as with the driver of Linux. If nothing is heard for
     * {@link GunyahMsgqController.Builder#retryDelay}, to twice that, it is done all the same, and the next one finds
     * out.
     */
    READY,

    /**
     * When the other side has taken it, which shows by the queue's running empty; so there is one message at a time in
     * the queue. For queues on which nobody else sends, with an edge-triggered interrupt: the channel sets the queue's
     * not-full threshold to 0, and the first message waits until what was in the queue before has been taken.
     */
    TAKEN
}
