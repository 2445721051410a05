// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.serial;

/** What is wrong with a record that is refused. */
enum SerialField {
    /** Shorter than a head. */
    HEAD,
    /** A kind nobody knows. */
    KIND,
    /** Flags that have no meaning. */
    FLAGS,
    /** Not the length of the bytes, or none that this kind can have. */
    LENGTH,
    /** Modem lines that do not exist. */
    LINES,
    /** More credit than a window can have. */
    WINDOW
}
