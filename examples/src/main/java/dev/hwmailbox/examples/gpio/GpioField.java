// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.gpio;

/** What can be wrong with a record, for the counters. */
enum GpioField {
    /** The record is not as long as its kind says, or has no whole head. */
    LENGTH,

    /** The kind is none, or none for this end. */
    KIND,

    /** No such request. */
    TYPE,

    /** No such line, or one where there should be none. */
    LINE,

    /** The value is not one of this request or response. */
    VALUE,

    /** The line is no output, or no input, as it would have to be. */
    DIRECTION,

    /** A response is neither good nor bad. */
    STATUS,

    /** An event says neither high nor low. */
    LEVEL,

    /** An acknowledgement is not for the event that waits for one. */
    EVENT
}
