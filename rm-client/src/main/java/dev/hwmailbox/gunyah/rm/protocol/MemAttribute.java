// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm.protocol;

import java.util.List;

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

    /** A copy of a message's list. */
    static List<MemAttribute> copyOf(List<MemAttribute> list) {
        return Unsigned.copyOf("attributes", list, MemParcelRequest.MAX_LIST_LENGTH);
    }

    /** Reads a message's list. */
    static List<MemAttribute> readList(PayloadReader in) {
        return in.shortList("attributes", MemParcelRequest.MAX_LIST_LENGTH, MemAttribute::read);
    }

    static MemAttribute read(PayloadReader in) {
        return new MemAttribute(in.u16("attribute"), in.u16("attribute vmid"));
    }

    void write(PayloadWriter out) {
        out.u16(attribute).u16(vmid);
    }
}
