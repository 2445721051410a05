// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.calls;

/**
 * What a reply turned out to be.
 *
 * @since 0.1
 */
public enum Arrival {
    /** The reply of an open call, which has ended with it. */
    ANSWER,

    /** Of a call that had been given up. */
    LATE,

    /** Of a call that had its reply already. */
    DUPLICATE,

    /** Of no call that is remembered. */
    UNKNOWN
}
