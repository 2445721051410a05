// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm.protocol;

/**
 * How one VM is to map a memory parcel.
 *
 * <p>Context: any thread; immutable.
 *
 * @param attribute the memory attribute, 0..65535
 * @param vmid for whom, 0..65535
 * @since 0.1
 */
public record MemAttribute(int attribute, int vmid) {
    static final int LENGTH = 4;

    public MemAttribute {
        Unsigned.requireU16("attribute", attribute);
        Unsigned.requireU16("vmid", vmid);
    }

    static MemAttribute read(PayloadReader in) {
        return new MemAttribute(in.u16("attribute"), in.u16("attribute vmid"));
    }

    void write(PayloadWriter out) {
        out.u16(attribute).u16(vmid);
    }
}
