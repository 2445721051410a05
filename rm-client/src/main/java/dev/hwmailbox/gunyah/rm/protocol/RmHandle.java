// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm.protocol;

/**
 * A handle and nothing else. Of memory: the reply of MEM_DONATE, MEM_LEND, MEM_SHARE and MEM_QCOM_LOOKUP_SGL. Of an
 * interrupt: the reply of VM_IRQ_LEND, the request of VM_IRQ_RELEASE and VM_IRQ_RECLAIM, the notifications
 * NOTIFY_VM_IRQ_RELEASED and _ACCEPTED.
 *
 * <p>Context: any thread; immutable.
 *
 * @param handle 32 bits; 0 is a legal handle
 * @since 0.1
 */
public record RmHandle(int handle) implements RmPayload {
    /**
     * Reads the data of a message.
     *
     * @param message a message of this layout
     * @return what it says
     * @throws RmProtocolException EBADMSG: missing or trailing bytes
     */
    public static RmHandle decode(RmMessage message) {
        var in = new PayloadReader(message);
        var decoded = new RmHandle(in.u32("handle"));
        in.end();
        return decoded;
    }

    @Override
    public byte[] encode() {
        return new PayloadWriter(4).u32(handle).toBytes();
    }

    @Override
    public String toString() {
        return "RmHandle[0x%08x]".formatted(handle);
    }
}
