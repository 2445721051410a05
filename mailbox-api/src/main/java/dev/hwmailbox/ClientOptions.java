// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox;

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
 * @param txTimeout longest wait of a blocking send, not negative; zero stands for {@link #LONGEST_TX_TIMEOUT}, as in the
 *     kernel
 * @param knowsTxDone true: the client learns by itself that a message has left, for example from the answer, and says so
 *     with {@link MailboxChannel#clientTxDone}. Has an effect on polled channels only, which then are not polled
 * @since 0.1
 */
public record ClientOptions(boolean txBlock, Duration txTimeout, boolean knowsTxDone) {
    /** What a zero timeout stands for: one hour, the kernel's idea of forever. */
    public static final Duration LONGEST_TX_TIMEOUT = Duration.ofHours(1);

    /** Sends return at once; completion is reported by the controller. The default of {@link MailboxClient#options}. */
    public static final ClientOptions NON_BLOCKING = new ClientOptions(false, Duration.ZERO, false);

    public ClientOptions {
        Objects.requireNonNull(txTimeout, "txTimeout");
        if (txTimeout.isNegative()) {
            throw new IllegalArgumentException("negative txTimeout: " + txTimeout);
        }
    }

    /**
     * Options of a client whose sends wait.
     *
     * @param txTimeout longest wait, not negative; zero stands for {@link #LONGEST_TX_TIMEOUT}
     * @return blocking options, completion reported by the controller
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
        return new ClientOptions(txBlock, txTimeout, true);
    }
}
