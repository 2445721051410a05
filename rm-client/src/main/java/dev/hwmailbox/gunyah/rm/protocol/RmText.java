// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm.protocol;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * A text with its length: the request of VM_LOOKUP_URI, VM_LOOKUP_NAME and VM_SET_CRASH_MSG, the reply of
 * VM_GET_CRASH_MSG. What the bytes mean is up to sender and receiver; here they are taken for UTF-8.
 *
 * <p>Context: any thread; immutable, bytes are copied in and out.
 *
 * @since 0.1
 */
public final class RmText implements RmPayload {
    /** The longest URI or name the Resource Manager looks up, in bytes. */
    public static final int MAX_LOOKUP_LENGTH = 79;

    /** How much of a crash message the Resource Manager keeps, in bytes. */
    public static final int MAX_CRASH_MESSAGE_LENGTH = 192;

    private final byte[] bytes;

    private RmText(byte[] owned) {
        Unsigned.requireU16("length", owned.length);
        this.bytes = owned;
    }

    /**
     * A text from bytes.
     *
     * @param bytes at most 65535; copied
     * @return the text
     * @throws IllegalArgumentException if there are more
     */
    public static RmText of(byte[] bytes) {
        return new RmText(bytes.clone());
    }

    /**
     * A text.
     *
     * @param text at most 65535 bytes in UTF-8
     * @return the text
     * @throws IllegalArgumentException if there are more
     */
    public static RmText of(String text) {
        return new RmText(text.getBytes(StandardCharsets.UTF_8));
    }

    /**
     * Reads the data of a message.
     *
     * @param message a message of this layout
     * @return what it says
     * @throws RmProtocolException EBADMSG: missing or trailing bytes, or padding that is not zero
     */
    public static RmText decode(RmMessage message) {
        var in = new PayloadReader(message);
        int length = in.u16("length");
        in.skip("reserved", 2);
        var bytes = in.bytes("text", length);
        in.padding("text", length);
        in.end();
        return new RmText(bytes);
    }

    /**
     * The bytes.
     *
     * @return a copy
     */
    public byte[] bytes() {
        return bytes.clone();
    }

    /**
     * Number of bytes.
     *
     * @return 0..65535
     */
    public int length() {
        return bytes.length;
    }

    /**
     * The text.
     *
     * @return the text; malformed UTF-8 is replaced
     */
    public String text() {
        return new String(bytes, StandardCharsets.UTF_8);
    }

    @Override
    public byte[] encode() {
        return new PayloadWriter(4 + PayloadWriter.paddedLength(bytes.length))
                .u16(bytes.length)
                .zeros(2)
                .paddedBytes(bytes)
                .toBytes();
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof RmText that && Arrays.equals(bytes, that.bytes);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(bytes);
    }

    @Override
    public String toString() {
        return "RmText[" + text() + "]";
    }
}
