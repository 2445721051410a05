// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.devicetree;

/** What node and property names may look like, and how they are shown in messages. */
final class Names {
    /**
     * Longest property name. Property names may share their tails in a blob, so their sum is not bounded by the size of
     * the blob; without a limit a blob of a megabyte can ask for gigabytes of names. 255 is what a file of
     * {@code /proc/device-tree} can be called.
     */
    static final int MAX_PROPERTY_NAME = 255;

    private static final int MAX_QUOTED = 64;

    private Names() {}

    static boolean isNodeName(String name) {
        return isPrintable(name) && name.indexOf('/') < 0;
    }

    static boolean isPropertyName(String name) {
        return isPrintable(name) && name.length() <= MAX_PROPERTY_NAME;
    }

    static String badNode(String name, String parentPath) {
        return "node name " + quote(name) + " in " + parentPath;
    }

    static String badProperty(String name, String nodePath) {
        return "property name " + quote(name) + " in " + nodePath
                + (name.length() > MAX_PROPERTY_NAME ? ": longer than " + MAX_PROPERTY_NAME + " characters" : "");
    }

    /** A name in double quotes, cut to a bearable length, with everything unprintable escaped. */
    static String quote(String name) {
        var text = new StringBuilder("\"");
        for (char c : name.substring(0, Math.min(name.length(), MAX_QUOTED)).toCharArray()) {
            DtsPrinter.appendEscaped(text, c);
        }
        return text.append(name.length() > MAX_QUOTED ? "...\"" : "\"").toString();
    }

    private static boolean isPrintable(String name) {
        for (int i = 0; i < name.length(); i++) {
            if (name.charAt(i) < 0x21 || name.charAt(i) > 0x7e) {
                return false;
            }
        }
        return !name.isEmpty();
    }
}
