// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm.protocol;

/**
 * How far the operating system of a VM is, as the VM itself says.
 *
 * <p>Context: any thread.
 *
 * <p>Gunyah counterpart: src/vm_mgnt (gunyah-resource-manager).
 *
 * @since 0.1
 */
public enum OsState {
    /** It has said nothing. */
    NONE(0),

    /** The boot loader runs. */
    EARLY_BOOT(1),

    /** The kernel boots. */
    BOOT(2),

    /** The first process runs. */
    INIT(3),

    /** It is up. */
    RUN(4),

    /** It is shutting down. */
    SHUTDOWN(5),

    /** It has halted. */
    HALTED(6),

    /** It has crashed. */
    CRASHED(7),

    /** A state that is not known here. */
    UNKNOWN(-1);

    private final int value;

    OsState(int value) {
        this.value = value;
    }

    /**
     * The number on the wire.
     *
     * @return the number; -1 for {@link #UNKNOWN}
     */
    public int value() {
        return value;
    }

    /**
     * The constant for a number.
     *
     * @param value any number
     * @return the constant, {@link #UNKNOWN} if there is none
     */
    public static OsState fromValue(int value) {
        for (var constant : values()) {
            if (constant.value == value) {
                return constant;
            }
        }
        return UNKNOWN;
    }
}
