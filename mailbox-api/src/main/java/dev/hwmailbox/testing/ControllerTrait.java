// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.testing;

/**
 * What a controller cannot do. A check that needs it does not apply then, and is reported as such instead of passing.
 *
 * @since 0.1
 */
public enum ControllerTrait {
    /** There is only channel 0. */
    ONE_CHANNEL,

    /** Messages carry nothing by which they could be told apart: a doorbell, or a payload in shared memory. */
    ANONYMOUS_MESSAGES,

    /**
     * Nothing stays in flight, as long as the other side takes what is there: every message is reported before
     * {@link dev.hwmailbox.MailboxChannel#sendMessage} returns. Of a queue with room for several messages.
     */
    COMPLETES_INSIDE_SEND,

    /**
     * The hardware has a copy of a message as soon as it has taken it, and an interrupt that comes late may report the
     * message before the other side has it. Of interrupts that say "room again", not what for.
     */
    MAY_REPORT_EARLY,

    /** Completion is for the client to report: the method is {@link dev.hwmailbox.controller.TxDoneMethod#ACK}. */
    CLIENT_REPORTS,

    /**
     * A message cannot be reported as failed: nobody can, when a timer asks whether it has left, and only the client
     * can, when completion is for it to report. Of the methods {@link dev.hwmailbox.controller.TxDoneMethod#POLL} and
     * {@link dev.hwmailbox.controller.TxDoneMethod#ACK}.
     */
    NO_FAILURE_STATUS,

    /** There is no message that the controller could not send. */
    TAKES_ANYTHING,

    /** The hardware has room at all times when no message is in flight. */
    REFUSES_NEVER,

    /** The controller is not told when there is room again: a refused message waits for the client's next send. */
    NO_RETRY,

    /** Nothing comes from the other side. */
    RECEIVES_NOTHING,

    /**
     * {@link dev.hwmailbox.controller.ChannelOps#peekData} is absent, or finds nothing that does not come by itself.
     */
    NO_PEEK,

    /** {@link dev.hwmailbox.controller.ChannelOps#flush} is absent. */
    NO_FLUSH,

    /** Startup cannot fail. */
    STARTS_ALWAYS,

    /** Startup takes nothing that shutdown would have to give back. */
    HOLDS_NOTHING,

    /** While a channel is bound the controller looks at its hardware from a timer, with or without traffic. */
    LOOKS_BY_TIMER
}
