// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm.protocol;

/**
 * Why a VM ended.
 *
 * <p>Context: any thread.
 *
 * <p>Gunyah counterpart: src/vm_mgnt (gunyah-resource-manager).
 *
 * @since 0.1
 */
public enum VmExitType {
    /** It called VM_EXIT. */
    VM_EXIT(0),

    /** It powered its last vCPU off. */
    POWER_OFF(1),

    /** It asked for a reset. */
    SYSTEM_RESET(2),

    /** It asked for a reset of a kind of its own. */
    PSCI_SYSTEM_RESET2(3),

    /** Its watchdog bit. */
    WATCHDOG(4),

    /** A software error. */
    SOFTWARE_ERROR(5),

    /** An asynchronous hardware error. */
    ASYNC_HARDWARE_ERROR(6),

    /** Its owner stopped it by force. */
    FORCED_STOP(7),

    /** A reason that is not known here. */
    UNKNOWN(-1);

    private final int value;

    VmExitType(int value) {
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
    public static VmExitType fromValue(int value) {
        for (var constant : values()) {
            if (constant.value == value) {
                return constant;
            }
        }
        return UNKNOWN;
    }
}
