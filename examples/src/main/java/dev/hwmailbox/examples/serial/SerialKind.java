// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.serial;

/** What a record is. Ours: no public protocol for a serial line over a message queue was found. */
enum SerialKind {
    /** Not known. */
    UNKNOWN(0),
    /** Bytes of the line, at least one. */
    DATA(1),
    /** The line is held low for longer than a character takes. */
    BREAK(2),
    /** Modem lines of the sender, a byte of {@link SerialRecord#DTR} and so on. */
    MODEM(3),
    /** More bytes may be sent: a number of 32 bits, at least 1. */
    WINDOW(4);

    private final int value;

    SerialKind(int value) {
        this.value = value;
    }

    int value() {
        return value;
    }

    static SerialKind fromValue(int value) {
        for (SerialKind kind : values()) {
            if (kind.value == value) {
                return kind;
            }
        }
        return UNKNOWN;
    }
}
