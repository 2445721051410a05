// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox;

/**
 * What becomes of the messages of a channel that is closed.
 *
 * @since 0.1
 */
public enum CloseMode {
    /** They are dropped, as {@link MailboxChannel#close()} does it. Never waits. */
    ABORT,

    /** They go out first, as far as time allows. */
    DRAIN
}
