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
     * When the queue has accepted it and has room for the next, as with the driver of Linux: the message that takes the
     * last room is done when the queue's interrupt says that there is room again. If none comes, the queue is asked to
     * say it again, every {@link GunyahMsgqController.Builder#retryDelay}, by setting its not-full threshold to the
     * value it starts with.
     */
    READY,

    /**
     * When the other side has taken it, which shows by the queue's running empty; so there is one message at a time in
     * the queue. For queues on which nobody else sends, with an edge-triggered interrupt: the channel sets the queue's
     * not-full threshold to 0, and the first message waits until what was in the queue before has been taken.
     */
    TAKEN
}
