// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm.protocol;

/**
 * FW_SET_VM_FIRMWARE: tells where in a memory parcel the firmware of all VMs of a kind is. Offset and size are in
 * bytes, unsigned.
 *
 * <p>Context: any thread; immutable.
 *
 * @param authentication as in {@link VmConfigImageRequest}; 0..65535
 * @param memoryHandle the parcel, 32 bits
 * @param offset where the firmware begins
 * @param size how long it is
 * @since 0.1
 */
public record VmFirmwareRequest(int authentication, int memoryHandle, long offset, long size) implements RmPayload {
    public VmFirmwareRequest {
        Unsigned.requireU16("authentication", authentication);
    }

    /**
     * Reads the data of a message.
     *
     * @param message a message of this layout
     * @return what it says
     * @throws RmProtocolException EBADMSG: missing or trailing bytes
     */
    public static VmFirmwareRequest decode(RmMessage message) {
        var in = new PayloadReader(message);
        int authentication = in.u16("authentication");
        in.skip("reserved", 2);
        int memoryHandle = in.u32("memory handle");
        long offset = in.u64("offset");
        long size = in.u64("size");
        in.end();
        return new VmFirmwareRequest(authentication, memoryHandle, offset, size);
    }

    @Override
    public byte[] encode() {
        return new PayloadWriter(24)
                .u16(authentication)
                .zeros(2)
                .u32(memoryHandle)
                .u64(offset)
                .u64(size)
                .toBytes();
    }
}
