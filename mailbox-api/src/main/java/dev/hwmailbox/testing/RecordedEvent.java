// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.testing;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * One callback of a client.
 *
 * @param at when, since the start of virtual time; under real time, since the recorder was made
 * @param channel the channel's name, such as {@code fake/0}
 * @param kind which callback
 * @param message its message, or the {@link dev.hwmailbox.ChannelEvent}; bytes are copied
 * @param status the status or errno of a callback that has one, else 0
 * @since 0.1
 */
public record RecordedEvent(
        Duration at, String channel, Kind kind, @Nullable Object message, int status) {
    public RecordedEvent {
        Objects.requireNonNull(at, "at");
        Objects.requireNonNull(channel, "channel");
        Objects.requireNonNull(kind, "kind");
    }

    /**
     * Its message.
     *
     * @return the message, or the {@link dev.hwmailbox.ChannelEvent}; a buffer is another one each time, to be read
     */
    @Override
    public @Nullable Object message() {
        return Shown.fresh(message);
    }

    /**
     * Which callback it was.
     *
     * @since 0.1
     */
    public enum Kind {
        /** {@link dev.hwmailbox.MailboxClient#rxCallback}. */
        RECEIVED("received", true, false),

        /** {@link dev.hwmailbox.MailboxClient#txPrepare}. */
        PREPARED("prepared", true, false),

        /** {@link dev.hwmailbox.MailboxClient#txDone}. */
        TX_DONE("txDone", true, true),

        /** {@link dev.hwmailbox.MailboxClient#writable}. */
        WRITABLE("writable", false, false),

        /** {@link dev.hwmailbox.MailboxClient#refused}. */
        REFUSED("refused", true, true),

        /** {@link dev.hwmailbox.MailboxClient#event}. */
        EVENT("event", true, false);

        private final String word;
        private final boolean hasMessage;
        private final boolean hasStatus;

        Kind(String word, boolean hasMessage, boolean hasStatus) {
            this.word = word;
            this.hasMessage = hasMessage;
            this.hasStatus = hasStatus;
        }
    }

    /**
     * The event without time and channel.
     *
     * @return such as {@code received 'hello'}, {@code txDone bytes[2] 01 ff ETIME}, {@code event CLOSED},
     *     {@code writable}
     */
    public String text() {
        return String.join(" ", textParts());
    }

    private List<String> textParts() {
        return Stream.of(
                        kind.word,
                        kind.hasMessage ? Shown.message(message) : null,
                        kind.hasStatus ? Shown.status(status) : null)
                .filter(Objects::nonNull)
                .toList();
    }

    /** Compares with text that may leave out time and channel. */
    boolean isLike(String expected) {
        String time = Shown.time(at);
        return Stream.of(List.of(time, channel), List.of(time), List.of(channel), List.<String>of())
                .anyMatch(prefix -> isLike(expected.strip(), prefix));
    }

    /** However many spaces there are between the parts; those in a message count. */
    private boolean isLike(String expected, List<String> prefix) {
        List<String> parts = new ArrayList<>(prefix);
        parts.addAll(textParts());
        String rest = " " + expected;
        for (String part : parts) {
            String stripped = rest.stripLeading();
            if (stripped.length() == rest.length() || !stripped.startsWith(part.strip())) {
                return false;
            }
            rest = stripped.substring(part.strip().length());
        }
        return rest.isEmpty();
    }

    /**
     * The event on one line.
     *
     * @return such as {@code +1.500 ms  fake/0  txDone 'hello' ETIME}
     */
    @Override
    public String toString() {
        return Shown.time(at) + "  " + channel + "  " + text();
    }
}
