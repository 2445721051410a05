// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm.protocol;

/**
 * The states of a VM, as the Resource Manager keeps them.
 *
 * <p>Context: any thread.
 *
 * <p>Gunyah counterpart: src/vm_mgnt (gunyah-resource-manager).
 *
 * @since 0.1
 */
public enum VmState {
    /** No such VM. */
    NONE(0),

    /** Configured, and authenticated if it has to be; ready for VM_INIT. */
    INIT(1),

    /** Its devices exist; ready to start. */
    READY(2),

    /** Its vCPUs run. */
    RUNNING(3),

    /** Its vCPUs are held. */
    PAUSED(4),

    /** It has a VMID and nothing else. */
    LOAD(5),

    /** Configured, to be authenticated. */
    AUTH(6),

    /** Configuration, authentication, initialisation or start failed; can only be reset. */
    INIT_FAILED(8),

    /** It has ended; can only be reset. */
    EXITED(9),

    /** Being taken apart. */
    RESETTING(10),

    /** Taken apart; can be configured again or given back. */
    RESET(11),

    /** A state that is not known here. */
    UNKNOWN(-1);

    private final int value;

    VmState(int value) {
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
    public static VmState fromValue(int value) {
        for (var constant : values()) {
            if (constant.value == value) {
                return constant;
            }
        }
        return UNKNOWN;
    }
}
