// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm.protocol;

import java.util.List;

/**
 * VM_IRQ_NOTIFY: tells the other side of a loan what has become of the interrupt. The list of VMIDs is on the wire
 * exactly if {@link #FLAG_LENT} is set.
 *
 * <p>Context: any thread; immutable.
 *
 * @param handle the loan, 32 bits
 * @param flags exactly one of {@link #FLAG_LENT}, {@link #FLAG_RELEASED}, {@link #FLAG_ACCEPTED}; anything else is
 *     refused by the Resource Manager, not here
 * @param vmids who is told, each 0..65535; at most {@link MemParcelRequest#MAX_LIST_LENGTH}; copied
 * @since 0.1
 */
public record VmIrqNotifyRequest(int handle, int flags, List<Integer> vmids) implements RmPayload {
    /** The owner tells the borrowers. */
    public static final int FLAG_LENT = 1;

    /** The borrower tells the owner that it has released the interrupt. */
    public static final int FLAG_RELEASED = 2;

    /** The borrower tells the owner that it has accepted the interrupt. */
    public static final int FLAG_ACCEPTED = 4;

    public VmIrqNotifyRequest {
        vmids = Unsigned.vmids(vmids, (flags & FLAG_LENT) != 0);
    }

    /**
     * Reads the data of a message.
     *
     * @param message a message of this layout
     * @return what it says
     * @throws RmProtocolException EBADMSG: missing or trailing bytes, or a list that is too long
     */
    public static VmIrqNotifyRequest decode(RmMessage message) {
        var in = new PayloadReader(message);
        int handle = in.u32("handle");
        int flags = in.u32("flags");
        var decoded = new VmIrqNotifyRequest(handle, flags, (flags & FLAG_LENT) != 0 ? in.vmids() : List.of());
        in.end();
        return decoded;
    }

    @Override
    public byte[] encode() {
        boolean listed = (flags & FLAG_LENT) != 0;
        var out = new PayloadWriter(8 + (listed ? PayloadWriter.vmidsLength(vmids) : 0));
        out.u32(handle).u32(flags);
        return (listed ? out.vmids(vmids) : out).toBytes();
    }
}
