// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm.protocol;

import java.util.List;

/**
 * NOTIFY_VM_EXITED: a VM has ended. Goes to its owner, after the NOTIFY_VM_STATUS with {@link VmState#EXITED}.
 *
 * <p>Context: any thread; immutable.
 *
 * @param vmid who, 0..65535
 * @param exitType why, see {@link VmExitType}; 0..65535
 * @param reason details, 32 bits each, at least one: {@linkplain #exitFlags() flags} and {@linkplain #exitCode() code};
 *     {@link VmExitType#PSCI_SYSTEM_RESET2} adds reset type and both halves of a cookie. Copied
 * @since 0.1
 */
public record VmExitedNotification(int vmid, int exitType, List<Integer> reason) implements RmPayload {
    public VmExitedNotification {
        Unsigned.requireU16("vmid", vmid);
        Unsigned.requireU16("exitType", exitType);
        reason = List.copyOf(reason);
        if (reason.isEmpty()) {
            throw new IllegalArgumentException("reason must have at least one word");
        }
    }

    /**
     * Reads the data of a message.
     *
     * @param message a message of this layout
     * @return what it says
     * @throws RmProtocolException EBADMSG: missing or trailing bytes, or a reason that is not at least one whole word
     */
    public static VmExitedNotification decode(RmMessage message) {
        var in = new PayloadReader(message);
        int vmid = in.u16("vmid");
        int exitType = in.u16("exit type");
        int size = in.u32("size of reason");
        if (size != in.remaining() || size < 4 || size % 4 != 0) {
            throw in.refuse(
                    "size of reason",
                    4,
                    Integer.toUnsignedString(size),
                    "a positive multiple of 4, with " + in.remaining() + " bytes left");
        }
        return new VmExitedNotification(vmid, exitType, in.elements(size / 4, word -> word.u32("reason")));
    }

    /**
     * Why the VM ended, by name.
     *
     * @return the type, {@link VmExitType#UNKNOWN} if it has no name here
     */
    public VmExitType type() {
        return VmExitType.fromValue(exitType);
    }

    /**
     * The flags in the first word of the reason.
     *
     * @return 0..65535; see {@link VmExitRequest}
     */
    public int exitFlags() {
        return reason.get(0) & 0xFFFF;
    }

    /**
     * The code in the first word of the reason.
     *
     * @return 0..65535; see {@link VmExitRequest}
     */
    public int exitCode() {
        return reason.get(0) >>> 16;
    }

    @Override
    public byte[] encode() {
        var out =
                new PayloadWriter(8 + 4 * reason.size()).u16(vmid).u16(exitType).u32(4 * reason.size());
        reason.forEach(out::u32);
        return out.toBytes();
    }
}
