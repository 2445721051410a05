// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.soak;

import dev.hwmailbox.MailboxChannel;
import dev.hwmailbox.MailboxClient;
import dev.hwmailbox.examples.machine.GuestConnection;
import dev.hwmailbox.gunyah.msgq.MsgqMessage;
import dev.hwmailbox.gunyah.rm.ChannelSubscriber;
import dev.hwmailbox.gunyah.rm.VmChannel;
import java.nio.ByteBuffer;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** What runs in the guest: sends back what the host sends. */
final class EchoProgram implements MailboxClient, ChannelSubscriber, AutoCloseable {
    EchoProgram(GuestConnection connection) {
        connection.channels().subscribe(this, GuestConnection.TO_OWNER, this);
    }

    @Override
    public void bound(MailboxChannel channel, VmChannel queues) {}

    @Override
    public void rxCallback(MailboxChannel channel, @Nullable Object message) {
        ByteBuffer bytes = (ByteBuffer) Objects.requireNonNull(message, "message");
        byte[] copy = new byte[bytes.remaining()];
        bytes.get(bytes.position(), copy);
        channel.sendMessage(MsgqMessage.of(copy));
    }

    @Override
    public void close() {}
}
