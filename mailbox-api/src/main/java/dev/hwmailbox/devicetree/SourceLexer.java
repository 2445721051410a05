// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.devicetree;

import dev.hwmailbox.devicetree.DeviceTreeException.Code;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * The words, numbers, strings and signs of a source text. What a character means depends on where it stands ({@code 00}
 * is a byte, a number, or the name of a node), so the parser says what it expects.
 */
final class SourceLexer {
    private static final int MAX_SHOWN = 40;

    /** A label and where it stands. */
    record Label(String name, int position) {}

    private final ExpandedSource source;
    private final String text;
    private int at;
    private int endOfPrevious;

    /** The end of a word that is no label: a byte string may be one long word, asked about at each of its bytes. */
    private int noLabelBefore;

    SourceLexer(ExpandedSource source) {
        this.source = source;
        this.text = source.toString();
    }

    /** Where the next thing begins. */
    int offset() {
        while (at < text.length()) {
            if (SourceNames.isBlank(text.charAt(at))) {
                at++;
            } else if (TextScan.isComment(text, at)) {
                int end = TextScan.endOfComment(text, at);
                if (end < 0) {
                    throw error(at, "expected */ behind this, found the end of the text");
                }
                at = end;
            } else {
                break;
            }
        }
        return at;
    }

    boolean isAtEnd() {
        return offset() == text.length();
    }

    /** The next character, or NUL at the end. */
    char peek() {
        return TextScan.charAt(text, offset());
    }

    boolean take(char sign) {
        boolean isNext = !isAtEnd() && peek() == sign;
        if (isNext) {
            advance(at + 1);
        }
        return isNext;
    }

    /** Takes a sign of one or two characters. */
    boolean take(String sign) {
        boolean isNext = text.startsWith(sign, offset());
        if (isNext) {
            advance(at + sign.length());
        }
        return isNext;
    }

    boolean isNext(String sign) {
        return text.startsWith(sign, offset());
    }

    void expect(char sign) {
        if (!take(sign)) {
            throw expected("'" + sign + "'");
        }
    }

    private void advance(int end) {
        at = end;
        endOfPrevious = end;
    }

    /** The word of a {@code /directive/} that is next, without taking it. */
    @Nullable
    String peekDirective() {
        if (peek() != '/') {
            return null;
        }
        int end = at + 1;
        while (end - at < MAX_SHOWN && isDirectiveCharacter(TextScan.charAt(text, end))) {
            end++;
        }
        return end > at + 1 && TextScan.charAt(text, end) == '/' ? text.substring(at + 1, end) : null;
    }

    private static boolean isDirectiveCharacter(char c) {
        return SourceNames.isWordCharacter(c) || c == '-';
    }

    boolean takeDirective(String word) {
        boolean isNext = word.equals(peekDirective());
        if (isNext) {
            advance(at + word.length() + 2);
        }
        return isNext;
    }

    /** A word with a colon right behind it. */
    @Nullable
    Label takeLabel() {
        int start = offset();
        if (start < noLabelBefore || !SourceNames.isWordStart(peek())) {
            return null;
        }
        int end = TextScan.endOfWord(text, start);
        if (TextScan.charAt(text, end) != ':') {
            noLabelBefore = end;
            return null;
        }
        advance(end + 1);
        return new Label(text.substring(start, end), start);
    }

    /** The name of a node or a property; its characters are still to be judged. */
    String name(String what) {
        int start = offset();
        int end = start;
        while (end < text.length() && SourceNames.isNameCharacter(text.charAt(end))) {
            end++;
        }
        if (end == start) {
            throw expected(what);
        }
        advance(end);
        return text.substring(start, end);
    }

    /** {@code &label} or {@code &{/path}}: the label, or the path, which begins with a slash. */
    String reference() {
        int start = offset() + 1;
        if (!take('&')) {
            throw expected("a reference");
        }
        if (TextScan.charAt(text, start) == '{') {
            return path(start + 1);
        }
        int end = TextScan.endOfWord(text, start);
        if (end == start || !SourceNames.isWordStart(text.charAt(start))) {
            throw error(start, "expected a label or a path in braces behind '&', found " + describe(start));
        }
        advance(end);
        return text.substring(start, end);
    }

    private String path(int start) {
        int end = start;
        while (end < text.length() && isPathCharacter(text.charAt(end))) {
            end++;
        }
        if (TextScan.charAt(text, start) != '/') {
            throw error(start, "expected a path from the root, found " + describe(start));
        }
        if (TextScan.charAt(text, end) != '}') {
            throw error(end, "expected '}' behind the path, found " + describe(end));
        }
        advance(end + 1);
        return text.substring(start, end);
    }

    private static boolean isPathCharacter(char c) {
        return SourceNames.isNameCharacter(c) || c == '/';
    }

    boolean isNumber() {
        return SourceNames.isDigit(peek());
    }

    /** A number of C without sign: decimal, octal or hexadecimal, with any suffix of U and L. */
    long number() {
        int start = offset();
        int end = TextScan.endOfWord(text, start);
        int digitsEnd = end;
        while (digitsEnd > start && "UL".indexOf(text.charAt(digitsEnd - 1)) >= 0) {
            digitsEnd--;
        }
        if (!isSuffix(text.substring(digitsEnd, Math.min(end, digitsEnd + MAX_SHOWN)))) {
            throw error(start, "expected a number, found " + describe(start));
        }
        boolean isHex = text.startsWith("0x", start) || text.startsWith("0X", start);
        boolean isOctal = !isHex && text.charAt(start) == '0' && digitsEnd > start + 1;
        int digits = isHex ? start + 2 : isOctal ? start + 1 : start;
        long value = digits(digits, digitsEnd, isHex ? 16 : isOctal ? 8 : 10, start);
        advance(end);
        return value;
    }

