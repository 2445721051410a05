// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm.testing;

import dev.hwmailbox.Errno;
import dev.hwmailbox.MailboxChannel;
import dev.hwmailbox.MailboxClient;
import dev.hwmailbox.MailboxException;
import dev.hwmailbox.gunyah.rm.RmFrameCarrier;

/** A channel with both of its ends. */
interface FrameLink extends AutoCloseable {
    RmFrameCarrier carrier();

    /** The end of the client. */
    MailboxChannel requestNear(MailboxClient client);

    /** The end of the Resource Manager. */
    MailboxChannel requestFar(MailboxClient client);

    /** Tells the client's end that its peer was reset. */
    void reset(MailboxChannel near);

    @Override
    void close();

    static MailboxException refusal() {
        return new MailboxException(Errno.ENODEV, "the test wants no channel now");
    }
}
