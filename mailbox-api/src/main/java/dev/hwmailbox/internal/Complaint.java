// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.internal;

/** What the framework complains about: misuse and refusals that the kernel's framework logs, too. */
public enum Complaint {
    /** A message found the queue full. */
    QUEUE_FULL,
    /** The controller reported completion on a channel where others do. */
    NOT_IRQ_METHOD,
    /** The client reported completion on a channel where others do. */
    NOT_ACK_METHOD,
    /** A channel that has an owner, or whose provider is going away, was asked for. */
    BUSY,
    /** A channel could not be started. */
    STARTUP_FAILED,
    /** A channel was requested by a name that the client's node does not have. */
    NAME_NOT_FOUND,
    /** A controller is to be polled that cannot be. */
    NO_LAST_TX_DONE,
    /** The client's node does not lead to a controller. */
    BAD_MBOXES,
    /** A managed registration was to be undone that does not exist. */
    NOT_MANAGED
}
