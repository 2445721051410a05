// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm.protocol;

/**
 * VM_SET_FIRMWARE_MEM: tells where in a memory parcel a VM's firmware is. Offset and size are in bytes, unsigned.
 *
 * <p>Context: any thread; immutable.
 *
 * @param vmid 0..65535
 * @param memoryHandle the parcel, 32 bits
 * @param offset where the firmware begins
 * @param size how long it is
 * @since 0.1
 */
public record VmFirmwareMemRequest(int vmid, int memoryHandle, long offset, long size) implements RmPayload {
    public VmFirmwareMemRequest {
        Unsigned.requireU16("vmid", vmid);
    }

    /**
     * Reads the data of a message.
     *
     * @param message a message of this layout
     * @return what it says
     * @throws RmProtocolException EBADMSG: missing or trailing bytes
     */
    public static VmFirmwareMemRequest decode(RmMessage message) {
        var in = new PayloadReader(message);
        int vmid = in.u16("vmid");
        in.skip("reserved", 2);
        int memoryHandle = in.u32("memory handle");
        long offset = in.u64("offset");
        long size = in.u64("size");
        in.end();
        return new VmFirmwareMemRequest(vmid, memoryHandle, offset, size);
    }

    @Override
    public byte[] encode() {
        return new PayloadWriter(24)
                .u16(vmid)
                .zeros(2)
                .u32(memoryHandle)
                .u64(offset)
                .u64(size)
                .toBytes();
    }
}
