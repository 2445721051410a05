// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm.protocol;

import java.util.Objects;

/**
 * NOTIFY_VM_STATUS: a VM's state has changed. Goes to every running peer, and arrives before the reply of the call that
 * caused the change.
 *
 * <p>Context: any thread; immutable.
 *
 * @param vmid whose state, 0..65535
 * @param status the new state
 * @since 0.1
 */
public record VmStatusNotification(int vmid, VmStatus status) implements RmPayload {
    public VmStatusNotification {
        Unsigned.requireU16("vmid", vmid);
        Objects.requireNonNull(status, "status");
    }

    /**
     * Reads the data of a message.
     *
     * @param message a message of this layout
     * @return what it says
     * @throws RmProtocolException EBADMSG: missing or trailing bytes
     */
    public static VmStatusNotification decode(RmMessage message) {
        var in = new PayloadReader(message);
        int vmid = in.u16("vmid");
        in.skip("reserved", 2);
        var decoded = new VmStatusNotification(vmid, VmStatus.read(in));
        in.end();
        return decoded;
    }

    @Override
    public byte[] encode() {
        var out = new PayloadWriter(8).u16(vmid).zeros(2);
        status.write(out);
        return out.toBytes();
    }
}
