// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.devicetree;

import dev.hwmailbox.devicetree.DeviceTreeException.Code;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** The text behind the preprocessor: all files and macros put in, and of every character where it came from. */
final class ExpandedSource {
    private final StringBuilder text = new StringBuilder();
    private int[] starts = new int[16];
    private Origin[] origins = new Origin[16];
    private int pieces;

    /** A piece of a file; all of a macro's expansion comes from the place of its use. */
    private record Origin(SourceFile file, int offset, boolean isVerbatim) {}

    void copy(SourceFile file, int from, int to) {
        if (from < to) {
            begin(new Origin(file, from, true));
            text.append(file.text(), from, to);
        }
    }

    /** Text that stands for what is at the offset of the file. */
    void replace(SourceFile file, int offset, CharSequence replacement, int from, int to) {
        if (from < to) {
            begin(new Origin(file, offset, false));
            text.append(replacement, from, to);
        }
    }

    private void begin(Origin origin) {
        if (pieces > 0 && !origin.isVerbatim && origin.equals(origins[pieces - 1])) {
            return;
        }
        if (pieces == starts.length) {
            starts = Arrays.copyOf(starts, 2 * pieces);
            origins = Arrays.copyOf(origins, 2 * pieces);
        }
        starts[pieces] = text.length();
        origins[pieces++] = origin;
    }

    int length() {
        return text.length();
    }

    @Override
    public String toString() {
        return text.toString();
    }

    /** An error at a character of the expanded text. */
    DeviceTreeException error(Code code, int at, @Nullable String nodePath, @Nullable String property, String reason) {
        int piece = Arrays.binarySearch(starts, 0, pieces, at);
        Origin origin = origins[piece >= 0 ? piece : -piece - 2];
        int offset = origin.isVerbatim ? origin.offset + at - starts[piece >= 0 ? piece : -piece - 2] : origin.offset;
        return error(code, origin.file, offset, nodePath, property, reason);
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
