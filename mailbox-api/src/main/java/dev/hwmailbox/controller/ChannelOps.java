// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.controller;

import dev.hwmailbox.Errno;
import org.jspecify.annotations.Nullable;

/**
 * What a controller's driver does for its channels. One object serves all channels of a controller.
 *
 * <p>Context: called by the framework with no lock held. {@link #sendData} runs once at a time per channel; every other
 * operation may run beside it, {@link #shutdown} too: an attempt that had begun before the channel was closed may still
 * be on its way, its result is then ignored, and the channel cannot be bound again until it has returned. All
 * operations may call back into the framework, report completion and deliver data included.
 *
 * <p>What an operation throws is logged and taken for {@code -EIO} or false; an {@link Error} is thrown on once the
 * channel is in order.
 *
 * <p>Kernel counterpart: {@code struct mbox_chan_ops}, include/linux/mailbox_controller.h (Linux 6.12). Differs: a
 * default method cannot say that an operation is absent, {@link #canPoll} and {@link #canFlush} do; {@link #sendData}
 * is told which transmission it is for.
 *
 * @since 0.1
 */
public interface ChannelOps {
    /**
     * Tries to transmit a message. Must not block.
     *
     * <p>Completion may be reported from inside, or by another thread before this returns: it takes effect once the
     * message is known to be accepted. If it is then refused instead, a report from inside is dropped and one by
     * another thread makes the framework try once more.
     *
     * @param channel the channel
     * @param message the message, as the client gave it
     * @param txId identifies this attempt, for {@link ControllerChannel#txDone(long, int)}; positive, never used twice
     *     on a channel, whoever owns it
     * @return 0 if accepted; anything else, by custom a negative errno, if refused for now: the message stays the first
     *     of the queue, and is tried again by the client's next send, by a completion report, or by
     *     {@link ControllerChannel#resubmit}. Time alone never tries again
     */
    int sendData(ControllerChannel channel, @Nullable Object message, long txId);

    /**
     * A client is being bound; from now on received data goes to it. May block.
     *
     * @param channel the channel
     * @return 0, or a negative errno to fail the binding; {@link #shutdown} is not called then. An exception fails it
     *     too
     */
    default int startup(ControllerChannel channel) {
        return 0;
    }

    /**
     * The client is leaving; afterwards nothing may be reported or delivered for it. Must not wait for other threads:
     * it may be called from inside any callback.
     *
     * @param channel the channel
     */
    default void shutdown(ControllerChannel channel) {}

    /**
     * Asks whether the message in flight has left. Called on the scheduler for channels of the method
     * {@link TxDoneMethod#POLL}, only if {@link #canPoll}. Must not block.
     *
     * @param channel the channel
     * @return true if the message has been sent
     */
    default boolean lastTxDone(ControllerChannel channel) {
        return false;
    }

    /**
     * Finishes transmission by waiting for it, and reports completion itself before it returns 0. Called only if
     * {@link #canFlush}. May block up to the timeout.
     *
     * @param channel the channel
     * @param timeoutNanos longest wait in nanoseconds, not negative
     * @return 0, or a negative errno, with which the message in flight is then ended
     */
    default int flush(ControllerChannel channel, long timeoutNanos) {
        return -Errno.ENOTSUPP;
    }

    /**
     * Delivers received data now, if there is any. Must not block.
     *
     * @param channel the channel, possibly without a client
     * @return true if there was data
     */
    default boolean peekData(ControllerChannel channel) {
        return false;
    }

    /**
     * Tells whether {@link #lastTxDone} is implemented, without which no channel can be polled.
     *
     * @return false by default
     */
    default boolean canPoll() {
        return false;
    }

    /**
     * Tells whether {@link #flush} is implemented.
     *
     * @return false by default
     */
    default boolean canFlush() {
        return false;
    }
}
