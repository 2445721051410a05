// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.devicetree;

import java.nio.ByteBuffer;

/**
 * Reads and writes flattened devicetrees (DTB, version 17).
 *
 * <p>The reader takes any bytes: the outcome is a tree or a {@link DeviceTreeException}, in time and memory
 * proportional to the input. What libfdt's {@code fdt_check_full} refuses is refused. Differs: also refused are what
 * would make lookups ambiguous or surprising (two properties or children of one name, properties behind children or
 * before the root, names that are empty, not printable, with a slash, property names above 255 characters, more than
 * {@link DeviceTree#MAX_DEPTH} levels) and versions 2 to 15, which died before 2006.
 *
 * <p>Context: any thread.
 *
 * @since 0.1
 */
public final class DeviceTreeBlob {
    private DeviceTreeBlob() {}

    /**
     * Reads a blob of version 16 or 17, or of a later version that says it may be read as 17.
     *
     * @param blob the blob, from position to limit; bytes behind the blob's own end are ignored. Copied; position and
     *     limit stay. Offsets in exceptions count from the position
     * @return the tree
     * @throws DeviceTreeException if the bytes are not a valid blob
     */
    public static DeviceTree read(ByteBuffer blob) {
        return BlobReader.read(blob);
    }

    /**
     * Writes a tree as a blob of version 17 that readers of version 16 can read, in the layout of dtc: header, memory
     * reservations, structure, strings, without gaps, padding zero. A tree that dtc compiled with default options comes
     * out byte for byte as dtc wrote it.
     *
     * @param tree the tree
     * @return the blob
     * @throws DeviceTreeException with {@link DeviceTreeException.Code#TOO_LARGE} if the blob would exceed 2^31-1 bytes
     */
    public static byte[] write(DeviceTree tree) {
        return BlobWriter.write(tree);
    }
}
