// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm.protocol;

/**
 * The kinds of hypervisor objects in a resource list. Send and receive are the caller's.
 *
 * <p>Context: any thread.
 *
 * <p>Gunyah counterpart: drivers/virt/gunyah/rsc_mgr.h (Linux, Gunyah series of 2024).
 *
 * @since 0.1
 */
public enum HypResourceType {
    /** A doorbell the caller rings. */
    DOORBELL_SEND(0),

    /** A doorbell rung by the partner. */
    DOORBELL_RECEIVE(1),

    /** A message queue the caller sends to; its interrupt says that it is not full any more. */
    MSGQ_SEND(2),

    /** A message queue the caller receives from; its interrupt says that it is not empty any more. */
    MSGQ_RECEIVE(3),

    /** A vCPU; the label is its index. */
    VCPU(4),

    /** A power-management group. */
    VPM_GROUP(5),

    /** The back end of a virtio device; has address and size. */
    VIRTIO_MMIO(6),

    /** A clock. */
    RTC(7),

    /** A watchdog. */
    WATCHDOG(8),

    /** A memory extent. */
    MEMORY_EXTENT(9),

    /** An address space. */
    ADDRESS_SPACE(10),

    /** A kind that is not known here. */
    UNKNOWN(-1);

    private final int value;

    HypResourceType(int value) {
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
    public static HypResourceType fromValue(int value) {
        for (var constant : values()) {
            if (constant.value == value) {
                return constant;
            }
        }
        return UNKNOWN;
    }
}
