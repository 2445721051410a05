// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.devicetree;

/** Numbers of the blob format, which reader and writer share. */
final class BlobFormat {
    static final int MAGIC = 0xd00dfeed;
    static final int VERSION = 17;
    static final int LAST_COMPATIBLE_VERSION = 16;

    /** Bytes of the header of version 17, and of version 16, which lacks the size of the structure block. */
    static final int HEADER_SIZE = 40;

    static final int HEADER_SIZE_16 = 36;

    static final int BEGIN_NODE = 1;
    static final int END_NODE = 2;
    static final int PROP = 3;
    static final int NOP = 4;
    static final int END = 9;

    static final int CELL = Integer.BYTES;
    static final int RESERVATION_SIZE = 2 * Long.BYTES;

    private BlobFormat() {}

    static long alignToCell(long offset) {
        return offset + CELL - 1 & -CELL;
    }
}
