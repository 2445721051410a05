// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.devicetree;

/** What names may look like in devicetree source; blobs may hold others, see {@link Names}. */
final class SourceNames {
    private static final int MAX_SHOWN_PATH = 256;

    private SourceNames() {}

    /** Letters, digits, {@code , . _ + -} and at most one {@code @}. */
    static boolean isNodeName(String name) {
        boolean allowed = !name.isEmpty() && name.indexOf('@') == name.lastIndexOf('@');
        for (int i = 0; i < name.length() && allowed; i++) {
            allowed = isCommonCharacter(name.charAt(i)) || name.charAt(i) == '@';
        }
        return allowed;
    }

    /** Letters, digits and {@code , . _ + - ? # *}. */
    static boolean isPropertyName(String name) {
        boolean allowed = !name.isEmpty() && name.length() <= Names.MAX_PROPERTY_NAME;
        for (int i = 0; i < name.length() && allowed; i++) {
            allowed = isCommonCharacter(name.charAt(i)) || "?#*".indexOf(name.charAt(i)) >= 0;
        }
        return allowed;
    }

    /** Whether a character may stand in a name of a node or of a property. */
    static boolean isNameCharacter(char c) {
        return isCommonCharacter(c) || "?#*@".indexOf(c) >= 0;
    }

    private static boolean isCommonCharacter(char c) {
        return isWordCharacter(c) || ",.+-".indexOf(c) >= 0;
    }

    /** Whether a text may be a label. */
    static boolean isIdentifier(String text) {
        boolean allowed = !text.isEmpty() && isWordStart(text.charAt(0));
        for (int i = 1; i < text.length() && allowed; i++) {
            allowed = isWordCharacter(text.charAt(i));
        }
        return allowed;
    }

    static boolean isWordStart(char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
    }

    static boolean isWordCharacter(char c) {
        return isWordStart(c) || isDigit(c);
    }

    static boolean isDigit(char c) {
        return c >= '0' && c <= '9';
    }

    static boolean isBlank(char c) {
        return c == ' ' || (c >= '\t' && c <= '\r');
    }

    /** A path as it may stand in a message. */
    static String cut(String path) {
        return path.length() <= MAX_SHOWN_PATH ? path : path.substring(0, MAX_SHOWN_PATH) + "...";
    }
}
