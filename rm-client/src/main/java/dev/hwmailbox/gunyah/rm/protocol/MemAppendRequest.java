// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm.protocol;

import java.util.List;

/**
 * MEM_APPEND: adds ranges to a memory parcel that was made with {@link MemParcelRequest#FLAG_MORE_RANGES}.
 *
 * <p>Context: any thread; immutable.
 *
 * @param handle the parcel, 32 bits
 * @param flags {@link #FLAG_LAST} or 0; 0..255
 * @param ranges what memory is added; at most {@link MemParcelRequest#MAX_LIST_LENGTH}; copied
 * @since 0.1
 */
public record MemAppendRequest(int handle, int flags, List<MemRange> ranges) implements RmPayload {
    /** The parcel is complete with these. */
    public static final int FLAG_LAST = 1;

    public MemAppendRequest {
        Unsigned.requireU8("flags", flags);
        ranges = MemRange.copyOf(ranges);
    }

    /**
     * Reads the data of a message.
     *
     * @param message a message of this layout
     * @return what it says
     * @throws RmProtocolException EBADMSG: missing or trailing bytes, or a list that is too long
     */
    public static MemAppendRequest decode(RmMessage message) {
        var in = new PayloadReader(message);
        int handle = in.u32("handle");
        int flags = in.u8("flags");
        in.skip("reserved", 3);
        var decoded = new MemAppendRequest(handle, flags, MemRange.readList(in));
        in.end();
        return decoded;
    }

    @Override
    public byte[] encode() {
        return new PayloadWriter(12 + ranges.size() * MemRange.LENGTH)
                .u32(handle)
                .u8(flags)
                .zeros(3)
                .shortList(ranges, MemRange::write)
                .toBytes();
    }
}
