// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm.protocol;

import java.util.List;

/**
 * MEM_DONATE, MEM_LEND or MEM_SHARE: makes a memory parcel out of address ranges and says who may use it and how.
 *
 * <p>Context: any thread; immutable.
 *
 * @param memoryType {@link #TYPE_NORMAL}, {@link #TYPE_IO} or anything else; 0..255
 * @param flags {@link #FLAG_SANITIZE}, {@link #FLAG_MORE_RANGES}; 0..255
 * @param label what the recipients know the parcel by, 32 bits
 * @param acl who may use it; at most {@link #MAX_LIST_LENGTH}; copied
 * @param ranges what memory it is; at most {@link #MAX_LIST_LENGTH}; copied
 * @param attributes how recipients map it; at most {@link #MAX_LIST_LENGTH}; copied
 * @since 0.1
 */
public record MemParcelRequest(
        int memoryType,
        int flags,
        int label,
        List<MemAclEntry> acl,
        List<MemRange> ranges,
        List<MemAttribute> attributes)
        implements RmPayload {
    /** Normal memory. */
    public static final int TYPE_NORMAL = 0;

    /** Device memory. */
    public static final int TYPE_IO = 1;

    /** The memory is cleared on its way. */
    public static final int FLAG_SANITIZE = 1;

    /** MEM_APPEND adds further ranges before anybody may use the parcel. */
    public static final int FLAG_MORE_RANGES = 2;

    /** The most entries each of the three lists may have. */
    public static final int MAX_LIST_LENGTH = 512;

    public MemParcelRequest {
        Unsigned.requireU8("memoryType", memoryType);
        Unsigned.requireU8("flags", flags);
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
    public static MemParcelRequest decode(RmMessage message) {
        var in = new PayloadReader(message);
        int memoryType = in.u8("memory type");
        in.skip("reserved", 1);
        int flags = in.u8("flags");
        in.skip("reserved", 1);
        var decoded = new MemParcelRequest(
                memoryType,
                flags,
                in.u32("label"),
                MemAclEntry.readList(in),
                MemRange.readList(in),
                MemAttribute.readList(in));
        in.end();
        return decoded;
    }

    @Override
    public byte[] encode() {
        int length = 20
                + acl.size() * MemAclEntry.LENGTH
                + ranges.size() * MemRange.LENGTH
                + attributes.size() * MemAttribute.LENGTH;
        return new PayloadWriter(length)
                .u8(memoryType)
                .zeros(1)
                .u8(flags)
                .zeros(1)
                .u32(label)
                .shortList(acl, MemAclEntry::write)
                .shortList(ranges, MemRange::write)
                .shortList(attributes, MemAttribute::write)
                .toBytes();
    }
}
