// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.devicetree;

import dev.hwmailbox.devicetree.DeviceTreeException.Code;
import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/**
 * Puts files and constants into a source text: what a C preprocessor does, as far as devicetree sources use it, and
 * dtc's own {@code /include/}. Comments stay in the text. A line is a preprocessor's when its first character is
 * {@code #} and a word follows that a preprocessor knows; all others are properties, such as {@code #address-cells}.
 */
final class Preprocessor {
    /** Most characters that are read for one source, all files together. */
    static final int MAX_TEXT = 1 << 23;

    /** Most files inside each other. */
    static final int MAX_INCLUDE_DEPTH = 64;

    /** Most inclusions in one source. */
    static final int MAX_INCLUDES = 1 << 14;

    private static final String INCLUDE = "/include/";

    private final ExpandedSource target = new ExpandedSource();
    private final Macros macros = new Macros(target);
    private final @Nullable SourceResolver resolver;
    private int depth;
    private int includes;
    private long charactersRead;

    private Preprocessor(@Nullable SourceResolver resolver) {
        this.resolver = resolver;
    }

    static ExpandedSource expand(SourceFile file, @Nullable SourceResolver resolver) {
        var preprocessor = new Preprocessor(resolver);
        preprocessor.charactersRead = file.text().length();
        if (preprocessor.charactersRead > MAX_TEXT) {
            throw preprocessor.tooLarge(file, 0);
        }
        preprocessor.new Pass(file).run();
        return preprocessor.target;
    }

    private DeviceTreeException tooLarge(SourceFile file, int offset) {
        return ExpandedSource.error(
                Code.TOO_LARGE,
                file,
                offset,
                "the source has more than " + MAX_TEXT + " characters, inclusions counted");
    }

    /** An {@code #ifdef} that is open: where it began, whether its present branch counts, whether it had its #else. */
    private record Condition(int offset, boolean isActive, boolean isMet, boolean hadElse) {}

    /** One way through one file. */
    private final class Pass {
        private final SourceFile file;
        private final String text;
        private final Deque<Condition> conditions = new ArrayDeque<>();
        private int at;

        /** What lies before this offset is in the target, or was left out. */
        private int copied;

        /** No quote before this offset has a partner: not to be sought again for each of them. */
        private int lonelyUntil;

        Pass(SourceFile file) {
            this.file = file;
            this.text = file.text();
        }

        void run() {
            boolean isLineStart = true;
            while (at < text.length()) {
                char c = text.charAt(at);
                if (c == '\n') {
                    isLineStart = true;
                    at++;
                } else if (SourceNames.isBlank(c)) {
                    at++;
                } else if (TextScan.isComment(text, at)) {
                    skipComment();
                } else if (c == '#' && isLineStart && isDirective()) {
                    directive();
                } else {
                    isLineStart = false;
                    element(c);
                }
            }
            if (!conditions.isEmpty()) {
                throw error(conditions.element().offset, "expected #endif for this line, found the end of the file");
            }
            target.copy(file, copied, at);
            // So that the end of the text has a place, too, and no word goes on in another file.
            target.replace(file, at, "\n", 0, 1);
        }

        private boolean isActive() {
            return conditions.isEmpty() || conditions.element().isActive;
        }

        private void skipComment() {
            int end = TextScan.endOfComment(text, at);
            if (end < 0) {
                throw error(at, "expected */ behind this, found the end of the file");
            }
            at = end;
        }

        private void element(char c) {
            if (!isActive()) {
                at = c == '"' || c == '\'' ? endOfProse() : at + 1;
            } else if (c == '"') {
                int end = TextScan.endOfString(text, at);
                if (end < 0) {
                    throw error(at, "expected a quote at the end of this string, found the end of the file");
                }
                at = end;
            } else if (c == '\'') {
                int end = TextScan.endOfLiteral(text, at);
                if (end < 0) {
                    throw error(at, "expected ' at the end of this character, found the end of the line");
                }
                at = end;
            } else if (TextScan.isNumber(text, at)) {
                at = TextScan.endOfNumber(text, at);
            } else if (SourceNames.isWordStart(c)) {
                word();
            } else if (c == '/' && text.startsWith(INCLUDE, at)) {
                includeOfDtc();
            } else {
                at++;
            }
        }

        /** Behind what is quoted, or behind a quote without partner, as in "don't": what is left out may be prose. */
        private int endOfProse() {
            if (at < lonelyUntil) {
                return at + 1;
            }
            int end = TextScan.endOfLiteral(text, at);
            if (end < 0) {
                lonelyUntil = TextScan.endOfLine(text, at);
            }
            return Math.max(at + 1, end);
        }

        private void word() {
            int start = at;
            at = TextScan.endOfWord(text, start);
            if (macros.isUsed(text, start, at)) {
                target.copy(file, copied, start);
                macros.expand(text.substring(start, at), file, start);
                copied = at;
            }
        }

