// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.sockets;

/** Why a connection is not there, or no more. Ours: the numbers are those of Linux errors. */
enum Status {
    /** It is, or it was ended by its owner. */
    OK(0),
    /** The other side is gone, or knows no such connection. */
    RESET(104),
    /** The reader stalled and its buffer is full. */
    OVERFLOW(105),
    /** It took too long. */
    TIMED_OUT(110),
    /** Nobody listens there, or too many wait. */
    REFUSED(111),
    /** A number that is none of these. */
    UNKNOWN(0xFFFF);

    private final int value;

    Status(int value) {
        this.value = value;
    }

    int value() {
        return value;
    }

    static Status fromValue(int value) {
        for (Status status : values()) {
            if (status.value == value) {
                return status;
            }
        }
        return UNKNOWN;
    }
}
