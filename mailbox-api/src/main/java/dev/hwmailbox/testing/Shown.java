// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.testing;

import dev.hwmailbox.Errno;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** How the kit shows things, and keeps them as they were. */
final class Shown {
    private static final int BYTES_SHOWN = 16;
    private static final long NANOS_PER_MICRO = 1_000;
    private static final long NANOS_PER_MILLI = 1_000_000;

    private Shown() {}

    /** Milliseconds with microseconds, or nanoseconds if there are any: {@code +1.500 ms}. */
    static String time(Duration elapsed) {
        long nanos = elapsed.toNanos();
        long fraction = nanos % NANOS_PER_MILLI;
        String digits = fraction % NANOS_PER_MICRO == 0
                ? "%03d".formatted(fraction / NANOS_PER_MICRO)
                : "%06d".formatted(fraction);
        return "+" + nanos / NANOS_PER_MILLI + "." + digits + " ms";
    }

    /** 0 and positive numbers as they are, negative ones by their names. */
    static String status(int status) {
        return status < 0 ? Errno.name(status) : Integer.toString(status);
    }

    /** Text in quotes, bytes in hex, anything else as it shows itself. */
    static String message(@Nullable Object message) {
        if (message instanceof CharSequence text) {
            return "'" + text + "'";
        }
        byte[] bytes = bytes(message);
        if (bytes == null) {
            return Objects.toString(message);
        }
        String hex = HexFormat.ofDelimiter(" ").formatHex(bytes, 0, Math.min(bytes.length, BYTES_SHOWN));
        return "bytes[" + bytes.length + "]" + (hex.isEmpty() ? "" : " " + hex)
                + (bytes.length > BYTES_SHOWN ? " ..." : "");
    }

    /** A copy if it is of bytes: buffers are used again, often as soon as the callback returns. */
    static @Nullable Object snapshot(@Nullable Object message) {
        byte[] copy = bytes(message);
        return copy == null
                ? message
                : message instanceof ByteBuffer buffer
                        ? ByteBuffer.wrap(copy).asReadOnlyBuffer().order(buffer.order())
                        : copy;
    }

    /** A kept message for somebody who may read it to its end. */
    static @Nullable Object fresh(@Nullable Object message) {
        return message instanceof ByteBuffer buffer ? buffer.duplicate().order(buffer.order()) : message;
    }

    /** A message in full, or with its type, for one that looks like another but is not the same. */
    static String difference(@Nullable Object message, @Nullable Object other) {
        byte[] bytes = bytes(message);
        byte[] bytesOfOther = bytes(other);
        if (bytes == null || bytesOfOther == null) {
            return message(message) + (message == null ? "" : " of " + message.getClass());
        }
        int index = Arrays.mismatch(bytes, bytesOfOther);
        return message(message) + " with %02x at index %d".formatted(bytes[index], index);
    }

    /** Bytes are the same if their contents are, whatever holds them. */
    static boolean same(@Nullable Object a, @Nullable Object b) {
        byte[] bytesOfA = bytes(a);
        byte[] bytesOfB = bytes(b);
        return (bytesOfA == null || bytesOfB == null) ? Objects.equals(a, b) : Arrays.equals(bytesOfA, bytesOfB);
    }

    private static byte @Nullable [] bytes(@Nullable Object message) {
        if (message instanceof byte[] array) {
            return array.clone();
        }
        if (message instanceof ByteBuffer buffer) {
            byte[] copy = new byte[buffer.remaining()];
            buffer.duplicate().get(copy);
            return copy;
        }
        return null;
    }
}
