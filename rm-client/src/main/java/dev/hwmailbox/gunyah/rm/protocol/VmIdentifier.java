// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm.protocol;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.UUID;

/**
 * One of the ways a VM is identified: an element of the VM_GET_ID reply.
 *
 * <p>Context: any thread; immutable, bytes are copied in and out.
 *
 * @since 0.1
 */
public final class VmIdentifier {
    /** A GUID of 16 bytes. */
    public static final int GUID = 0;

    /** A URI, as text. */
    public static final int URI = 1;

    /** A name, as text. */
    public static final int NAME = 2;

    /** Who signed the image, as text. */
    public static final int SIGN_AUTHORITY = 3;

    private static final int GUID_LENGTH = 16;

    private final int kind;
    private final byte[] value;

    private VmIdentifier(int kind, byte[] owned) {
        Unsigned.requireU8("kind", kind);
        Unsigned.requireU16("length", owned.length);
        this.kind = kind;
        this.value = owned;
    }

    /**
     * An identifier of any kind.
     *
     * @param kind one of the constants or anything else, 0..255
     * @param value the bytes, at most 65535; copied
     * @return the identifier
     * @throws IllegalArgumentException if a number does not fit
     */
    public static VmIdentifier of(int kind, byte[] value) {
        return new VmIdentifier(kind, value.clone());
    }

    /**
     * An identifier that is text.
     *
     * @param kind one of the constants or anything else, 0..255
     * @param text the text; at most 65535 bytes in UTF-8
     * @return the identifier
     * @throws IllegalArgumentException if a number does not fit
     */
    public static VmIdentifier of(int kind, String text) {
        return new VmIdentifier(kind, text.getBytes(StandardCharsets.UTF_8));
    }

    /**
     * An identifier that is a GUID.
     *
     * @param guid the GUID
     * @return the identifier, of kind {@link #GUID}
     */
    public static VmIdentifier of(UUID guid) {
        var bytes = ByteBuffer.allocate(GUID_LENGTH)
                .putLong(guid.getMostSignificantBits())
                .putLong(guid.getLeastSignificantBits());
        return new VmIdentifier(GUID, bytes.array());
    }

    static VmIdentifier read(PayloadReader in) {
        int kind = in.u8("identifier kind");
        in.skip("identifier kind", 1);
        var value = in.bytes("identifier", in.u16("identifier length"));
        in.padding("identifier", value.length);
        return new VmIdentifier(kind, value);
    }

    /**
     * Which way of identifying this is.
     *
     * @return one of the constants or anything else, 0..255
     */
    public int kind() {
        return kind;
    }

    /**
     * The bytes.
     *
     * @return a copy
     */
    public byte[] value() {
        return value.clone();
    }

    /**
     * The bytes as text.
     *
     * @return the text; malformed UTF-8 is replaced
     */
    public String text() {
        return new String(value, StandardCharsets.UTF_8);
    }

    int encodedLength() {
        return 4 + PayloadWriter.paddedLength(value.length);
    }

    void write(PayloadWriter out) {
        out.u8(kind).zeros(1).u16(value.length).paddedBytes(value);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof VmIdentifier that && kind == that.kind && Arrays.equals(value, that.value);
    }

    @Override
    public int hashCode() {
        return 31 * kind + Arrays.hashCode(value);
    }

    @Override
    public String toString() {
        return "VmIdentifier[kind=" + kind + ", "
                + (kind == GUID ? HexFormat.of().formatHex(value) : text()) + "]";
    }
}
