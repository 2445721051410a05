// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.serial;

/** Hears what happens on a line. Context: the VM's scheduler; may call the port. */
interface SerialListener {
    /** There is another side, and nothing of a former one will come. */
    default void opened() {}

    /** There is something to read. */
    default void readable() {}

    /** There is room to write again. */
    default void writable() {}

    /** The other side has sent a break; what it wrote before has come. */
    default void breakReceived() {}

    /** The other side's modem lines have changed. */
    default void modemChanged(int lines) {}

    /**
     * The other side is gone. What was written and had not left, {@code unsent} bytes, is dropped; what has come can be
     * read now, and not later.
     */
    default void hungUp(int status, int unsent) {}
}
