// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.controller;

/**
 * Who knows that a message has been sent. Every channel has one method; a report by anybody else is logged and ignored.
 *
 * <p>Kernel counterpart: {@code TXDONE_BY_IRQ}, {@code TXDONE_BY_POLL}, {@code TXDONE_BY_ACK},
 * drivers/mailbox/mailbox.h (Linux 6.12).
 *
 * @since 0.1
 */
public enum TxDoneMethod {
    /** The controller, by {@link ControllerChannel#txDone(int)}, usually from its interrupt. */
    IRQ,

    /**
     * The framework, which asks {@link ChannelOps#lastTxDone} from a timer. With a client that knows by itself
     * ({@link dev.hwmailbox.ClientOptions#knowsTxDone}) the channel is {@link #ACK} for that binding.
     */
    POLL,

    /** The client, by {@link dev.hwmailbox.MailboxChannel#clientTxDone}. */
    ACK
}
