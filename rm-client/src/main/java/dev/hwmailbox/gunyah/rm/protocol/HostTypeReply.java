// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm.protocol;

/**
 * The reply of VM_HOST_GET_TYPE: what kind of hypervisor this is.
 *
 * <p>Context: any thread; immutable.
 *
 * @param architecture {@link #ARCHITECTURE_AARCH64} or anything else; 0..255
 * @param hypervisor {@link #HYPERVISOR_GUNYAH} or anything else; 0..255
 * @param version of the interface, 1 so far; 0..255
 * @since 0.1
 */
public record HostTypeReply(int architecture, int hypervisor, int version) implements RmPayload {
    /** The host is AArch64. */
    public static final int ARCHITECTURE_AARCH64 = 0x64;

    /** Gunyah with a Resource Manager. */
    public static final int HYPERVISOR_GUNYAH = 1;

    public HostTypeReply {
        Unsigned.requireU8("architecture", architecture);
        Unsigned.requireU8("hypervisor", hypervisor);
        Unsigned.requireU8("version", version);
    }

    /**
     * Reads the data of a message.
     *
     * @param message a message of this layout
     * @return what it says
     * @throws RmProtocolException EBADMSG: missing or trailing bytes
     */
    public static HostTypeReply decode(RmMessage message) {
        var in = new PayloadReader(message);
        int architecture = in.u8("architecture");
        int hypervisor = in.u8("hypervisor");
        in.skip("reserved", 1);
        var decoded = new HostTypeReply(architecture, hypervisor, in.u8("version"));
        in.end();
        return decoded;
    }

    @Override
    public byte[] encode() {
        return new PayloadWriter(4)
                .u8(architecture)
                .u8(hypervisor)
                .zeros(1)
                .u8(version)
                .toBytes();
    }
}
