// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm.protocol;

/**
 * NOTIFY_MEM_RECALL: the owner of a memory parcel wants it back from the receiver.
 *
 * <p>Context: any thread; immutable.
 *
 * @param handle the parcel, 32 bits
 * @param tag what the owner said with MEM_NOTIFY, 32 bits
 * @since 0.1
 */
public record MemRecallNotification(int handle, int tag) implements RmPayload {
    /**
     * Reads the data of a message.
     *
     * @param message a message of this layout
     * @return what it says
     * @throws RmProtocolException EBADMSG: missing or trailing bytes
     */
    public static MemRecallNotification decode(RmMessage message) {
        var in = new PayloadReader(message);
        var decoded = new MemRecallNotification(in.u32("handle"), in.u32("tag"));
        in.end();
        return decoded;
    }

    @Override
    public byte[] encode() {
        return new PayloadWriter(8).u32(handle).u32(tag).toBytes();
    }
}
