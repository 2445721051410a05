// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.msgq;

/**
 * Which of several free slots a request gets.
 *
 * @since 0.1
 */
public enum SlotPolicy {
    /** The one with the lowest number. */
    FIRST_FREE,

    /** The next one after the one given last, round and round. */
    ROUND_ROBIN,

    /** The one that has been free for longest; never used ones first. */
    LEAST_RECENT
}
