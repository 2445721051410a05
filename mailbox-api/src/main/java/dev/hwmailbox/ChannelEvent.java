// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox;

/**
 * What can happen to a bound channel as a whole, as opposed to one of its messages. A client is told each at most once
 * per binding, by {@link MailboxClient#event}.
 *
 * <p>Kernel counterpart: none; there a client is told nothing (Linux 6.12).
 *
 * @since 0.1
 */
public enum ChannelEvent {
    /**
     * Messages that were queued or in flight have been dropped and will not be reported: the channel was closed over
     * them, or the controller gave them up. Blocked senders learn it from their own result; one whose message was just
     * being reported may have the reported status instead.
     */
    ABANDONED,

    /**
     * The other side was reset or is gone. What it had not read may be lost. The channel stays bound; whether it can
     * still be used is for the controller to say.
     */
    PEER_RESET,

    /**
     * The channel is closed: by {@link MailboxChannel#close}, or because its controller was unregistered. The last
     * callback of a binding, but for a report that another thread had taken up before; the channel can be bound again
     * from inside it.
     */
    CLOSED
}