    private static boolean isSuffix(String suffix) {
        return switch (suffix) {
            case "", "U", "L", "UL", "LL", "ULL" -> true;
            default -> false;
        };
    }

    private long digits(int from, int to, int radix, int start) {
        if (from == to) {
            throw error(start, "expected a number, found " + describe(start));
        }
        long value = 0;
        for (int i = from; i < to; i++) {
            int digit = Character.digit(text.charAt(i), radix);
            if (digit < 0) {
                throw error(start, "expected a number, found " + describe(start));
            }
            if (Long.compareUnsigned(value, Long.divideUnsigned(-1L - digit, radix)) > 0) {
                throw error(Code.BAD_VALUE, start, describe(start) + " does not fit into 64 bits");
            }
            value = value * radix + digit;
        }
        return value;
    }

    /** A character in single quotes: one byte. */
    long character() {
        int start = offset();
        expect('\'');
        if (TextScan.charAt(text, at) == '\'') {
            throw error(start, "expected a character between the quotes, found none");
        }
        var value = new ByteArrayOutputStream();
        element(value, start);
        if (TextScan.charAt(text, at) != '\'' || value.size() != 1) {
            throw error(start, "expected one character of one byte in single quotes, found more");
        }
        advance(at + 1);
        return value.toByteArray()[0] & 0xff;
    }

    /** A string in double quotes; the bytes go to the value, with a NUL behind them. */
    void string(ByteArrayOutputStream value) {
        int start = offset();
        expect('"');
        while (TextScan.charAt(text, at) != '"') {
            element(value, start);
        }
        advance(at + 1);
        value.write(0);
    }

    /** One character or escape of a string or a character literal. */
    private void element(ByteArrayOutputStream value, int start) {
        if (at >= text.length()) {
            throw error(start, "expected a quote at the end of this, found the end of the text");
        }
        char c = text.charAt(at);
        if (c == '\\') {
            escape(value);
        } else if (c < 0x80) {
            value.write(c);
            at++;
        } else {
            int end = text.offsetByCodePoints(at, 1);
            if (end == at + 1 && Character.isSurrogate(c)) {
                throw error(at, "expected a character of Unicode, found half of one");
            }
            value.writeBytes(text.substring(at, end).getBytes(StandardCharsets.UTF_8));
            at = end;
        }
    }

    private void escape(ByteArrayOutputStream value) {
        int start = at;
        char c = TextScan.charAt(text, start + 1);
        int digits = start + (c == 'x' ? 2 : 1);
        int radix = c == 'x' ? 16 : 8;
        int end = digits;
        int byteValue = 0;
        while (end < digits + (c == 'x' ? 2 : 3) && digit(end, radix) >= 0) {
            byteValue = byteValue * radix + digit(end, radix);
            end++;
        }
        if (end > digits) {
            if (byteValue > 0xff) {
                throw error(Code.BAD_VALUE, start, text.substring(start, end) + " does not fit into a byte");
            }
            value.write(byteValue);
            at = end;
            return;
        }
        if (c == 'x' || c == '\n' || c == '\0' || c >= 0x80) {
            throw error(start, "expected an escape of C behind the backslash, found " + describe(start + 1));
        }
        int named = "abtnvfr".indexOf(c);
        value.write(named < 0 ? c : "\u0007\b\t\n\u000b\f\r".charAt(named));
        at = start + 2;
    }

    private int digit(int offset, int radix) {
        char c = TextScan.charAt(text, offset);
        return c < 0x80 ? Character.digit(c, radix) : -1;
    }

    /** One byte of a byte string: two hexadecimal digits. */
    int twoHexDigits() {
        int start = offset();
        int high = digit(start, 16);
        int low = digit(start + 1, 16);
        if (high < 0 || low < 0) {
            throw expected("two hexadecimal digits or ']'");
        }
        advance(start + 2);
        return high << 4 | low;
    }

    /** An error at the next thing. At the end of the text it is shown behind the last one. */
    DeviceTreeException expected(String what) {
        int found = offset();
        if (found < text.length()) {
            return error(found, "expected " + what + ", found " + describe(found));
        }
        return error(endOfPrevious, "expected " + what + ", found the end of the text");
    }

    /** What stands at an offset, in short. */
    private String describe(int offset) {
        int end = offset;
        while (end < text.length() && end - offset < MAX_SHOWN && isShownTogether(text.charAt(end))) {
            end++;
        }
        if (end == offset) {
            // The last character is the preprocessor's.
            return offset < text.length() - 1 ? Names.quote(text.substring(offset, offset + 1)) : "the end of the text";
        }
        return Names.quote(text.substring(offset, end)) + (end - offset == MAX_SHOWN ? "..." : "");
    }

    private static boolean isShownTogether(char c) {
        return SourceNames.isNameCharacter(c) || c == '/' || c == '$';
    }

    DeviceTreeException error(int offset, String reason) {
        return error(Code.SYNTAX, offset, reason);
    }

    DeviceTreeException error(Code code, int offset, String reason) {
        return source.error(code, offset, null, null, reason);
    }
}
