// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.pcc;

import dev.hwmailbox.MailboxChannel;
import java.nio.ByteBuffer;

/**
 * What a client of the {@link PccController} gets: the channel, and with it the window and the figures of its subspace.
 *
 * <p>Context: any thread.
 *
 * <p>Kernel counterpart: what {@code pcc_mbox_request_channel} returns, drivers/mailbox/pcc.c (Linux 6.12).
 */
final class PccChannel implements AutoCloseable {
    private final MailboxChannel channel;
    private final PccLink link;

    PccChannel(MailboxChannel channel, PccLink link) {
        this.channel = channel;
        this.link = link;
    }

    /** The channel, for sending and reporting. */
    MailboxChannel mailbox() {
        return channel;
    }

    /** The figures. */
    PccSubspace subspace() {
        return link.subspace();
    }

    /**
     * The window, in the byte order of the platform; to be accessed by position, as it is the same object each time.
     *
     * @throws IllegalStateException if the channel is closed
     */
    ByteBuffer window() {
        ByteBuffer window = link.window();
        if (window == null || channel.isClosed()) {
            throw new IllegalStateException("channel is closed (" + channel + ")");
        }
        return window;
    }

    /** How the last command ended: 0, or a negative errno. */
    int status() {
        return link.status();
    }

    /**
     * Frees the channel: its window is no longer accessible, its interrupt free. Closing again does nothing.
     *
     * <p>Kernel counterpart: {@code pcc_mbox_free_channel}, drivers/mailbox/pcc.c (Linux 6.12).
     */
    @Override
    public void close() {
        channel.close();
    }

    @Override
    public String toString() {
        return channel + ": " + subspace();
    }
}
