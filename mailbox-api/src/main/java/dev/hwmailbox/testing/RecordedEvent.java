// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.testing;

import java.time.Duration;
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
        return kind.word
                + (kind.hasMessage ? " " + Shown.message(message) : "")
                + (kind.hasStatus ? " " + Shown.status(status) : "");
    }

    /** Compares with text that may leave out time and channel. */
    boolean isLike(String expected) {
        String wanted = oneSpace(expected);
        return Stream.of(toString(), Shown.time(at) + " " + text(), channel + " " + text(), text())
                .anyMatch(form -> oneSpace(form).equals(wanted));
    }

    private static String oneSpace(String text) {
        return text.strip().replaceAll("\\s+", " ");
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
