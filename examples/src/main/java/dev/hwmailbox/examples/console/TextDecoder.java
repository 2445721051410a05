// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.console;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CodingErrorAction;

/**
 * UTF-8 that comes in pieces, cut anywhere. What is no UTF-8 is replaced.
 *
 * <p>Context: one thread at a time.
 */
final class TextDecoder {
    private final CharsetDecoder decoder = UTF_8.newDecoder()
            .onMalformedInput(CodingErrorAction.REPLACE)
            .onUnmappableCharacter(CodingErrorAction.REPLACE);

    /** The beginning of a character whose rest has not come. */
    private byte[] cut = new byte[0];

    String decode(byte[] piece) {
        ByteBuffer bytes = ByteBuffer.allocate(cut.length + piece.length);
        bytes.put(cut).put(piece).flip();
        CharBuffer text = CharBuffer.allocate(bytes.remaining());
        decoder.decode(bytes, text, false);
        cut = new byte[bytes.remaining()];
        bytes.get(cut);
        return text.flip().toString();
    }
}
