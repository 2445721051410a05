// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm.protocol;

/**
 * VM_EXIT: the caller ends.
 *
 * <p>Context: any thread; immutable.
 *
 * @param flags {@link #FLAG_RESTART} or 0; 0..65535
 * @param code one of the codes; 0..255
 * @since 0.1
 */
public record VmExitRequest(int flags, int code) implements RmPayload {
    /** The VM asks to be started again. */
    public static final int FLAG_RESTART = 1;

    /** Code: nothing wrong. */
    public static final int CODE_NORMAL = 0;

    /** Code: a software error. */
    public static final int CODE_SOFTWARE_ERROR = 1;

    /** Code: a bus error. */
    public static final int CODE_BUS_ERROR = 3;

    /** Code: a device error. */
    public static final int CODE_DEVICE_ERROR = 4;

    public VmExitRequest {
        Unsigned.requireU16("flags", flags);
        Unsigned.requireU8("code", code);
    }

    /**
     * Reads the data of a message.
     *
     * @param message a message of this layout
     * @return what it says
     * @throws RmProtocolException EBADMSG: missing or trailing bytes
     */
    public static VmExitRequest decode(RmMessage message) {
        var in = new PayloadReader(message);
        var decoded = new VmExitRequest(in.u16("flags"), in.u8("code"));
        in.skip("reserved", 1);
        in.end();
        return decoded;
    }

    @Override
    public byte[] encode() {
        return new PayloadWriter(4).u16(flags).u8(code).zeros(1).toBytes();
    }
}
