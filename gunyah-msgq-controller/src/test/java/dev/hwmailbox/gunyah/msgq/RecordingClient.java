// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.msgq;

import dev.hwmailbox.Errno;
import dev.hwmailbox.MailboxChannel;
import dev.hwmailbox.MailboxClient;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Writes down what a client hears. Messages are text. */
class RecordingClient implements MailboxClient {
    final List<String> received = new ArrayList<>();
    final List<String> done = new ArrayList<>();

    @Override
    public void rxCallback(MailboxChannel channel, @Nullable Object message) {
        ByteBuffer bytes = (ByteBuffer) Objects.requireNonNull(message);
        received.add(StandardCharsets.US_ASCII.decode(bytes).toString());
    }

    @Override
    public void txDone(MailboxChannel channel, @Nullable Object message, int status) {
        done.add(status == 0 ? "ok" : Errno.name(status));
    }

    static MsgqMessage message(String text) {
        return MsgqMessage.of(bytes(text));
    }

    static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }
}
