// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.devicetree;

import dev.hwmailbox.devicetree.DeviceTreeException.Code;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The macros in force, and their expansion into the text. */
final class Macros {
    /** Most characters of macros that are looked at for one source, all expansions together. */
    static final int MAX_EXPANSION = 1 << 22;

    /** Most macros inside each other. */
    static final int MAX_DEPTH = 128;

    private final Map<String, Macro> macros = new HashMap<>();
    private final ExpandedSource target;
    private int expanded;

    /** A constant, or a macro with parameters: its body is not kept, it may be defined but not used. */
    private static final class Macro {
        private final @Nullable String body;

        /** A macro is not expanded inside itself. */
        private boolean isInUse;

        Macro(@Nullable String body) {
            this.body = body;
        }
    }

    Macros(ExpandedSource target) {
        this.target = target;
    }

    void define(String name, String body) {
        macros.put(name, new Macro(body));
    }

    void defineWithParameters(String name) {
        macros.put(name, new Macro(null));
    }

    void undefine(String name) {
        macros.remove(name);
    }

    boolean isDefined(String name) {
        return macros.containsKey(name);
    }

    /** Whether the word that ends here is to be replaced. */
    boolean isUsed(String text, int start, int end) {
        if (macros.isEmpty()) {
            return false;
        }
        Macro macro = macros.get(text.substring(start, end));
        return macro != null && !macro.isInUse && (macro.body != null || isCall(text, end));
    }

    private static boolean isCall(String text, int end) {
        int at = end;
        while (at < text.length() && SourceNames.isBlank(text.charAt(at))) {
            at++;
        }
        return TextScan.charAt(text, at) == '(';
    }

    /** Puts what the macro stands for in the place of the word at the offset. */
    void expand(String name, SourceFile file, int offset) {
        expand(name, file, offset, 1);
    }

    private void expand(String name, SourceFile file, int offset, int depth) {
        Macro macro = macros.get(name);
        if (macro == null || macro.body == null) {
            throw ExpandedSource.error(
                    Code.SYNTAX, file, offset, "macro " + Names.quote(name) + " has parameters: not supported");
        }
        if (depth > MAX_DEPTH) {
            throw ExpandedSource.error(
                    Code.TOO_LARGE, file, offset, "more than " + MAX_DEPTH + " macros inside each other");
        }
        // An empty macro counts too: thousands of them may hide in one word.
        expanded += macro.body.length() + 1;
        if (expanded > MAX_EXPANSION) {
            throw ExpandedSource.error(
                    Code.TOO_LARGE, file, offset, "macros expand to more than " + MAX_EXPANSION + " characters");
        }
        macro.isInUse = true;
        expandBody(macro.body, file, offset, depth);
        macro.isInUse = false;
    }

    private void expandBody(String body, SourceFile file, int offset, int depth) {
        int copied = 0;
        int at = 0;
        while (at < body.length()) {
            char c = body.charAt(at);
            int end = at + 1;
            if (c == '"' || c == '\'') {
                int close = TextScan.endOfLiteral(body, at);
                end = close < 0 ? body.length() : close;
            } else if (TextScan.isNumber(body, at)) {
                end = TextScan.endOfNumber(body, at);
            } else if (SourceNames.isWordStart(c)) {
                end = TextScan.endOfWord(body, at);
                if (isUsed(body, at, end)) {
                    target.replace(file, offset, body, copied, at);
                    expand(body.substring(at, end), file, offset, depth + 1);
                    copied = end;
                }
            }
            at = end;
        }
        target.replace(file, offset, body, copied, body.length());
    }
}
