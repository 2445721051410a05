// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.rm;

import dev.hwmailbox.ClientOptions;
import dev.hwmailbox.MailboxChannel;
import dev.hwmailbox.MailboxClient;
import dev.hwmailbox.gunyah.msgq.MsgqMessage;
import dev.hwmailbox.gunyah.rm.protocol.RmFrame;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Stands in the host VM for whoever is at the other end of a socket: passes frames from the socket to the host's
 * channel and back. Whoever does not read holds up only himself: the frames stay in the queue, as with a guest that
 * does not read.
 */
final class HostBridge implements MailboxClient {
    private static final Logger LOG = LoggerFactory.getLogger(HostBridge.class);

    private static final Duration SEND_TIMEOUT = Duration.ofSeconds(10);

    private final FrameStream stream;

    HostBridge(FrameStream stream) {
        this.stream = stream;
    }

    @Override
    public ClientOptions options() {
        return ClientOptions.blocking(SEND_TIMEOUT);
    }

    /** Passes on what comes from the socket until it ends; returns why it did. */
    String serve(MailboxChannel channel) {
        try {
            RmFrame frame = stream.read();
            while (frame != null) {
                byte[] bytes = frame.toBytes();
                int result = channel.sendMessage(MsgqMessage.of(bytes, 0, bytes.length, frame.push()));
                if (result < 0) {
                    return "the Resource Manager takes no more frames: " + result;
                }
                frame = stream.read();
            }
            return "the other side has closed the connection";
        } catch (IOException e) {
            return Objects.requireNonNullElse(e.getMessage(), e.getClass().getSimpleName());
        }
    }

    @Override
    public void rxCallback(MailboxChannel channel, @Nullable Object message) {
        try {
            stream.write(RmFrame.of((ByteBuffer) Objects.requireNonNull(message, "message"), true));
        } catch (IOException e) { // whoever reads from the socket sees that it has ended
            LOG.debug("frame lost, the connection has ended", e);
        }
    }
}
