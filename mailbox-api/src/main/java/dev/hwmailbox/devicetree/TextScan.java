// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.devicetree;

/** Finds the ends of the things that a preprocessor must not look into. */
final class TextScan {
    private TextScan() {}

    static char charAt(String text, int at) {
        return at < text.length() ? text.charAt(at) : '\0';
    }

    static boolean isComment(String text, int at) {
        return charAt(text, at) == '/' && (charAt(text, at + 1) == '/' || charAt(text, at + 1) == '*');
    }

    static int endOfLine(String text, int start) {
        int end = text.indexOf('\n', start);
        return end < 0 ? text.length() : end;
    }

    /** Behind the comment that begins here; the LF behind {@code //} is no part of it. -1 if it has no end. */
    static int endOfComment(String text, int start) {
        if (text.charAt(start + 1) == '/') {
            return endOfLine(text, start);
        }
        int end = text.indexOf("*/", start + 2);
        return end < 0 ? -1 : end + 2;
    }

    /** Behind the string that begins here, which may have several lines; -1 if it has no end. */
    static int endOfString(String text, int start) {
        for (int at = start + 1; at < text.length(); at++) {
            char c = text.charAt(at);
            if (c == '"') {
                return at + 1;
            }
            if (c == '\\') {
                at++;
            }
        }
        return -1;
    }

    /** Behind the character literal, or the string of one line, that begins here; -1 if its line ends before. */
    static int endOfLiteral(String text, int start) {
        char quote = text.charAt(start);
        for (int at = start + 1; at < text.length() && text.charAt(at) != '\n'; at++) {
            char c = text.charAt(at);
            if (c == quote) {
                return at + 1;
            }
            if (c == '\\' && charAt(text, at + 1) != '\n') {
                at++;
            }
        }
        return -1;
    }

    static int endOfWord(String text, int start) {
        int at = start;
        while (at < text.length() && SourceNames.isWordCharacter(text.charAt(at))) {
            at++;
        }
        return at;
    }

    /** Whether a preprocessor takes what begins here for a number, whatever it is: macros are not looked for in it. */
    static boolean isNumber(String text, int at) {
        char c = text.charAt(at);
        return SourceNames.isDigit(c) || (c == '.' && SourceNames.isDigit(charAt(text, at + 1)));
    }

    static int endOfNumber(String text, int start) {
        int at = start;
        while (at < text.length()) {
            char c = text.charAt(at);
            boolean isSign = (c == '+' || c == '-') && at > start && "eEpP".indexOf(text.charAt(at - 1)) >= 0;
            if (!SourceNames.isWordCharacter(c) && c != '.' && !isSign) {
                break;
            }
            at++;
        }
        return at;
    }

    /** The first character at or behind the offset that is neither blank nor tab. */
    static int skipBlanks(String text, int start) {
        int at = start;
        while (charAt(text, at) == ' ' || charAt(text, at) == '\t') {
            at++;
        }
        return at;
    }
}
