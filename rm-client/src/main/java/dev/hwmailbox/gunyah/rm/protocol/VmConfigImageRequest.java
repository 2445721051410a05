// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm.protocol;

/**
 * VM_CONFIG_IMAGE: tells where in a memory parcel a VM's image and device tree are. Offsets and sizes are in bytes,
 * unsigned, relative to the parcel.
 *
 * <p>Context: any thread; immutable.
 *
 * @param vmid 0..65535
 * @param authentication one of {@link #AUTH_NONE}, {@link #AUTH_PLATFORM}, {@link #AUTH_ANDROID}; 0..65535
 * @param memoryHandle the parcel, 32 bits
 * @param imageOffset where the image begins
 * @param imageSize how long it is
 * @param deviceTreeOffset where the region of the device tree begins
 * @param deviceTreeSize how long that region is; the tree may be shorter
 * @since 0.1
 */
public record VmConfigImageRequest(
        int vmid,
        int authentication,
        int memoryHandle,
        long imageOffset,
        long imageSize,
        long deviceTreeOffset,
        long deviceTreeSize)
        implements RmPayload {
    /** The image is taken as it is. */
    public static final int AUTH_NONE = 0;

    /** The platform authenticates the image; VM_AUTH_IMAGE follows. */
    public static final int AUTH_PLATFORM = 1;

    /** The image authenticates itself, as Android's protected VMs do. */
    public static final int AUTH_ANDROID = 2;

    public VmConfigImageRequest {
        Unsigned.requireU16("vmid", vmid);
        Unsigned.requireU16("authentication", authentication);
    }

    /**
     * Reads the data of a message.
     *
     * @param message a message of this layout
     * @return what it says
     * @throws RmProtocolException EBADMSG: missing or trailing bytes
     */
    public static VmConfigImageRequest decode(RmMessage message) {
        var in = new PayloadReader(message);
        var decoded = new VmConfigImageRequest(
                in.u16("vmid"),
                in.u16("authentication"),
                in.u32("memory handle"),
                in.u64("image offset"),
                in.u64("image size"),
                in.u64("device tree offset"),
                in.u64("device tree size"));
        in.end();
        return decoded;
    }

    @Override
    public byte[] encode() {
        return new PayloadWriter(40)
                .u16(vmid)
                .u16(authentication)
                .u32(memoryHandle)
                .u64(imageOffset)
                .u64(imageSize)
                .u64(deviceTreeOffset)
                .u64(deviceTreeSize)
                .toBytes();
    }
}
