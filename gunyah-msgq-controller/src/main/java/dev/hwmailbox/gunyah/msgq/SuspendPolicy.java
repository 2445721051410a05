// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.msgq;

/**
 * What becomes of messages that are sent while a controller is suspended, or that wait for room then.
 *
 * @since 0.1
 */
public enum SuspendPolicy {
    /**
     * They end with {@code -EAGAIN}, nothing having been sent. One that the queue has accepted already is done:
     * with 0 at {@link CompletionLevel#READY}; with {@code -ETIME} at {@link CompletionLevel#TAKEN}, where it stays in
     * the queue and may be taken later.
     */
    REFUSE,

    /**
     * They stay in the channel's queue, in order, and are sent when the controller is resumed; a queue that is full
     * refuses more with {@code -ENOBUFS}, as always. Time that has passed meanwhile does not count against
     * {@link GunyahMsgqController.Builder#fullBudget}.
     */
    PARK
}
