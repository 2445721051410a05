// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.devicetree;

import dev.hwmailbox.devicetree.DeviceTreeException.Code;
import dev.hwmailbox.devicetree.SourceLexer.Label;
import dev.hwmailbox.devicetree.SourceTree.Reference;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** The values of properties: strings, cells, bytes, paths, and labels in between. */
final class ValueParser {
    static final Value EMPTY = new Value(new byte[0], List.of(), List.of());

    private static final String A_NUMBER = "a number, a character or an expression in parentheses";

    private final SourceLexer lexer;
    private final CellExpression expressions;
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private List<Reference> references = List.of();
    private List<Label> labels = List.of();

    /** Bytes, in which 0xffffffff stands for each reference in a cell and nothing for each path. */
    @SuppressWarnings("ArrayRecordComponent")
    record Value(byte[] bytes, List<Reference> references, List<Label> labels) {}

    ValueParser(SourceLexer lexer) {
        this.lexer = lexer;
        expressions = new CellExpression(lexer);
    }

    static byte[] terminated(String text) {
        return (text + "\0").getBytes(StandardCharsets.UTF_8);
    }

    long number64() {
        return expressions.value(A_NUMBER);
    }

    /** Values with commas in between. */
    Value list() {
        bytes.reset();
        references = new ArrayList<>(0);
        labels = new ArrayList<>(0);
        do {
            labels();
            value();
            labels();
        } while (lexer.take(','));
        return new Value(bytes.toByteArray(), references, labels);
    }

    private void labels() {
        for (Label label = lexer.takeLabel(); label != null; label = lexer.takeLabel()) {
            labels.add(label);
        }
    }

    private void value() {
        switch (lexer.peek()) {
            case '"' -> lexer.string(bytes);
            case '<' -> cells(Integer.SIZE);
            case '[' -> byteString();
            case '&' -> reference(false);
            default -> directive();
        }
    }

    private void directive() {
        int position = lexer.offset();
        if (lexer.takeDirective("incbin")) {
            throw lexer.error(position, "/incbin/ is not supported");
        }
        if (!lexer.takeDirective("bits")) {
            throw lexer.expected("a string, '<', '[', a reference or /bits/");
        }
        int bitsPosition = lexer.offset();
        long bits = lexer.isNumber() ? lexer.number() : 0;
        if (bits != Byte.SIZE && bits != Short.SIZE && bits != Integer.SIZE && bits != Long.SIZE) {
            throw lexer.error(bitsPosition, "expected 8, 16, 32 or 64 behind /bits/");
        }
        cells((int) bits);
    }

    private void cells(int bits) {
        lexer.expect('<');
        while (!lexer.take('>')) {
            labels();
            if (lexer.peek() == '&') {
                if (bits != Integer.SIZE) {
                    throw lexer.error(
                            lexer.offset(), "expected a number of " + bits + " bits, found a reference, which has 32");
                }
                reference(true);
            } else if (lexer.peek() != '>') {
                cell(bits);
            }
        }
    }

    private void cell(int bits) {
        int position = lexer.offset();
        long value = expressions.value("a number, a character, a reference, an expression in parentheses or '>'");
        long above = bits == Long.SIZE ? 0 : value >> bits;
        if (above != 0 && above != -1) {
            // Negative numbers have ones above their own bits.
            throw lexer.error(
                    Code.BAD_VALUE, position, "0x" + Long.toHexString(value) + " does not fit into " + bits + " bits");
        }
        for (int shift = bits - Byte.SIZE; shift >= 0; shift -= Byte.SIZE) {
            bytes.write((int) (value >> shift));
        }
    }

    private void reference(boolean isCell) {
        int position = lexer.offset();
        references.add(new Reference(lexer.reference(), position, bytes.size(), isCell));
        for (int i = 0; isCell && i < Integer.BYTES; i++) {
            bytes.write(0xff);
        }
    }

    private void byteString() {
        lexer.expect('[');
        while (!lexer.take(']')) {
            Label label = lexer.takeLabel();
            if (label != null) {
                labels.add(label);
            } else {
                bytes.write(lexer.twoHexDigits());
            }
        }
    }
}
