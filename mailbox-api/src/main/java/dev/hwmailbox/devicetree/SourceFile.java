// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.devicetree;

import java.util.ArrayList;
import java.util.List;

/** One text as it was given or included, and where its lines are. Lines end with LF; a CR before it is not shown. */
final class SourceFile {
    /** Longest part of a line that is shown below an error. */
    private static final int MAX_EXCERPT = 120;

    private static final String CUT = "...";

    private final String name;
    private final String text;
    private final List<LineMarker> markers = new ArrayList<>();

    /** What a preprocessor said about the lines from an offset on. */
    private record LineMarker(int offset, int line, String file) {}

    SourceFile(String name, String text) {
        this.name = name;
        this.text = text;
    }

    String name() {
        return name;
    }

    String text() {
        return text;
    }

    /** The line that begins at the offset, and those behind it, come from elsewhere. */
    void mark(int offset, int line, String file) {
        markers.add(new LineMarker(offset, line, file));
    }

    SourcePosition position(int offset) {
        LineMarker marker = new LineMarker(0, 1, name);
        for (LineMarker next : markers) {
            if (next.offset <= offset) {
                marker = next;
            }
        }
        // A marker may stand on the last line number there is.
        long line = marker.line;
        for (int i = marker.offset; i < offset; i++) {
            if (text.charAt(i) == '\n') {
                line++;
            }
        }
        return new SourcePosition(
                marker.file, (int) Math.min(line, Integer.MAX_VALUE), offset - startOfLine(offset) + 1);
    }

    /** The line and, below it, a caret under the character. Tabs stay, so that both lines are equally wide. */
    String excerpt(int offset) {
        int start = startOfLine(offset);
        int end = text.indexOf('\n', start);
        end = end < 0 ? text.length() : end;
        if (end > start && text.charAt(end - 1) == '\r') {
            end--;
        }
        int from = Math.max(start, offset - MAX_EXCERPT / 2);
        int to = Math.min(end, from + MAX_EXCERPT);
        String before = from > start ? CUT : "";
        var line = new StringBuilder(before);
        var caret = new StringBuilder(" ".repeat(before.length()));
        for (int i = from; i < to; i++) {
            char c = text.charAt(i);
            line.append(c < ' ' && c != '\t' ? '?' : c);
        }
        for (int i = from; i < Math.min(offset, end); i++) {
            caret.append(text.charAt(i) == '\t' ? '\t' : ' ');
        }
        return line.append(to < end ? CUT : "") + "\n" + caret.append('^');
    }

    private int startOfLine(int offset) {
        return offset == 0 ? 0 : text.lastIndexOf('\n', offset - 1) + 1;
    }
}
