// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.loopback;

import java.util.HexFormat;

/** Bytes as people read them: lines of sixteen, in hexadecimal and as text. */
final class HexDump {
    static final int BYTES_PER_LINE = 16;

    private static final HexFormat SPACED = HexFormat.ofDelimiter(" ");

    private HexDump() {}

    /** Appends a line such as {@code 68 65 6c ... 0a  hel...} for each sixteen bytes. */
    static void append(StringBuilder dump, byte[] bytes) {
        for (int from = 0; from < bytes.length; from += BYTES_PER_LINE) {
            int to = Math.min(from + BYTES_PER_LINE, bytes.length);
            SPACED.formatHex(dump, bytes, from, to).append("  ");
            for (int i = from; i < to; i++) {
                dump.append(bytes[i] >= ' ' && bytes[i] <= '~' ? (char) bytes[i] : '.');
            }
            dump.append('\n');
        }
    }
}
