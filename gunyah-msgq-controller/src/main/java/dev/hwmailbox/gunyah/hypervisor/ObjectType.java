// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.hypervisor;

/**
 * What kind of hypervisor object a capability names.
 *
 * <p>Gunyah counterpart: object types, docs/api/gunyah_api.md (gunyah-hypervisor).
 *
 * @since 0.1
 */
public enum ObjectType {
    /** Pool of memory from which objects are made. */
    PARTITION,
    /** Capability space of one VM. */
    CSPACE,
    /** Virtual interrupt controller of one VM. */
    VIC,
    /** Message queue. */
    MSGQUEUE,
    /** Doorbell. */
    DOORBELL,
    /** Virtual CPU. */
    THREAD,
    /** Virtio device whose registers are a page of memory. */
    VIRTIO_MMIO
}
