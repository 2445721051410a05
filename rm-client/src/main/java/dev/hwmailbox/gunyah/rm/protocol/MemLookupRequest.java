// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm.protocol;

import java.util.List;

/**
 * MEM_QCOM_LOOKUP_SGL: asks for the handle of a memory parcel by what it consists of; the reply is an {@link RmHandle}.
 *
 * <p>The list of attributes may be missing on the wire: an empty one is not written.
 *
 * <p>Context: any thread; immutable.
 *
 * @param memoryType {@link MemParcelRequest#TYPE_NORMAL} or {@link MemParcelRequest#TYPE_IO}; 0..255
 * @param label the parcel's label, 32 bits
 * @param acl who may use it and how; at most {@link MemParcelRequest#MAX_LIST_LENGTH}; copied
 * @param ranges what memory it is; at most {@link MemParcelRequest#MAX_LIST_LENGTH}; copied
 * @param attributes how recipients map it; at most {@link MemParcelRequest#MAX_LIST_LENGTH}; copied
 * @since 0.1
 */
public record MemLookupRequest(
        int memoryType, int label, List<MemAclEntry> acl, List<MemRange> ranges, List<MemAttribute> attributes)
        implements RmPayload {
    public MemLookupRequest {
        Unsigned.requireU8("memoryType", memoryType);
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
    public static MemLookupRequest decode(RmMessage message) {
        var in = new PayloadReader(message);
        int memoryType = in.u8("memory type");
        in.skip("reserved", 3);
        int label = in.u32("label");
        List<MemAclEntry> acl = MemAclEntry.readList(in);
        List<MemRange> ranges = MemRange.readList(in);
        List<MemAttribute> attributes = in.remaining() == 0 ? List.of() : MemAttribute.readList(in);
        in.end();
        return new MemLookupRequest(memoryType, label, acl, ranges, attributes);
    }

    @Override
    public byte[] encode() {
        int attributesLength = attributes.isEmpty() ? 0 : 4 + attributes.size() * MemAttribute.LENGTH;
        var out = new PayloadWriter(
                16 + acl.size() * MemAclEntry.LENGTH + ranges.size() * MemRange.LENGTH + attributesLength);
        out.u8(memoryType)
                .zeros(3)
                .u32(label)
                .shortList(acl, MemAclEntry::write)
                .shortList(ranges, MemRange::write);
        return (attributes.isEmpty() ? out : out.shortList(attributes, MemAttribute::write)).toBytes();
    }
}
