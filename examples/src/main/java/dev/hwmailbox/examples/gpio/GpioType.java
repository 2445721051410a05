// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.gpio;

/** What a request is for: the types of include/uapi/linux/virtio_gpio.h (Linux). */
enum GpioType {
    NAMES(1),
    DIRECTION(2),
    SET_DIRECTION(3),
    VALUE(4),
    SET_VALUE(5),
    SET_INTERRUPT(6),

    /** Anything else. */
    UNKNOWN(-1);

    private final int value;

    GpioType(int value) {
        this.value = value;
    }

    int value() {
        return value;
    }

    static GpioType fromValue(int value) {
        for (GpioType type : values()) {
            if (type.value == value) {
                return type;
            }
        }
        return UNKNOWN;
    }
}
