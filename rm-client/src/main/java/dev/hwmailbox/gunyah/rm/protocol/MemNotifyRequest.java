// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm.protocol;

import java.util.List;

/**
 * MEM_NOTIFY: tells the other side of a memory parcel what has become of it. The list of VMIDs is on the wire exactly
 * if the owner tells: {@link #FLAG_SHARED} or {@link #FLAG_RECALL} is set.
 *
 * <p>Context: any thread; immutable.
 *
 * @param handle the parcel, 32 bits
 * @param flags exactly one of the flags; anything else is refused by the Resource Manager, not here; 0..255
 * @param tag passed on, 32 bits
 * @param vmids who is told, each 0..65535; at most {@link MemParcelRequest#MAX_LIST_LENGTH}; copied
 * @since 0.1
 */
public record MemNotifyRequest(int handle, int flags, int tag, List<Integer> vmids) implements RmPayload {
    /** The owner offers the parcel: NOTIFY_MEM_SHARED. */
    public static final int FLAG_SHARED = 1;

    /** A recipient has given the parcel up: NOTIFY_MEM_RELEASED. */
    public static final int FLAG_RELEASED = 2;

    /** A recipient has mapped the parcel: NOTIFY_MEM_ACCEPTED. */
    public static final int FLAG_ACCEPTED = 4;

    /** The owner wants the parcel back: NOTIFY_MEM_RECALL. */
    public static final int FLAG_RECALL = 8;

    public MemNotifyRequest {
        Unsigned.requireU8("flags", flags);
        vmids = Unsigned.vmids(vmids, isListed(flags));
    }

    /**
     * Reads the data of a message.
     *
     * @param message a message of this layout
     * @return what it says
     * @throws RmProtocolException EBADMSG: missing or trailing bytes, or a list that is too long
     */
    public static MemNotifyRequest decode(RmMessage message) {
        var in = new PayloadReader(message);
        int handle = in.u32("handle");
        int flags = in.u8("flags");
        in.skip("reserved", 3);
        int tag = in.u32("tag");
        var decoded = new MemNotifyRequest(handle, flags, tag, isListed(flags) ? in.vmids() : List.of());
        in.end();
        return decoded;
    }

    @Override
    public byte[] encode() {
        boolean listed = isListed(flags);
        var out = new PayloadWriter(12 + (listed ? PayloadWriter.vmidsLength(vmids) : 0));
        out.u32(handle).u8(flags).zeros(3).u32(tag);
        return (listed ? out.vmids(vmids) : out).toBytes();
    }

    private static boolean isListed(int flags) {
        return (flags & (FLAG_SHARED | FLAG_RECALL)) != 0;
    }
}
