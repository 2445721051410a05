// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.testing;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hwmailbox.MailboxChannel;
import dev.hwmailbox.MailboxClient;
import dev.hwmailbox.gunyah.msgq.GunyahMsgqController;
import dev.hwmailbox.gunyah.msgq.MsgqMessage;
import dev.hwmailbox.testing.RecordingClient;
import dev.hwmailbox.testing.VirtualScheduler;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** The examples of docs/TESTING.md. */
final class UnitTestYourMsgqClientTest {
    /** The client under test: answers each message with its first byte. */
    private static final class Acknowledging implements MailboxClient {
        @Override
        public void rxCallback(MailboxChannel channel, @Nullable Object message) {
            byte first = ((ByteBuffer) Objects.requireNonNull(message)).get();
            channel.sendMessage(MsgqMessage.of(new byte[] {first}));
        }
    }

    @Test
    void acknowledgesWhatThePeerSends() {
        try (GunyahTestBed bed = GunyahTestBed.builder()
                .nearClient(new Acknowledging())
                .scriptedPeer()
                .build()) {
            bed.peer().sends((byte) 7, (byte) 8);
            bed.scheduler().runUntilIdle();

            bed.peer().assertReceived(new byte[] {7});
        }
    }

    @Test
    void survivesALateInterrupt() {
        try (GunyahTestBed bed = GunyahTestBed.builder().depth(1).build()) {
            bed.near().interrupts().inject(Occurrence.nth(1), InterruptFault.delayed(Duration.ofMillis(3)));
            bed.near().channel().sendMessage(MsgqMessage.of(new byte[] {1}));
            bed.near().channel().sendMessage(MsgqMessage.of(new byte[] {2}));
            bed.scheduler().runUntilIdle();

            bed.far().client().assertReceived(new byte[] {1}, new byte[] {2});
            assertThat(bed.near().interrupts().injected()).isEqualTo(1);
        }
    }

    @Test
    void sendsAgainWhenTheQueueWasFull() {
        VirtualScheduler scheduler = new VirtualScheduler();
        FakeGunyah gunyah = FakeGunyah.create(scheduler);
        FakeQueue out = gunyah.queue("out", 0x10, 0x11);
        FakeQueue in = gunyah.queue("in", 0x20, 0x21);
        out.onSend(CallAnswer.full().interruptAfter(Duration.ofMillis(1)));
        try (var controller = GunyahMsgqController.builder(gunyah.hypercalls(), gunyah.interrupts(), scheduler)
                .build()) {
            controller
                    .requestChannel(RecordingClient.create(scheduler), gunyah.endpoint(out, in))
                    .sendMessage(MsgqMessage.of(new byte[] {1}));
            scheduler.advance(Duration.ofMillis(1));

            out.assertMessages(new byte[] {1});
        }
    }
}
