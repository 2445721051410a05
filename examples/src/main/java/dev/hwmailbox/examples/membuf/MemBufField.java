// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.membuf;

/** What can be wrong with a record, for the counters. */
enum MemBufField {
    /** The record is not as long as its kind says, or has no whole head. */
    LENGTH,

    /** The kind is none, or none for this end. */
    KIND,

    /** A request for nothing or for too much; a reply with less than was asked for. */
    SIZE,

    /** Memory has been lent, or is being lent, for this transaction already. */
    TRANSACTION,

    /** Nothing is lent by this handle for this transaction. */
    HANDLE,

    /** A reply says that something has gone wrong which is no errno. */
    STATUS
}
