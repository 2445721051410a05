// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.gpio;

/** Where a line leads: the directions of include/uapi/linux/virtio_gpio.h (Linux). */
enum GpioDirection {
    NONE(0),
    OUT(1),
    IN(2),

    /** Anything else. */
    UNKNOWN(-1);

    private final int value;

    GpioDirection(int value) {
        this.value = value;
    }

    int value() {
        return value;
    }

    static GpioDirection fromValue(int value) {
        for (GpioDirection direction : values()) {
            if (direction.value == value) {
                return direction;
            }
        }
        return UNKNOWN;
    }
}
