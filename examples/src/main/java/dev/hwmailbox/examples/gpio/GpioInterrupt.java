// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.gpio;

/** When a line interrupts: the interrupt types of include/uapi/linux/virtio_gpio.h (Linux). NONE is masked. */
enum GpioInterrupt {
    NONE(0),
    RISING(1),
    FALLING(2),
    BOTH(3),
    HIGH(4),
    LOW(8),

    /** Anything else. */
    UNKNOWN(-1);

    private final int value;

    GpioInterrupt(int value) {
        this.value = value;
    }

    int value() {
        return value;
    }

    static GpioInterrupt fromValue(int value) {
        for (GpioInterrupt type : values()) {
            if (type.value == value) {
                return type;
            }
        }
        return UNKNOWN;
    }

    /** Whether a line that has just become high, or low, interrupts. */
    boolean isEdge(boolean rising) {
        return this == BOTH || this == (rising ? RISING : FALLING);
    }

    /** Whether a line interrupts for as long as it is high, or low. */
    boolean isAssertedAt(boolean high) {
        return this == (high ? HIGH : LOW);
    }
}
