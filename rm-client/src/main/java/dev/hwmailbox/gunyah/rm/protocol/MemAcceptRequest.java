// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm.protocol;

import java.util.List;

/**
 * MEM_ACCEPT: maps a memory parcel that another VM has donated, lent or shared.
 *
 * <p>Context: any thread; immutable.
 *
 * @param handle the parcel, 32 bits
 * @param memoryType {@link MemParcelRequest#TYPE_NORMAL} or {@link MemParcelRequest#TYPE_IO}, which the parcel must
 *     have; 0..255
 * @param transaction one of {@link #DONATE}, {@link #LEND}, {@link #SHARE}, which the parcel must have come by; 0..255
 * @param flags any of the flags; 0..255
 * @param label the label the parcel must have with {@link #FLAG_CHECK_LABEL}, 32 bits
 * @param acl the rights the parcel must have with {@link #FLAG_CHECK_ACCESS}; at most
 *     {@link MemParcelRequest#MAX_LIST_LENGTH}; copied
 * @param ranges where to map it; empty: the Resource Manager chooses; at most
 *     {@link MemParcelRequest#MAX_LIST_LENGTH}; copied
 * @param mapVmid for whom with {@link #FLAG_MAP_OTHER}; 0..65535
 * @param attributes the attributes the parcel must have with {@link #FLAG_CHECK_ACCESS}; at most
 *     {@link MemParcelRequest#MAX_LIST_LENGTH}; copied
 * @since 0.1
 */
public record MemAcceptRequest(
        int handle,
        int memoryType,
        int transaction,
        int flags,
        int label,
        List<MemAclEntry> acl,
        List<MemRange> ranges,
        int mapVmid,
        List<MemAttribute> attributes)
        implements RmPayload {
    /** Transaction: the memory is given away. */
    public static final int DONATE = 0;

    /** Transaction: the owner cannot use the memory meanwhile. */
    public static final int LEND = 1;

    /** Transaction: the owner keeps using the memory. */
    public static final int SHARE = 2;

    /** The parcel must have been cleared on its way. */
    public static final int FLAG_SANITIZED = 1;

    /** The parcel's rights and attributes must be the given ones. */
    public static final int FLAG_CHECK_ACCESS = 2;

    /** The parcel's label must be the given one. */
    public static final int FLAG_CHECK_LABEL = 4;

    /** The parcel is mapped for another VM. */
    public static final int FLAG_MAP_OTHER = 8;

    /** The parcel is mapped in one piece. */
    public static final int FLAG_CONTIGUOUS = 16;

    /** The memory is cleared when the parcel is released. */
    public static final int FLAG_SANITIZE = 32;

    /** This is the last part of the acceptance. */
    public static final int FLAG_DONE = 128;

    public MemAcceptRequest {
        Unsigned.requireU8("memoryType", memoryType);
        Unsigned.requireU8("transaction", transaction);
        Unsigned.requireU8("flags", flags);
        Unsigned.requireU16("mapVmid", mapVmid);
        acl = MemAclEntry.copyOf(acl);
        ranges = MemRange.copyOf(ranges);
        attributes = MemAttribute.copyOf(attributes);
    }

    /**
     * Reads the data of a message.
     *
     * @param message a message of this layout
     * @return what it says
     * @throws RmProtocolException EBADMSG: missing or trailing bytes, or a list that is too long
     */
    public static MemAcceptRequest decode(RmMessage message) {
        var in = new PayloadReader(message);
        int handle = in.u32("handle");
        int memoryType = in.u8("memory type");
        int transaction = in.u8("transaction");
        int flags = in.u8("flags");
        in.skip("reserved", 1);
        int label = in.u32("label");
        List<MemAclEntry> acl = MemAclEntry.readList(in);
        int count = in.count("ranges", MemParcelRequest.MAX_LIST_LENGTH);
        int mapVmid = in.u16("VMID to map for");
        List<MemRange> ranges = in.elements(count, MemRange::read);
        var decoded = new MemAcceptRequest(
                handle, memoryType, transaction, flags, label, acl, ranges, mapVmid, MemAttribute.readList(in));
        in.end();
        return decoded;
    }

    @Override
    public byte[] encode() {
        int length = 24
                + acl.size() * MemAclEntry.LENGTH
                + ranges.size() * MemRange.LENGTH
                + attributes.size() * MemAttribute.LENGTH;
        return new PayloadWriter(length)
                .u32(handle)
                .u8(memoryType)
                .u8(transaction)
                .u8(flags)
                .zeros(1)
                .u32(label)
                .shortList(acl, MemAclEntry::write)
                .u16(ranges.size())
                .u16(mapVmid)
                .elements(ranges, MemRange::write)
                .shortList(attributes, MemAttribute::write)
                .toBytes();
    }
}
