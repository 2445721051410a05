// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm.protocol;

import dev.hwmailbox.gunyah.CapabilityId;
import java.util.Objects;

/**
 * One hypervisor object the caller of VM_GET_HYP_RESOURCES may use. Everything is in the caller's name space: its
 * capability IDs, its interrupt numbers, its direction.
 *
 * <p>Context: any thread; immutable.
 *
 * <p>Gunyah counterpart: the entries of the resource list, drivers/virt/gunyah/rsc_mgr.h (Linux, Gunyah series of
 * 2024).
 *
 * @param type what it is, see {@link HypResourceType}; 0..255
 * @param partnerVmid the VM at the other end, 0 if there is none; 0..65535
 * @param handle 0 so far, 32 bits
 * @param label what both ends know it by, unsigned 32 bits
 * @param capability its capability ID
 * @param virqHandle 0 so far, 32 bits
 * @param virq its interrupt number as it is on the wire; 0 and all ones mean {@linkplain #hasVirq() none}
 * @param base guest address of a virtio device, otherwise 0
 * @param size size of a virtio device's registers in bytes, otherwise 0
 * @since 0.1
 */
public record HypResource(
        int type,
        int partnerVmid,
        int handle,
        int label,
        CapabilityId capability,
        int virqHandle,
        int virq,
        long base,
        long size) {
    /** Bytes of an entry. */
    static final int LENGTH = 44;

    private static final int VIRQ_NONE = 0;
    private static final int VIRQ_INVALID = -1;

    public HypResource {
        Unsigned.requireU8("type", type);
        Unsigned.requireU16("partnerVmid", partnerVmid);
        Objects.requireNonNull(capability, "capability");
    }

    /**
     * An object as the Resource Manager lists it: without handles, base and size.
     *
     * @param type what it is
     * @param partnerVmid the VM at the other end, 0 if there is none; 0..65535
     * @param label what both ends know it by, unsigned 32 bits
     * @param capability its capability ID
     * @param virq its interrupt number, 0 if it has none
     * @return the object
     */
    public static HypResource of(HypResourceType type, int partnerVmid, int label, CapabilityId capability, int virq) {
        return new HypResource(type.value(), partnerVmid, 0, label, capability, 0, virq, 0, 0);
    }

    static HypResource read(PayloadReader in) {
        int type = in.u8("resource type");
        in.skip("resource", 1);
        return new HypResource(
                type,
                in.u16("resource partner"),
                in.u32("resource handle"),
                in.u32("resource label"),
                CapabilityId.of(in.u64("resource capability")),
                in.u32("resource virq handle"),
                in.u32("resource virq"),
                in.u64("resource base"),
                in.u64("resource size"));
    }

    /**
     * What it is, by name.
     *
     * @return the type, {@link HypResourceType#UNKNOWN} if it has no name here
     */
    public HypResourceType resourceType() {
        return HypResourceType.fromValue(type);
    }

    /**
     * Whether it has an interrupt.
     *
     * @return false if the interrupt number is 0 or all ones
     */
    public boolean hasVirq() {
        return virq != VIRQ_NONE && virq != VIRQ_INVALID;
    }

    void write(PayloadWriter out) {
        out.u8(type)
                .zeros(1)
                .u16(partnerVmid)
                .u32(handle)
                .u32(label)
                .u64(capability.value())
                .u32(virqHandle)
                .u32(virq)
                .u64(base)
                .u64(size);
    }
}
