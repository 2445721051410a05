// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm.protocol;

import java.util.List;

/**
 * IPA_RESERVE: reserves guest addresses, either given ones or ones that the Resource Manager chooses within regions.
 *
 * <p>Context: any thread; immutable.
 *
 * @param genericConstraints what any platform understands, 32 bits
 * @param platformConstraints what this platform understands, 32 bits
 * @param fixed what to reserve; empty if the Resource Manager chooses
 * @param wanted what it is to choose; empty if the addresses are given
 * @since 0.1
 */
public record IpaReserveRequest(
        int genericConstraints, int platformConstraints, List<MemRange> fixed, List<Wanted> wanted)
        implements RmPayload {
    /** The most entries of a request. */
    public static final int MAX_ENTRIES = 30;

    private static final int KIND_FIXED = 0;
    private static final int KIND_ALLOCATE = 1;
    private static final int HEADER_LENGTH = 16;

    public IpaReserveRequest {
        fixed = Unsigned.copyOf("fixed entries", fixed, MAX_ENTRIES);
        wanted = Unsigned.copyOf("wanted entries", wanted, MAX_ENTRIES);
        if (!fixed.isEmpty() && !wanted.isEmpty()) {
            throw new IllegalArgumentException("either given addresses or chosen ones, not both");
        }
    }

    /**
     * Addresses to be chosen. All numbers are bytes, unsigned.
     *
     * @param regionBase where the region begins in which to choose
     * @param regionSize how long that is
     * @param size how much to reserve
     * @param alignment what the chosen address is a multiple of
     */
    public record Wanted(long regionBase, long regionSize, long size, long alignment) {
        static final int LENGTH = 32;

        static Wanted read(PayloadReader in) {
            return new Wanted(in.u64("region base"), in.u64("region size"), in.u64("size"), in.u64("alignment"));
        }

        void write(PayloadWriter out) {
            out.u64(regionBase).u64(regionSize).u64(size).u64(alignment);
        }
    }

    /**
     * Whether the Resource Manager chooses, and the reply tells what.
     *
     * @return true if there is something {@link #wanted}
     */
    public boolean isAllocation() {
        return !wanted.isEmpty();
    }

    /**
     * Reads the data of a message.
     *
     * @param message a message of this layout
     * @return what it says
     * @throws RmProtocolException EBADMSG: missing or trailing bytes, another kind, or too many entries
     */
    public static IpaReserveRequest decode(RmMessage message) {
        var in = new PayloadReader(message);
        int kind = in.u8("kind");
        if (kind != KIND_FIXED && kind != KIND_ALLOCATE) {
            throw in.refuse("kind", 0, Integer.toString(kind), "0 or 1");
        }
        in.skip("reserved", 3);
        int generic = in.u32("generic constraints");
        int platform = in.u32("platform constraints");
        var decoded = kind == KIND_FIXED
                ? new IpaReserveRequest(generic, platform, in.list("entries", MAX_ENTRIES, MemRange::read), List.of())
                : new IpaReserveRequest(generic, platform, List.of(), in.list("entries", MAX_ENTRIES, Wanted::read));
        in.end();
        return decoded;
    }

    @Override
    public byte[] encode() {
        var out = new PayloadWriter(HEADER_LENGTH + fixed.size() * MemRange.LENGTH + wanted.size() * Wanted.LENGTH)
                .u8(isAllocation() ? KIND_ALLOCATE : KIND_FIXED)
                .zeros(3)
                .u32(genericConstraints)
                .u32(platformConstraints);
        return isAllocation()
                ? out.list(wanted, Wanted::write).toBytes()
                : out.list(fixed, MemRange::write).toBytes();
    }
}
