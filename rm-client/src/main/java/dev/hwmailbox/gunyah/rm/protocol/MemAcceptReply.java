// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm.protocol;

import java.util.List;

/**
 * The reply of MEM_ACCEPT if the request left the addresses to the Resource Manager; otherwise there is no data.
 *
 * <p>Context: any thread; immutable.
 *
 * @param flags {@link #FLAG_INCOMPLETE} or 0; 0..255
 * @param ranges where the parcel is mapped; at most {@link #MAX_LENGTH}; copied
 * @since 0.1
 */
public record MemAcceptReply(int flags, List<MemRange> ranges) implements RmPayload {
    /** The parcel has more ranges than the reply names. */
    public static final int FLAG_INCOMPLETE = 1;

    /** The most ranges one reply can hold. */
    public static final int MAX_LENGTH = (RmFraming.MAX_MESSAGE_LENGTH - 8) / MemRange.LENGTH;

    public MemAcceptReply {
        Unsigned.requireU8("flags", flags);
        ranges = Unsigned.copyOf("ranges", ranges, MAX_LENGTH);
    }

    /**
     * Reads the data of a message.
     *
     * @param message a message of this layout
     * @return what it says
     * @throws RmProtocolException EBADMSG: missing or trailing bytes, or a list that is too long
     */
    public static MemAcceptReply decode(RmMessage message) {
        var in = new PayloadReader(message);
        int count = in.count("ranges", MAX_LENGTH);
        int flags = in.u8("flags");
        in.skip("reserved", 1);
        var decoded = new MemAcceptReply(flags, in.elements(count, MemRange::read));
        in.end();
        return decoded;
    }

    @Override
    public byte[] encode() {
        return new PayloadWriter(4 + ranges.size() * MemRange.LENGTH)
                .u16(ranges.size())
                .u8(flags)
                .zeros(1)
                .elements(ranges, MemRange::write)
                .toBytes();
    }
}
