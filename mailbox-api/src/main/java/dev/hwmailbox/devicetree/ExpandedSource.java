// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.devicetree;

import dev.hwmailbox.devicetree.DeviceTreeException.Code;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** The text behind the preprocessor: all files and macros put in, and of every character where it came from. */
final class ExpandedSource {
    private final StringBuilder text = new StringBuilder();
    private int[] starts = new int[16];
    private SourceFile[] files = new SourceFile[16];

    /** The place of the piece in its file; of a macro's expansion the bitwise complement of the place of its use. */
    private int[] places = new int[16];

    private int pieces;

    void copy(SourceFile file, int from, int to) {
        if (from < to) {
            begin(file, from);
            text.append(file.text(), from, to);
        }
    }

    /** Text that stands for what is at the offset of the file. */
    void replace(SourceFile file, int offset, CharSequence replacement, int from, int to) {
        if (from < to) {
            begin(file, ~offset);
            text.append(replacement, from, to);
        }
    }

    private void begin(SourceFile file, int place) {
        if (pieces == starts.length) {
            starts = Arrays.copyOf(starts, 2 * pieces);
            files = Arrays.copyOf(files, 2 * pieces);
            places = Arrays.copyOf(places, 2 * pieces);
        }
        starts[pieces] = text.length();
        files[pieces] = file;
        places[pieces++] = place;
    }

    @Override
    public String toString() {
        return text.toString();
    }

    /** An error at a character of the expanded text. */
    DeviceTreeException error(Code code, int at, @Nullable String nodePath, @Nullable String property, String reason) {
        int found = Arrays.binarySearch(starts, 0, pieces, at);
        int piece = found >= 0 ? found : -found - 2;
        int place = places[piece];
        return error(code, files[piece], place < 0 ? ~place : place + at - starts[piece], nodePath, property, reason);
    }

    static DeviceTreeException error(Code code, SourceFile file, int offset, String reason) {
        return error(code, file, offset, null, null, reason);
    }

    private static DeviceTreeException error(
            Code code,
            SourceFile file,
            int offset,
            @Nullable String nodePath,
            @Nullable String property,
            String reason) {
        SourcePosition position = file.position(offset);
        String place =
                nodePath == null ? "" : SourceNames.cut(nodePath) + ": " + (property == null ? "" : property + ": ");
        return DeviceTreeException.inSource(
                code, position, nodePath, property, position + ": " + place + reason + "\n" + file.excerpt(offset));
    }
}
