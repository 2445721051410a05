// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.rm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hwmailbox.ChannelEvent;
import dev.hwmailbox.ClientOptions;
import dev.hwmailbox.Errno;
import dev.hwmailbox.MailboxChannel;
import dev.hwmailbox.MailboxClient;
import dev.hwmailbox.MailboxException;
import dev.hwmailbox.ThreadedScheduler;
import dev.hwmailbox.gunyah.rm.protocol.RmFrame;
import dev.hwmailbox.gunyah.rm.protocol.RmFraming;
import dev.hwmailbox.gunyah.rm.protocol.RmMessage;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(value = 1, unit = TimeUnit.MINUTES)
final class SocketControllerTest {
    private static final RmFrame FRAME =
            RmFraming.split(RmMessage.request(0x56000024, 7, new byte[0])).get(0);

    private final ThreadedScheduler scheduler = new ThreadedScheduler();
    private final Client client = new Client();

    @SuppressWarnings("NullAway.Init")
    private SocketController controller;

    @SuppressWarnings("NullAway.Init")
    private FrameStream peer;

    private static final class Client implements MailboxClient {
        private final BlockingQueue<Object> heard = new LinkedBlockingQueue<>();

        @Override
        public ClientOptions options() {
            return ClientOptions.blocking(Duration.ofSeconds(20));
        }

        @Override
        public void rxCallback(MailboxChannel channel, @Nullable Object message) {
            heard.add(message == null ? "null" : message);
        }

        @Override
        public void event(MailboxChannel channel, ChannelEvent event) {
            heard.add(event);
        }
    }

    @BeforeEach
    void connect() throws IOException {
        try (var listener = new SocketPlace(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0)).listen()) {
            SocketChannel near = listener.place().connect();
            peer = new FrameStream(listener.accept());
            controller = new SocketController(near, scheduler);
        }
    }

    @AfterEach
    void close() throws IOException {
        controller.close();
        peer.close();
        scheduler.close();
    }

    @Test
    void framesGoBothWays() throws Exception {
        MailboxChannel channel = controller.channel().bindClient(client);

        assertThat(channel.sendMessage(FRAME)).isNotNegative();
        assertThat(peer.read()).isEqualTo(FRAME);
        peer.write(FRAME);
        assertThat(client.heard.take()).isEqualTo(FRAME);
    }

    @Test
    void whatIsNoFrameIsRefusedAndTheChannelGoesOn() throws Exception {
        MailboxChannel channel = controller.channel().bindClient(client);

        assertThat(channel.sendMessage("text")).isEqualTo(-Errno.EINVAL);
        assertThat(channel.sendMessage(FRAME)).isNotNegative();
        assertThat(peer.read()).isEqualTo(FRAME);
    }

    @Test
    void theEndOfTheConnectionIsToldOnceAndSendingEndsWithEpipe() throws Exception {
        MailboxChannel channel = controller.channel().bindClient(client);

        peer.close();

        assertThat(client.heard.take()).isEqualTo(ChannelEvent.PEER_RESET);
        assertThat(controller.end()).isEqualTo("the other side has closed the connection");
        assertThat(channel.sendMessage(FRAME)).isEqualTo(-Errno.EPIPE);
        channel.close();
        assertThat(client.heard).containsExactly(ChannelEvent.CLOSED);
    }

    @Test
    void closingTheChannelClosesTheConnection() throws Exception {
        controller.channel().bindClient(client).close();

        assertThat(peer.read()).isNull();
        assertThat(controller.end()).isEqualTo("this side has closed the connection");
    }

    @Test
    void aConnectionCannotBeHadTwice() {
        controller.channel().bindClient(client).close();

        assertThatThrownBy(() -> controller.channel().bindClient(client))
                .isInstanceOfSatisfying(
                        MailboxException.class, e -> assertThat(e.errno()).isEqualTo(Errno.EPIPE));
    }
}
