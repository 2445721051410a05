// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.devicetree;

import java.nio.ByteBuffer;
import java.util.HexFormat;
import java.util.StringJoiner;

/** Prints trees in the form of devicetree source. Values have no types in a blob: text, cells or bytes is a guess. */
final class DtsPrinter {
    private final StringBuilder text = new StringBuilder();

    private DtsPrinter() {}

    static String print(DeviceTree tree) {
        var printer = new DtsPrinter();
        printer.text.append("/dts-v1/;\n");
        tree.memoryReservations()
                .forEach(reservation -> printer.text.append(reservation).append(";\n"));
        printer.text.append('\n');
        printer.append(tree.root(), "");
        return printer.text.toString();
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
        text.append(indent).append(node.name().isEmpty() ? "/" : node.name()).append(" {\n");
        String inner = indent + "\t";
        for (Property property : node.properties()) {
            text.append(inner);
            append(property);
            text.append('\n');
        }
        for (Node child : node.children()) {
            append(child, inner);
        }
        text.append(indent).append("};\n");
    }

    private void append(Property property) {
        text.append(property.name());
        if (property.length() > 0) {
            text.append(" = ");
            appendValue(property);
        }
        text.append(';');
    }

    private void appendValue(Property property) {
        if (property.length() == 0) {
            return;
        }
        if (looksLikeText(property.bytes())) {
            appendStrings(property.bytes());
        } else if (property.length() % Integer.BYTES == 0) {
            appendCells(property.cells());
        } else {
            appendBytes(property.bytes());
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
        text.append('"');
        while (value.hasRemaining()) {
            byte b = value.get();
            if (b != 0) {
                appendEscaped(text, (char) b);
            } else if (value.hasRemaining()) {
                text.append("\", \"");
            }
        }
        text.append('"');
    }

    private void appendCells(int[] cells) {
        var joiner = new StringJoiner(" ", "<", ">");
        for (int cell : cells) {
            joiner.add("0x%08x".formatted(cell));
        }
        text.append(joiner);
    }

    private void appendBytes(ByteBuffer value) {
        var bytes = new byte[value.remaining()];
        value.get(bytes);
        text.append('[').append(HexFormat.ofDelimiter(" ").formatHex(bytes)).append(']');
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
                    text.append("\\x%02x".formatted((int) c));
                }
            }
        }
    }
}
