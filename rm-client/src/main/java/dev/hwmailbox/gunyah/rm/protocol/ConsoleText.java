// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm.protocol;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Characters on their way to or from a VM's console: the request VM_CONSOLE_WRITE and the notification
 * NOTIFY_VM_CONSOLE_CHARS. The VMID of a request says whose console it is, 0 for the caller's own; that of a
 * notification says who wrote, 0 for the owner of the receiver. What the bytes mean is up to the two sides.
 *
 * <p>Context: any thread; immutable, bytes are copied in and out.
 *
 * @since 0.1
 */
public final class ConsoleText implements RmPayload {
    /** The most bytes that travel in one frame; longer texts take several. */
    public static final int MAX_SINGLE_FRAME_LENGTH = RmFrame.MAX_CONTENT_LENGTH - 4;

    private final int vmid;
    private final byte[] bytes;

    private ConsoleText(int vmid, byte[] owned) {
        Unsigned.requireU16("vmid", vmid);
        Unsigned.requireU16("length", owned.length);
        this.vmid = vmid;
        this.bytes = owned;
    }

    /**
     * A text from bytes.
     *
     * @param vmid 0..65535
     * @param bytes at most 65535, which is more than a message holds; copied
     * @return the text
     * @throws IllegalArgumentException if the VMID or the length does not fit the wire
     */
    public static ConsoleText of(int vmid, byte[] bytes) {
        return new ConsoleText(vmid, bytes.clone());
    }

    /**
     * A text.
     *
     * @param vmid 0..65535
     * @param text at most 65535 bytes in UTF-8
     * @return the text
     * @throws IllegalArgumentException if the VMID or the length does not fit the wire
     */
    public static ConsoleText of(int vmid, String text) {
        return new ConsoleText(vmid, text.getBytes(StandardCharsets.UTF_8));
    }

    /**
     * Reads the data of a message.
     *
     * @param message a message of this layout
     * @return what it says
     * @throws RmProtocolException EBADMSG: missing or trailing bytes
     */
    public static ConsoleText decode(RmMessage message) {
        var in = new PayloadReader(message);
        int vmid = in.u16("vmid");
        var decoded = new ConsoleText(vmid, in.bytes("characters", in.u16("number of characters")));
        in.end();
        return decoded;
    }

    /**
     * Whose console, or who wrote.
     *
     * @return 0..65535
     */
    public int vmid() {
        return vmid;
    }

    /**
     * The characters.
     *
     * @return a copy
     */
    public byte[] bytes() {
        return bytes.clone();
    }

    /**
     * The characters as text. A text cut by its sender may end within a character.
     *
     * @return the text; malformed UTF-8 is replaced
     */
    public String text() {
        return new String(bytes, StandardCharsets.UTF_8);
    }

    @Override
    public byte[] encode() {
        return new PayloadWriter(4 + bytes.length)
                .u16(vmid)
                .u16(bytes.length)
                .bytes(bytes)
                .toBytes();
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof ConsoleText that && vmid == that.vmid && Arrays.equals(bytes, that.bytes);
    }

    @Override
    public int hashCode() {
        return 31 * vmid + Arrays.hashCode(bytes);
    }

    @Override
    public String toString() {
        return "ConsoleText[vmid=" + vmid + ", " + bytes.length + " bytes]";
    }
}
