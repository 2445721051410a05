// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.devicetree;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Prints trees in the form of devicetree source. Values have no types in a blob: text, cells or bytes is a guess. */
final class DtsPrinter {
    private static final String HEX = "0123456789abcdef";

    /** Where a list of values goes on in the next line. A tab counts eight. */
    private static final int MAX_COLUMN = 100;

    private static final int TAB = 8;

    private final StringBuilder text = new StringBuilder();

    /** What stands in front of a value that goes on in the next line; empty if it is to stay in one. */
    private String continuation = "";

    private int column;

    /** The labels that {@code /__symbols__} gives to nodes, by their full paths. */
    private final Map<Node, List<String>> labels = new HashMap<>();

    private DtsPrinter() {}

    static String print(DeviceTree tree) {
        var printer = new DtsPrinter();
        printer.text.append("/dts-v1/;\n");
        tree.memoryReservations()
                .forEach(reservation -> printer.text.append(reservation).append(";\n"));
        printer.text.append('\n');
        printer.findLabels(tree);
        printer.append(tree.root(), "");
        return printer.text.toString();
    }

    private void findLabels(DeviceTree tree) {
        var paths = new NodePaths(tree.root());
        tree.root().child("__symbols__").ifPresent(symbols -> {
            for (Property symbol : symbols.properties()) {
                if (SourceNames.isIdentifier(symbol.name()) && symbol.length() > 1 && symbol.isStringList()) {
                    String path = symbol.string();
                    Node node = paths.find(path);
                    if (node != null && node.path().equals(path)) {
                        labels.computeIfAbsent(node, absent -> new ArrayList<>(1))
                                .add(symbol.name());
                    }
                }
            }
        });
    }

    static String print(Property property) {
        var printer = new DtsPrinter();
        printer.append(property);
        return printer.text.toString();
    }

    static String printValue(Property property) {
        var printer = new DtsPrinter();
        printer.appendValue(property);
        return printer.text.toString();
    }

    private void append(Node node, String indent) {
        text.append(indent);
        if (node.parent() == null) {
            text.append(node.name().isEmpty() ? "/" : node.name());
        } else {
            labels.getOrDefault(node, List.of())
                    .forEach(label -> text.append(label).append(": "));
            text.append(node.name());
        }
        text.append(" {\n");
        String inner = indent + "\t";
        continuation = inner + "\t";
        for (Property property : node.properties()) {
            begin(property, inner);
            append(property);
            text.append('\n');
        }
        for (Node child : node.children()) {
            append(child, inner);
        }
        text.append(indent).append("};\n");
    }

    /** A property such as {@code #include} may not come first in its line. */
    private void begin(Property property, String indent) {
        if (property.name().startsWith("#")
                && DirectiveLine.isKnown(property.name().substring(1))) {
            text.setCharAt(text.length() - 1, ' ');
        } else {
            text.append(indent);
        }
        column = indent.length() * TAB;
    }

    private void append(Property property) {
        text.append(property.name());
        if (property.length() > 0) {
            text.append(" = ");
            column += property.name().length() + 3;
            appendValue(property);
        }
        text.append(';');
    }

    private void appendValue(Property property) {
        if (property.length() == 0) {
            return;
        }
        ByteBuffer value = property.bytes();
        if (looksLikeText(property.bytes())) {
            appendStrings(value);
        } else if (property.length() % Integer.BYTES == 0) {
            text.append('<');
            while (value.hasRemaining()) {
                separate(" 0x00000000".length(), value.position() > 0);
                text.append("0x");
                appendHex(text, value.getInt(), Integer.BYTES);
            }
            text.append('>');
        } else {
            text.append('[');
            while (value.hasRemaining()) {
                separate(" 00".length(), value.position() > 0);
                appendHex(text, value.get(), 1);
            }
            text.append(']');
        }
    }

    /** A blank between two elements, or the next line if the second one would go too far. */
    private void separate(int width, boolean isBetween) {
        column += width;
        if (!isBetween) {
            return;
        }
        if (column > MAX_COLUMN && !continuation.isEmpty()) {
            text.append('\n').append(continuation);
            column = continuation.length() * TAB + width;
        } else {
            text.append(' ');
        }
    }

    /** Printable strings, each of them non-empty and terminated. */
    private static boolean looksLikeText(ByteBuffer value) {
        byte previous = 0;
        while (value.hasRemaining()) {
            byte b = value.get();
            boolean printable = (b >= 0x20 && b < 0x7f) || (b >= '\t' && b <= '\r');
            if (!printable && (b != 0 || previous == 0)) {
                return false;
            }
            previous = b;
        }
        return previous == 0;
    }

    private void appendStrings(ByteBuffer value) {
        while (value.hasRemaining()) {
            boolean isFirst = value.position() == 0;
            if (!isFirst) {
                text.append(',');
            }
            separate(lengthOfString(value) + "\"\", ".length(), !isFirst);
            text.append('"');
            for (byte b = value.get(); b != 0; b = value.get()) {
                appendEscaped(text, (char) b);
            }
            text.append('"');
        }
    }

    private static int lengthOfString(ByteBuffer value) {
        int end = value.position();
        while (value.get(end) != 0) {
            end++;
        }
        return end - value.position();
    }

    private static void appendHex(StringBuilder text, int value, int bytes) {
        for (int shift = 8 * bytes - 4; shift >= 0; shift -= 4) {
            text.append(HEX.charAt(value >>> shift & 0xf));
        }
    }

    static void appendEscaped(StringBuilder text, char c) {
        switch (c) {
            case '\t' -> text.append("\\t");
            case '\n' -> text.append("\\n");
            case '\r' -> text.append("\\r");
            case '"' -> text.append("\\\"");
            case '\\' -> text.append("\\\\");
            default -> {
                if (c >= 0x20 && c < 0x7f) {
                    text.append(c);
                } else {
                    text.append("\\x");
                    appendHex(text, c, c > 0xff ? 2 : 1);
                }
            }
        }
    }
}
