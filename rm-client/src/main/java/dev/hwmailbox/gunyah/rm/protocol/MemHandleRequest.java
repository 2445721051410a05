// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm.protocol;

/**
 * MEM_RELEASE or MEM_RECLAIM: gives a memory parcel up, or takes it back.
 *
 * <p>Context: any thread; immutable.
 *
 * @param handle the parcel, 32 bits
 * @param flags {@link #FLAG_CLEAR} or 0; 0..255
 * @since 0.1
 */
public record MemHandleRequest(int handle, int flags) implements RmPayload {
    /** The memory is cleared on its way. */
    public static final int FLAG_CLEAR = 1;

    public MemHandleRequest {
        Unsigned.requireU8("flags", flags);
    }

    /**
     * Reads the data of a message.
     *
     * @param message a message of this layout
     * @return what it says
     * @throws RmProtocolException EBADMSG: missing or trailing bytes
     */
    public static MemHandleRequest decode(RmMessage message) {
        var in = new PayloadReader(message);
        var decoded = new MemHandleRequest(in.u32("handle"), in.u8("flags"));
        in.skip("reserved", 3);
        in.end();
        return decoded;
    }

    @Override
    public byte[] encode() {
        return new PayloadWriter(8).u32(handle).u8(flags).zeros(3).toBytes();
    }
}
