// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm.protocol;

import java.util.List;

/**
 * NOTIFY_MEM_SHARED: the owner of a memory parcel offers it to the receiver, who may accept it.
 *
 * <p>Context: any thread; immutable.
 *
 * @param handle the parcel, 32 bits
 * @param memoryType {@link MemParcelRequest#TYPE_NORMAL} or {@link MemParcelRequest#TYPE_IO}; 0..255
 * @param transaction {@link MemAcceptRequest#DONATE}, {@link MemAcceptRequest#LEND} or {@link MemAcceptRequest#SHARE};
 *     0..255
 * @param flags {@link MemParcelRequest#FLAG_SANITIZE} or 0; 0..255
 * @param owner whose memory it is, 0..65535
 * @param label what the owner calls it, 32 bits
 * @param tag what the owner said with MEM_NOTIFY, 32 bits
 * @param acl who may use it and how; at most {@link MemParcelRequest#MAX_LIST_LENGTH}; copied
 * @param sizes how long its ranges are, in bytes, unsigned; at most {@link #MAX_SIZES}; copied
 * @param attributes how recipients map it; at most {@link MemParcelRequest#MAX_LIST_LENGTH}; copied
 * @since 0.1
 */
public record MemSharedNotification(
        int handle,
        int memoryType,
        int transaction,
        int flags,
        int owner,
        int label,
        int tag,
        List<MemAclEntry> acl,
        List<Long> sizes,
        List<MemAttribute> attributes)
        implements RmPayload {
    /** The most sizes that fit, whatever the other two lists hold. */
    public static final int MAX_SIZES = (RmFraming.MAX_MESSAGE_LENGTH
                    - 32
                    - MemParcelRequest.MAX_LIST_LENGTH * (MemAclEntry.LENGTH + MemAttribute.LENGTH))
            / Long.BYTES;

    public MemSharedNotification {
        Unsigned.requireU8("memoryType", memoryType);
        Unsigned.requireU8("transaction", transaction);
        Unsigned.requireU8("flags", flags);
        Unsigned.requireU16("owner", owner);
        acl = MemAclEntry.copyOf(acl);
        sizes = Unsigned.copyOf("sizes", sizes, MAX_SIZES);
        attributes = MemAttribute.copyOf(attributes);
    }

    /**
     * Reads the data of a message.
     *
     * @param message a message of this layout
     * @return what it says
     * @throws RmProtocolException EBADMSG: missing or trailing bytes, or a list that is too long
     */
    public static MemSharedNotification decode(RmMessage message) {
        var in = new PayloadReader(message);
        int handle = in.u32("handle");
        int memoryType = in.u8("memory type");
        int transaction = in.u8("transaction");
        int flags = in.u8("flags");
        in.skip("reserved", 1);
        var decoded = new MemSharedNotification(
                handle,
                memoryType,
                transaction,
                flags,
                in.paddedU16("owner"),
                in.u32("label"),
                in.u32("tag"),
                MemAclEntry.readList(in),
                in.shortList("sizes", MAX_SIZES, element -> element.u64("size")),
                MemAttribute.readList(in));
        in.end();
        return decoded;
    }

    @Override
    public byte[] encode() {
        int length = 32
                + acl.size() * MemAclEntry.LENGTH
                + sizes.size() * Long.BYTES
                + attributes.size() * MemAttribute.LENGTH;
        return new PayloadWriter(length)
                .u32(handle)
                .u8(memoryType)
                .u8(transaction)
                .u8(flags)
                .zeros(1)
                .paddedU16(owner)
                .u32(label)
                .u32(tag)
                .shortList(acl, MemAclEntry::write)
                .shortList(sizes, (size, out) -> out.u64(size))
                .shortList(attributes, MemAttribute::write)
                .toBytes();
    }
}
