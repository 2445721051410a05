// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.qrtr;

/** What a packet is: {@code enum qrtr_pkt_type}, include/uapi/linux/qrtr.h (Linux 6.12). */
enum PacketType {
    /** No type that is known. */
    UNKNOWN(0),
    DATA(1),
    HELLO(2),
    BYE(3),
    NEW_SERVER(4),
    DEL_SERVER(5),
    DEL_CLIENT(6),
    RESUME_TX(7),
    EXIT(8),
    PING(9),
    NEW_LOOKUP(10),
    DEL_LOOKUP(11);

    private final int value;

    PacketType(int value) {
        this.value = value;
    }

    int value() {
        return value;
    }

    static PacketType fromValue(int value) {
        for (PacketType type : values()) {
            if (type.value == value) {
                return type;
            }
        }
        return UNKNOWN;
    }
}
