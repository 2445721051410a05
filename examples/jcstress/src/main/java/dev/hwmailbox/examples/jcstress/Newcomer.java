// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.jcstress;

import dev.hwmailbox.MailboxChannel;
import dev.hwmailbox.MailboxClient;
import dev.hwmailbox.MailboxException;
import dev.hwmailbox.controller.ControllerChannel;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** A client that wants a channel which may have an owner. */
final class Newcomer implements MailboxClient {
    private @Nullable MailboxChannel channel;
    private final AtomicInteger reported = new AtomicInteger();

    /**
     * Tries to become the owner.
     *
     * @return 0 or a negative errno
     */
    int bind(ControllerChannel hardware) {
        try {
            channel = hardware.bindClient(this);
            return 0;
        } catch (MailboxException e) {
            return -e.errno();
        }
    }

    /** Sends as owner; otherwise does nothing. */
    void send(int message) {
        if (channel != null) {
            channel.sendMessage(message);
        }
    }

    int reported() {
        return reported.get();
    }

    @Override
    public void txDone(MailboxChannel onChannel, @Nullable Object message, int status) {
        reported.incrementAndGet();
    }
}
