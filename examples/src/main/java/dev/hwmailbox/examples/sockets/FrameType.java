// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.sockets;

/** What a frame is: the types of the socket transports over message queues (vendor kernels). */
enum FrameType {
    /** Not known. */
    UNKNOWN(0, false),
    /** A datagram, complete in itself. */
    DATAGRAM(1, false),
    /** Bytes of a connection. */
    DATA(2, false),
    /** A wish for a connection. */
    CONNECT(3, true),
    /** The answer to it. */
    CONNECT_REPLY(4, true),
    /** One direction of a connection ends. */
    SHUTDOWN(5, true),
    /** A connection ends. */
    CLOSE(6, true);

    private final int value;
    private final boolean hasStatus;

    FrameType(int value, boolean hasStatus) {
        this.value = value;
        this.hasStatus = hasStatus;
    }

    int value() {
        return value;
    }

    /** Whether the payload is a status of 16 bits and 16 reserved bits. */
    boolean hasStatus() {
        return hasStatus;
    }

    static FrameType fromValue(int value) {
        for (FrameType type : values()) {
            if (type.value == value) {
                return type;
            }
        }
        return UNKNOWN;
    }
}
