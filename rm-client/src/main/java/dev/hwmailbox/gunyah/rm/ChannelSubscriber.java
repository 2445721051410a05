// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm;

import dev.hwmailbox.MailboxChannel;
import dev.hwmailbox.MailboxException;

/**
 * Hears what becomes of a subscription. {@link #bound} and {@link #closed} alternate, beginning with bound;
 * {@link #ended} comes last, if at all.
 *
 * <p>Context: a task of the scheduler, one at a time and in order, with no lock held; must not block for long; may use
 * and close the channel and the subscription. An exception is logged.
 *
 * @since 0.1
 */
public interface ChannelSubscriber {
    /**
     * There is a channel. Its client may have been called before this.
     *
     * @param channel the channel, bound to the subscription's client
     * @param queues the queues it leads to
     */
    void bound(MailboxChannel channel, VmChannel queues);

    /**
     * The channel is closed because its queues are gone. The subscription waits for the next ones.
     *
     * @param queues the queues that are gone
     */
    default void closed(VmChannel queues) {}

    /**
     * There are queues, and no channel could be made of them. The subscription waits for the next ones.
     *
     * @param queues the queues
     * @param cause why, mostly a {@link dev.hwmailbox.gunyah.msgq.RequestRefusedException}: EBUSY if another channel
     *     uses the queues or, after a reset, other channels have taken all slots; EINVAL or the hypervisor's errno if
     *     they are of no use; EPROBE_DEFER if they are not active yet
     */
    default void refused(VmChannel queues, MailboxException cause) {}

    /**
     * The subscription is over, other than by its own {@link ChannelSubscription#close}.
     *
     * @param cause ETIME: no queues in time; ESHUTDOWN: {@link VmChannels} or the controller is closed; ECANCELED:
     *     somebody else has supplied the controller with queues for it, and the client has that channel
     */
    default void ended(MailboxException cause) {}
}
