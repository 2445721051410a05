// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.devicetree;

import dev.hwmailbox.devicetree.DeviceTreeException.Code;
import java.util.Set;

/** A line for the preprocessor: its word, and the rest without comments and line breaks. */
final class DirectiveLine {
    /** Letters of the longest word that a preprocessor knows. */
    static final int LONGEST_WORD = 12;

    private static final Set<String> WORDS = Set.of(
            "include",
            "define",
            "undef",
            "ifdef",
            "ifndef",
            "else",
            "endif",
            "line",
            "error",
            "warning",
            "if",
            "elif",
            "elifdef",
            "elifndef",
            "pragma",
            "import",
            "include_next");

    private final SourceFile file;
    private final int start;
    private final String word;
    private final int offset;
    private final int end;
    private final String rest;

    private DirectiveLine(SourceFile file, int start, String word, int offset, int end, String rest) {
        this.file = file;
        this.start = start;
        this.word = word;
        this.offset = offset;
        this.end = end;
        this.rest = rest;
    }

    /** Whether the preprocessor has something to do with a word, be it to refuse it. */
    static boolean isKnown(String word) {
        return WORDS.contains(word);
    }

    /** Reads the line that begins with the {@code #} at the offset. */
    static DirectiveLine read(SourceFile file, int start) {
        String text = file.text();
        int wordStart = TextScan.skipBlanks(text, start + 1);
        int wordEnd = TextScan.endOfWord(text, wordStart);
        var rest = new StringBuilder();
        int at = wordEnd;
        while (at < text.length() && text.charAt(at) != '\n') {
            char c = text.charAt(at);
            int next = at + 1;
            if (c == '\\' && isLineBreak(text, at + 1)) {
                next = text.indexOf('\n', at) + 1;
            } else if (TextScan.isComment(text, at)) {
                next = TextScan.endOfComment(text, at);
                if (next < 0) {
                    throw ExpandedSource.error(
                            Code.SYNTAX, file, at, "expected */ behind this, found the end of the file");
                }
                rest.append(' ');
            } else {
                if (c == '"' || c == '\'') {
                    int close = TextScan.endOfLiteral(text, at);
                    next = close < 0 ? TextScan.endOfLine(text, at) : close;
                }
                rest.append(text, at, next);
            }
            at = next;
        }
        return new DirectiveLine(
                file,
                start,
                text.substring(wordStart, wordEnd),
                TextScan.skipBlanks(text, wordEnd),
                at,
                rest.toString().strip());
    }

    private static boolean isLineBreak(String text, int at) {
        return TextScan.charAt(text, at) == '\n'
                || (TextScan.charAt(text, at) == '\r' && TextScan.charAt(text, at + 1) == '\n');
    }

    String word() {
        return word;
    }

    String rest() {
        return rest;
    }

    int start() {
        return start;
    }

    /** Where the rest begins. */
    int offset() {
        return offset;
    }

    /** The LF behind the line, or the end of the text. */
    int end() {
        return end;
    }

    String macroName() {
        String name = rest.substring(0, TextScan.endOfWord(rest, 0));
        if (!SourceNames.isIdentifier(name)) {
            throw expected("the name of a macro");
        }
        return name;
    }

    void define(Macros macros) {
        String name = macroName();
        if (TextScan.charAt(rest, name.length()) == '(') {
            macros.defineWithParameters(name);
        } else {
            macros.define(name, rest.substring(name.length()).strip());
        }
    }

    String includedName() {
        char close = rest.startsWith("<") ? '>' : '"';
        int closing = rest.indexOf(close, 1);
        if (closing < 0 || (close == '"' && !rest.startsWith("\""))) {
            throw expected("a file name in quotes or angle brackets");
        }
        return rest.substring(1, closing);
    }

    /** {@code # 1 "file" 2} or {@code #line 1 "file"}: what comes next stood on that line of that file. */
    void mark() {
        String numberAndFile = SourceNames.isDigit(word.charAt(0)) ? word + " " + rest : rest;
        int digits = TextScan.endOfWord(numberAndFile, 0);
        int number;
        try {
            number = Integer.parseInt(numberAndFile.substring(0, digits));
        } catch (NumberFormatException e) {
            throw expected("the number of a line");
        }
        int quote = TextScan.skipBlanks(numberAndFile, digits);
        String name = file.name();
        if (TextScan.charAt(numberAndFile, quote) == '"') {
            int closing = TextScan.endOfLiteral(numberAndFile, quote);
            if (closing < 0) {
                throw expected("a file name in quotes");
            }
            name = numberAndFile.substring(quote + 1, closing - 1);
        }
        // Compilers count the line before the first one as 0.
        file.mark(Math.min(end + 1, file.text().length()), Math.max(1, number), name);
    }

    private DeviceTreeException expected(String what) {
        String found = rest.isEmpty() ? "the end of the line" : Names.quote(rest);
        return ExpandedSource.error(Code.SYNTAX, file, offset, "expected " + what + ", found " + found);
    }
}
