// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.msgq;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hwmailbox.ChannelEvent;
import dev.hwmailbox.ClientOptions;
import dev.hwmailbox.Errno;
import dev.hwmailbox.MailboxChannel;
import dev.hwmailbox.MailboxClient;
import dev.hwmailbox.testing.MailboxTestBed;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

final class CopyingClientTest {
    private final List<@Nullable Object> heard = new ArrayList<>();
    private final MailboxClient client = new MailboxClient() {
        @Override
        public ClientOptions options() {
            return ClientOptions.blocking(Duration.ofMillis(7));
        }

        @Override
        public void rxCallback(MailboxChannel channel, @Nullable Object message) {
            heard.add(message);
        }

        @Override
        public void txPrepare(MailboxChannel channel, @Nullable Object message) {
            heard.add("prepare " + message);
        }

        @Override
        public void txDone(MailboxChannel channel, @Nullable Object message, int status) {
            heard.add("done " + message + " " + status);
        }

        @Override
        public void writable(MailboxChannel channel) {
            heard.add("writable");
        }

        @Override
        public void refused(MailboxChannel channel, @Nullable Object message, int errno) {
            heard.add("refused " + message + " " + errno);
        }

        @Override
        public void event(MailboxChannel channel, ChannelEvent event) {
            heard.add(event);
        }
    };
    private final CopyingClient copying = new CopyingClient(client);
    private final MailboxTestBed bed = MailboxTestBed.create();
    private final MailboxChannel channel = bed.bind();

    @AfterEach
    void close() {
        channel.close();
        bed.close();
    }

    @Test
    void copiesFromPositionToLimitAndLeavesTheBufferAsItIs() {
        ByteBuffer reused = ByteBuffer.wrap(new byte[] {0, 1, 2, 3}).position(1).limit(3);

        copying.rxCallback(channel, reused);
        reused.put(1, (byte) 9);

        assertThat(heard).containsExactly(ByteBuffer.wrap(new byte[] {1, 2}));
        assertThat(reused.remaining()).isEqualTo(2);
    }

    @Test
    void aStaleMessageStaysOne() {
        ByteBuffer reused = ByteBuffer.wrap(new byte[] {5});

        copying.rxCallback(channel, new StaleMessage(reused));
        reused.put(0, (byte) 9);

        assertThat(heard).containsExactly(new StaleMessage(ByteBuffer.wrap(new byte[] {5})));
    }

    @Test
    void whatHasNoBytesPassesAsItIs() {
        copying.rxCallback(channel, null);
        copying.rxCallback(channel, "text");

        assertThat(heard).containsExactly(null, "text");
    }

    @Test
    void everythingElsePassesThrough() {
        copying.txPrepare(channel, "m");
        copying.txDone(channel, "m", -Errno.EIO);
        copying.refused(channel, "m", -Errno.EAGAIN);
        copying.writable(channel);
        copying.event(channel, ChannelEvent.PEER_RESET);

        assertThat(heard)
                .containsExactly(
                        "prepare m",
                        "done m " + -Errno.EIO,
                        "refused m " + -Errno.EAGAIN,
                        "writable",
                        ChannelEvent.PEER_RESET);
        assertThat(copying.options()).isEqualTo(client.options());
        assertThat(copying.node()).isNull();
    }
}