        /** {@code /include/ "name"}; anything else of that look, such as the middle of a path, is not for us. */
        private void includeOfDtc() {
            int quote = at + INCLUDE.length();
            while (quote < text.length() && SourceNames.isBlank(text.charAt(quote))) {
                quote++;
            }
            int end = TextScan.charAt(text, quote) == '"' ? TextScan.endOfLiteral(text, quote) : -1;
            if (end < 0) {
                at += INCLUDE.length();
                return;
            }
            target.copy(file, copied, at);
            include(text.substring(quote + 1, end - 1), quote);
            at = end;
            copied = end;
        }

        private boolean isDirective() {
            int start = TextScan.skipBlanks(text, at + 1);
            int end = TextScan.endOfWord(text, start);
            if (end < text.length() && SourceNames.isNameCharacter(text.charAt(end))) {
                return false;
            }
            String word = text.substring(start, Math.min(end, start + DirectiveLine.LONGEST_WORD + 1));
            return DirectiveLine.isKnown(word) || isLineMarker(start, end);
        }

        /** A compiler's preprocessor writes {@code # 1 "file"} in front of what it took from elsewhere. */
        private boolean isLineMarker(int start, int end) {
            return start > at + 1
                    && end > start
                    && text.substring(start, end).chars().allMatch(c -> SourceNames.isDigit((char) c))
                    && TextScan.charAt(text, TextScan.skipBlanks(text, end)) == '"';
        }

        private void directive() {
            if (isActive()) {
                target.copy(file, copied, at);
            }
            int start = at;
            DirectiveLine line = DirectiveLine.read(file, start);
            at = line.end();
            switch (line.word()) {
                case "ifdef", "ifndef" -> begin(line, start);
                case "if" -> {
                    if (isActive()) {
                        throw notSupported(line);
                    }
                    conditions.push(new Condition(start, false, true, false));
                }
                case "else" -> otherwise(start);
                case "elif", "elifdef", "elifndef" -> {
                    if (conditions.isEmpty() || isOuterActive()) {
                        throw notSupported(line);
                    }
                }
                case "endif" -> {
                    open(start, "#endif");
                    conditions.pop();
                }
                default -> {
                    if (isActive()) {
                        activeDirective(line, start);
                    }
                }
            }
            copied = at;
        }

        private void activeDirective(DirectiveLine line, int start) {
            switch (line.word()) {
                case "include" -> include(line.includedName(), line.offset());
                case "define" -> line.define(macros);
                case "undef" -> macros.undefine(line.macroName());
                case "line" -> line.mark();
                case "error" -> throw error(start, "#error " + line.rest());
                case "warning" -> {}
                default -> {
                    if (!SourceNames.isDigit(line.word().charAt(0))) {
                        throw notSupported(line);
                    }
                    line.mark();
                }
            }
        }

        private void begin(DirectiveLine line, int start) {
            boolean isMet = isActive()
                    && macros.isDefined(line.macroName()) == line.word().equals("ifdef");
            // In a part that is left out no branch counts: as if one had been met already.
            conditions.push(new Condition(start, isMet, isMet || !isActive(), false));
        }

        private void otherwise(int start) {
            Condition condition = open(start, "#else");
            if (condition.hadElse) {
                throw error(start, "expected #endif, found a second #else");
            }
            conditions.pop();
            conditions.push(new Condition(condition.offset, !condition.isMet, true, true));
        }

        private Condition open(int start, String found) {
            Condition condition = conditions.peek();
            if (condition == null) {
                throw error(start, "expected #ifdef or #ifndef first, found " + found);
            }
            return condition;
        }

        private boolean isOuterActive() {
            return conditions.stream().skip(1).allMatch(Condition::isActive);
        }

        private void include(String name, int offset) {
            CharSequence found = resolver == null ? null : resolver.resolve(name, file.name());
            String foundName = name;
            if (found == null) {
                found = BuiltInHeaders.find(name);
            } else if (resolver != null) {
                foundName = resolver.nameOf(name, file.name());
            }
            if (found == null) {
                throw ExpandedSource.error(
                        Code.BAD_INCLUDE, file, offset, "no file " + Names.quote(name) + " to include");
            }
            if (++depth > MAX_INCLUDE_DEPTH) {
                throw ExpandedSource.error(
                        Code.BAD_INCLUDE, file, offset, "more than " + MAX_INCLUDE_DEPTH + " files inside each other");
            }
            if (++includes > MAX_INCLUDES) {
                throw ExpandedSource.error(Code.BAD_INCLUDE, file, offset, "more than " + MAX_INCLUDES + " inclusions");
            }
            charactersRead += found.length();
            if (charactersRead > MAX_TEXT) {
                throw tooLarge(file, offset);
            }
            new Pass(new SourceFile(foundName, found.toString())).run();
            depth--;
        }

        private DeviceTreeException notSupported(DirectiveLine line) {
            return error(line.start(), "#" + line.word() + " is not supported");
        }

        private DeviceTreeException error(int offset, String reason) {
            return ExpandedSource.error(Code.SYNTAX, file, offset, reason);
        }
    }
}
