// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox;

import dev.hwmailbox.internal.Nanos;
import java.time.Duration;
import java.util.Objects;

/**
 * How a client sends. Read once, when the client is bound; a later change has no effect on channels it owns.
 *
 * <p>Context: any thread; immutable.
 *
 * <p>Kernel counterpart: {@code tx_block}, {@code tx_tout} and {@code knows_txdone} of {@code struct mbox_client},
 * include/linux/mailbox_client.h (Linux 6.12).
 *
 * @param txBlock true: {@link MailboxChannel#sendMessage} waits until the message is reported sent
 * @param txTimeout longest wait of a blocking send, not negative; zero stands for {@link #LONGEST_TX_TIMEOUT}, as in
 *     the kernel
 * @param knowsTxDone true: the client learns by itself that a message has left, for example from the answer, and says
 *     so with {@link MailboxChannel#clientTxDone}. Has an effect on polled channels only, which then are not polled
 * @param reportAbandoned true: what is still queued or in flight when the channel closes, or its startup fails, is
 *     reported by {@link MailboxClient#txDone} with {@code -ESHUTDOWN}; false, as in the kernel: it is dropped without
 * @since 0.1
 */
public record ClientOptions(boolean txBlock, Duration txTimeout, boolean knowsTxDone, boolean reportAbandoned) {
    /** What a zero timeout stands for: one hour, the kernel's idea of forever. */
    public static final Duration LONGEST_TX_TIMEOUT = Duration.ofHours(1);

    /** For {@link #txTimeout}: no limit at all; the wait ends when the message is reported or the channel closed. */
    public static final Duration NO_TIMEOUT = Duration.ofNanos(Nanos.FOREVER);

    /**
     * Sends return at once; the client does not know by itself what has left. The default of
     * {@link MailboxClient#options}.
     */
    public static final ClientOptions NON_BLOCKING = new ClientOptions(false, Duration.ZERO, false);

    public ClientOptions {
        Objects.requireNonNull(txTimeout, "txTimeout");
        if (txTimeout.isNegative()) {
            throw new IllegalArgumentException("negative txTimeout: " + txTimeout);
        }
    }

    /**
     * Options with the kernel's choices only.
     *
     * @param txBlock as above
     * @param txTimeout as above
     * @param knowsTxDone as above
     */
    public ClientOptions(boolean txBlock, Duration txTimeout, boolean knowsTxDone) {
        this(txBlock, txTimeout, knowsTxDone, false);
    }

    /**
     * Options of a client whose sends wait.
     *
     * @param txTimeout longest wait, not negative; zero stands for {@link #LONGEST_TX_TIMEOUT}, {@link #NO_TIMEOUT} for
     *     none
     * @return blocking options of a client that does not know by itself what has left
     */
    public static ClientOptions blocking(Duration txTimeout) {
        return new ClientOptions(true, txTimeout, false);
    }

    /**
     * The same options for a client that reports completion by itself.
     *
     * @return a copy with {@link #knowsTxDone} set
     */
    public ClientOptions withKnowsTxDone() {
        return new ClientOptions(txBlock, txTimeout, true, reportAbandoned);
    }

    /**
     * The same options for a client that wants to hear of every message, those included that a close drops.
     *
     * @return a copy with {@link #reportAbandoned} set
     */
    public ClientOptions withReportAbandoned() {
        return new ClientOptions(txBlock, txTimeout, knowsTxDone, true);
    }
}
