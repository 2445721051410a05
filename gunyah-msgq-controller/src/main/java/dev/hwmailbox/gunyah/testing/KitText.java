// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.testing;

import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** How this kit shows things, and compares what it shows with what is expected. */
final class KitText {
    private static final int BYTES_SHOWN = 16;
    private static final long FOREVER = Long.MAX_VALUE / 2;

    private KitText() {}

    static String bytes(byte[] buffer, int offset, int length) {
        int shown = Math.min(length, BYTES_SHOWN);
        String hex = HexFormat.ofDelimiter(" ").formatHex(buffer, offset, offset + shown);
        return "bytes[" + length + "]" + (hex.isEmpty() ? "" : " " + hex) + (shown < length ? " ..." : "");
    }

    static String bytes(byte[] message) {
        return bytes(message, 0, message.length);
    }

    /** Milliseconds with microseconds, or with nanoseconds if there are any: {@code +1.500 ms}. */
    static String time(Duration elapsed) {
        long nanos = elapsed.toNanos();
        long fraction = nanos % 1_000_000;
        String digits = fraction % 1_000 == 0 ? "%03d".formatted(fraction / 1_000) : "%06d".formatted(fraction);
        return "+" + nanos / 1_000_000 + "." + digits + " ms";
    }

    static long nanos(Duration delay) {
        Objects.requireNonNull(delay, "delay");
        if (delay.isNegative()) {
            throw new IllegalArgumentException("negative delay: " + delay);
        }
        return delay.toSeconds() >= FOREVER / 1_000_000_000 ? FOREVER : delay.toNanos();
    }

    /** Fails unless each text ends in the expected one: what is expected may leave out the time. */
    static void compare(String what, List<String> expected, List<String> actual) {
        int common = Math.min(expected.size(), actual.size());
        int first = IntStream.range(0, common)
                .filter(i -> !isLike(actual.get(i), expected.get(i)))
                .findFirst()
                .orElse(common);
        if (first < common || expected.size() != actual.size()) {
            throw new AssertionError(
                    what + " differ\n  expected:" + lines(expected, first) + "\n  but was:" + lines(actual, first));
        }
    }

    /** Fails unless the messages are the same, byte for byte. */
    static void compareBytes(String what, List<byte[]> expected, List<byte[]> actual) {
        compare(what, inFull(expected), inFull(actual));
    }

    private static List<String> inFull(List<byte[]> messages) {
        HexFormat hex = HexFormat.ofDelimiter(" ");
        return messages.stream()
                .map(message -> "bytes[" + message.length + "] " + hex.formatHex(message))
                .toList();
    }

    private static boolean isLike(String actual, String expected) {
        return actual.equals(expected) || actual.endsWith(" ms  " + expected);
    }

    /** One line for each text, the marked one with an arrow; it may be one behind the last. */
    private static String lines(List<String> texts, int marked) {
        return IntStream.rangeClosed(0, texts.size())
                .filter(i -> i < texts.size() || i == marked)
                .mapToObj(i -> (i == marked ? "\n  > " : "\n    ") + (i < texts.size() ? texts.get(i) : "(nothing)"))
                .collect(Collectors.joining());
    }
}
