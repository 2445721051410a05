// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm.protocol;

/**
 * VM_SET_ADDRESS_LAYOUT: places a range of a VM in its address space. The published Resource Manager does not implement
 * it.
 *
 * <p>Context: any thread; immutable.
 *
 * @param vmid 0..65535
 * @param rangeId which range: {@link #RANGE_IMAGE}, {@link #RANGE_FIRMWARE} or another; 32 bits
 * @param base its guest address, unsigned
 * @param size its length in bytes, unsigned
 * @since 0.1
 */
public record VmAddressLayoutRequest(int vmid, int rangeId, long base, long size) implements RmPayload {
    /** The image. */
    public static final int RANGE_IMAGE = 0;

    /** The firmware. */
    public static final int RANGE_FIRMWARE = 1;

    public VmAddressLayoutRequest {
        Unsigned.requireU16("vmid", vmid);
    }

    /**
     * Reads the data of a message.
     *
     * @param message a message of this layout
     * @return what it says
     * @throws RmProtocolException EBADMSG: missing or trailing bytes
     */
    public static VmAddressLayoutRequest decode(RmMessage message) {
        var in = new PayloadReader(message);
        int vmid = in.u16("vmid");
        in.skip("reserved", 2);
        int rangeId = in.u32("range id");
        long base = in.u64("range base");
        long size = in.u64("range size");
        in.end();
        return new VmAddressLayoutRequest(vmid, rangeId, base, size);
    }

    @Override
    public byte[] encode() {
        return new PayloadWriter(24)
                .u16(vmid)
                .zeros(2)
                .u32(rangeId)
                .u64(base)
                .u64(size)
                .toBytes();
    }
}
