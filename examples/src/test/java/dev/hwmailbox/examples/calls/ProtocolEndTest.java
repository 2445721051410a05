// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.calls;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hwmailbox.Errno;
import dev.hwmailbox.MailboxChannel;
import dev.hwmailbox.gunyah.msgq.StaleMessage;
import dev.hwmailbox.gunyah.rm.VmChannel;
import dev.hwmailbox.gunyah.testing.GunyahTestBed;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;

class ProtocolEndTest {
    private final List<String> told = new ArrayList<>();
    private final End end = new End();

    @AutoClose
    private final GunyahTestBed bed =
            GunyahTestBed.builder().nearClient(end).scriptedPeer().build();

    private final MailboxChannel channel = bed.near().channel();
    private final VmChannel queues = new VmChannel(2, 0x10, bed.near().endpoint());

    private final class End extends ProtocolEnd {
        @Override
        protected void opened(MailboxChannel opened) {
            assertThat(opened).isEqualTo(channel());
            told.add("opened");
        }

        @Override
        protected void received(MailboxChannel from, ByteBuffer message) {
            told.add("received " + message.get(0));
        }

        @Override
        protected void receivedStale() {
            told.add("stale");
        }

        @Override
        protected void ended(int status) {
            told.add("ended " + Errno.name(-status) + (channel() == null ? "" : ", the channel stays"));
        }
    }

    private void receive(int value) {
        bed.peer().sends((byte) value);
        bed.scheduler().runUntilIdle();
    }

    @Test
    void aMessageBeforeTheChannelIsAnnouncedBeginsIt() {
        receive(1);
        end.bound(channel, queues);
        receive(2);

        assertThat(told).containsExactly("opened", "received 1", "received 2");
    }

    @Test
    void theEndOfAChannelIsToldOnceAndWhatComesThenIsStale() {
        end.bound(channel, queues);

        channel.close();
        end.closed(queues);
        end.rxCallback(channel, ByteBuffer.wrap(new byte[1]));

        assertThat(told).containsExactly("opened", "ended ESHUTDOWN", "stale");
    }

    @Test
    void aChannelThatIsOpenIsNotEndedByNewsOfAnother() {
        end.bound(channel, queues);

        end.closed(queues);

        assertThat(told).containsExactly("opened");
    }

    @Test
    void aResetLeavesTheChannel() {
        end.bound(channel, queues);

        bed.near().controller().peerReset(channel);
        receive(1);

        assertThat(told).containsExactly("opened", "ended ECONNRESET, the channel stays", "received 1");
    }

    @Test
    void messagesOfAFormerLifeAreStale() {
        end.rxCallback(channel, new StaleMessage(ByteBuffer.wrap(new byte[1])));
        end.rxCallback(channel, null);

        assertThat(told).containsExactly("opened", "stale", "stale");
    }
}
