// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.dt;

import java.nio.ByteBuffer;
import java.util.Locale;

/** How a devicetree is kept in a file. */
enum TreeFormat {
    /** A flattened tree, as boot loaders and kernels read it. */
    DTB,
    /** Source text, as people write it. */
    DTS,
    /** What scripts read. */
    JSON;

    private static final int MAGIC = 0xd00dfeed;

    /** The format by what a file begins with: anything that is neither a blob nor an object is taken for source. */
    static TreeFormat of(byte[] content) {
        if (content.length >= Integer.BYTES && ByteBuffer.wrap(content).getInt(0) == MAGIC) {
            return DTB;
        }
        int first = 0;
        while (first < content.length && content[first] <= ' ' && content[first] >= 0) {
            first++;
        }
        return first < content.length && content[first] == '{' ? JSON : DTS;
    }

    /** The format by the ending of a file's name; one without a known ending, such as that of a pipe, gets source. */
    static TreeFormat ofName(String name) {
        String lower = name.toLowerCase(Locale.ROOT);
        if (lower.endsWith(".dtb") || lower.endsWith(".dtbo")) {
            return DTB;
        }
        return lower.endsWith(".json") ? JSON : DTS;
    }
}
