// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm.protocol;

/**
 * VM_STOP: asks a VM to shut down (it gets NOTIFY_VM_SHUTDOWN), or stops it by force.
 *
 * <p>Context: any thread; immutable.
 *
 * @param vmid 0..65535
 * @param flags {@link #FLAG_FORCE} or 0; 0..255
 * @param reason what the VM is told, 32 bits
 * @since 0.1
 */
public record VmStopRequest(int vmid, int flags, int reason) implements RmPayload {
    /** Stop at once, without asking. */
    public static final int FLAG_FORCE = 1;

    /** Reason: shut down. */
    public static final int REASON_SHUTDOWN = 0;

    /** Reason: restart. */
    public static final int REASON_RESTART = 1;

    /** Reason: crash. */
    public static final int REASON_CRASH = 2;

    /** Reason: stopped by force. */
    public static final int REASON_FORCED = 3;

    public VmStopRequest {
        Unsigned.requireU16("vmid", vmid);
        Unsigned.requireU8("flags", flags);
    }

    /**
     * Reads the data of a message.
     *
     * @param message a message of this layout
     * @return what it says
     * @throws RmProtocolException EBADMSG: missing or trailing bytes
     */
    public static VmStopRequest decode(RmMessage message) {
        var in = new PayloadReader(message);
        int vmid = in.u16("vmid");
        int flags = in.u8("flags");
        in.skip("reserved", 1);
        var decoded = new VmStopRequest(vmid, flags, in.u32("reason"));
        in.end();
        return decoded;
    }

    /**
     * Whether the VM is not asked.
     *
     * @return true if {@link #FLAG_FORCE} is set
     */
    public boolean isForced() {
        return (flags & FLAG_FORCE) != 0;
    }

    @Override
    public byte[] encode() {
        return new PayloadWriter(8).u16(vmid).u8(flags).zeros(1).u32(reason).toBytes();
    }
}
