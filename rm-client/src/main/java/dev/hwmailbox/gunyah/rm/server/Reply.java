// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm.server;

import dev.hwmailbox.MailboxException;
import dev.hwmailbox.gunyah.rm.protocol.RmError;
import dev.hwmailbox.gunyah.rm.protocol.RmMessage;
import dev.hwmailbox.gunyah.rm.protocol.RmPayload;
import java.util.function.BiConsumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The one reply to one request; a second one is dropped. */
final class Reply {
    private static final Logger LOG = LoggerFactory.getLogger(Reply.class);

    private final RmMessage request;
    private final BiConsumer<RmMessage, String> sender;
    private boolean sent;

    Reply(RmMessage request, BiConsumer<RmMessage, String> sender) {
        this.request = request;
        this.sender = sender;
    }

    void ok() {
        send(RmError.OK, new byte[0], "");
    }

    void ok(RmPayload data) {
        send(RmError.OK, data.encode(), "");
    }

    void refuse(int errorWord, MailboxException why) {
        refuse(errorWord, String.valueOf(why.getMessage()));
    }

    void refuse(int errorWord, String reason) {
        send(errorWord, new byte[0], reason);
    }

    private void send(int errorWord, byte[] data, String reason) {
        if (sent) {
            LOG.error("{} has been answered, and now: {} {}", request, RmError.name(errorWord), reason);
            return;
        }
        sent = true;
        sender.accept(RmMessage.reply(request.messageId(), request.sequence(), errorWord, data), reason);
    }
}
