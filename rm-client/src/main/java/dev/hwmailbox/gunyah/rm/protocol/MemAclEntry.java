// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm.protocol;

import java.util.List;

/**
 * One VM that may use a memory parcel, and how.
 *
 * <p>Context: any thread; immutable.
 *
 * @param vmid who, 0..65535
 * @param rights {@link #READ}, {@link #WRITE} and {@link #EXECUTE}; 0..255, not all are
 *     {@linkplain #isAllowed() allowed}
 * @since 0.1
 */
public record MemAclEntry(int vmid, int rights) {
    /** May read. */
    public static final int READ = 4;

    /** May write. */
    public static final int WRITE = 2;

    /** May execute. */
    public static final int EXECUTE = 1;

    static final int LENGTH = 4;

    public MemAclEntry {
        Unsigned.requireU16("vmid", vmid);
        Unsigned.requireU8("rights", rights);
    }

    /** A copy of a message's list. */
    static List<MemAclEntry> copyOf(List<MemAclEntry> list) {
        return Unsigned.copyOf("ACL entries", list, MemParcelRequest.MAX_LIST_LENGTH);
    }

    /** Reads a message's list. */
    static List<MemAclEntry> readList(PayloadReader in) {
        return in.shortList("ACL entries", MemParcelRequest.MAX_LIST_LENGTH, MemAclEntry::read);
    }

    static MemAclEntry read(PayloadReader in) {
        var entry = new MemAclEntry(in.u16("ACL vmid"), in.u8("ACL rights"));
        in.skip("ACL entry", 1);
        return entry;
    }

    /**
     * Whether the Resource Manager accepts these rights.
     *
     * @return true for any combination that includes {@link #READ}
     */
    public boolean isAllowed() {
        return rights >= READ && rights <= (READ | WRITE | EXECUTE);
    }

    void write(PayloadWriter out) {
        out.u16(vmid).u8(rights).zeros(1);
    }
}
