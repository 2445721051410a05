// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.devicetree;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/** Writes blobs token by token, right or wrong: header, an empty reservation list, structure, strings. */
final class RawBlob {
    static final int STRUCTURE = 56;

    private final ByteArrayOutputStream structure = new ByteArrayOutputStream();
    private final ByteArrayOutputStream strings = new ByteArrayOutputStream();

    RawBlob token(int token) {
        structure.writeBytes(ByteBuffer.allocate(4).putInt(token).array());
        return this;
    }

    RawBlob begin(String name) {
        token(BlobFormat.BEGIN_NODE);
        structure.writeBytes(latin1(name));
        structure.write(0);
        return pad();
    }

    RawBlob end() {
        return token(BlobFormat.END_NODE);
    }

    RawBlob property(String name, int... cells) {
        int offset = strings.size();
        strings.writeBytes(latin1(name));
        strings.write(0);
        return propertyAt(offset, cells);
    }

    RawBlob propertyAt(int nameOffset, int... cells) {
        token(BlobFormat.PROP).token(cells.length * 4).token(nameOffset);
        for (int cell : cells) {
            token(cell);
        }
        return this;
    }

    RawBlob strings(String text) {
        strings.writeBytes(latin1(text));
        return this;
    }

    /** The blob as it stands, with END if it is to have one. */
    ByteBuffer blob() {
        int structureEnd = STRUCTURE + structure.size();
        var blob = ByteBuffer.allocate(structureEnd + strings.size());
        blob.putInt(BlobFormat.MAGIC).putInt(blob.capacity()).putInt(STRUCTURE).putInt(structureEnd);
        blob.putInt(40).putInt(17).putInt(16).putInt(0).putInt(strings.size()).putInt(structure.size());
        blob.putLong(0).putLong(0).put(structure.toByteArray()).put(strings.toByteArray());
        return blob.flip();
    }

    private RawBlob pad() {
        while (structure.size() % 4 != 0) {
            structure.write(0);
        }
        return this;
    }

    private static byte[] latin1(String text) {
        return text.getBytes(StandardCharsets.ISO_8859_1);
    }
}
