// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.gpio;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.regex.Pattern;

/**
 * The names of all lines as one block, each ended by a zero byte, as include/uapi/linux/virtio_gpio.h (Linux) has them.
 * Ours: virtio says in its configuration space how many lines there are; here it is the number of zero bytes.
 */
final class GpioNames {
    /** Ours: more is taken for a device that never ends. */
    static final int MAX_BLOCK = 16 << 10;

    private GpioNames() {}

    static byte[] block(List<String> names) {
        ByteArrayOutputStream block = new ByteArrayOutputStream();
        for (String name : names) {
            if (name.indexOf('\0') >= 0) {
                throw new IllegalArgumentException("a name with a zero byte: " + name);
            }
            block.writeBytes((name + '\0').getBytes(StandardCharsets.UTF_8));
        }
        if (block.size() > MAX_BLOCK) {
            throw new IllegalArgumentException("names of " + block.size() + " bytes, at most " + MAX_BLOCK);
        }
        return block.toByteArray();
    }

    /** What of the block goes into one message. */
    static ByteBuffer piece(byte[] block, int offset) {
        int length = Math.min(GpioRecord.NAMES_LENGTH, block.length - offset);
        return ByteBuffer.wrap(block, offset, length).slice().asReadOnlyBuffer();
    }

    /** The names of a whole block; what follows the last zero byte is one more, damaged name and is left out. */
    static List<String> names(byte[] block) {
        String text = new String(block, StandardCharsets.UTF_8);
        List<String> names = List.of(Pattern.compile("\0").split(text, -1));
        return names.subList(0, names.size() - 1);
    }
}
