// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.qrtr;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hwmailbox.MailboxChannel;
import dev.hwmailbox.MailboxClient;
import dev.hwmailbox.controller.ChannelOps;
import dev.hwmailbox.controller.ControllerChannel;
import dev.hwmailbox.controller.MailboxController;
import dev.hwmailbox.controller.TxDoneMethod;
import dev.hwmailbox.examples.pieces.PieceAssembler;
import dev.hwmailbox.examples.pieces.PieceSender;
import dev.hwmailbox.testing.VirtualScheduler;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

final class PiecesTest {
    private final Counters counters = new Counters();
    private final PieceAssembler assembler = new PieceAssembler(MsgqLink.MESSAGE_SIZE, new QrtrHead(counters));
    private final byte[] packet = packet(2_000);

    static byte[] packet(int size) {
        byte[] payload = new byte[size];
        Arrays.fill(payload, (byte) 0x77);
        return Objects.requireNonNull(PacketCodec.encode(
                new Packet(PacketType.DATA, new Address(2, 1), new Address(1, 0x4000), false, payload), 1));
    }

    static List<byte[]> pieces(byte[] packet) {
        List<byte[]> pieces = new ArrayList<>();
        for (int at = 0; at < packet.length; at += MsgqLink.MESSAGE_SIZE) {
            pieces.add(Arrays.copyOfRange(packet, at, Math.min(packet.length, at + MsgqLink.MESSAGE_SIZE)));
        }
        return pieces;
    }

    private List<byte[]> assemble(List<byte[]> pieces) {
        List<byte[]> packets = new ArrayList<>();
        for (byte[] piece : pieces) {
            byte[] whole = assembler.add(piece);
            if (whole != null) {
                packets.add(whole);
            }
        }
        return packets;
    }

    private void assertInStepAgain() {
        assembler.queueRanEmpty();
        assertThat(assemble(pieces(packet))).containsExactly(packet);
    }

    @Test
    void aPacketComesTogether() {
        assertThat(assemble(pieces(packet))).containsExactly(packet);
        assertThat(counters.total()).isZero();
    }

    @Test
    void aLostPieceIsFoundOutByTheEndOfThePacket() {
        List<byte[]> pieces = pieces(packet);
        pieces.remove(3);

        assertThat(assemble(pieces)).isEmpty();

        assertThat(counters.of(Refusal.BAD_LENGTH)).isEqualTo(1);
        assertInStepAgain();
    }

    @Test
    void aDuplicatePieceIsFoundOut() {
        List<byte[]> pieces = pieces(packet);
        pieces.add(3, pieces.get(3));

        assertThat(assemble(pieces)).isEmpty();

        assertThat(counters.of(Refusal.BAD_LENGTH)).isEqualTo(1);
        assertInStepAgain();
    }

    @Test
    void aCutPieceIsFoundOutAndTheRestDiscarded() {
        List<byte[]> pieces = pieces(packet);
        pieces.set(3, new byte[100]);

        assertThat(assemble(pieces)).isEmpty();

        assertThat(counters).hasToString("refused {BAD_LENGTH=1, DISCARDED_PIECE=5}");
        assertInStepAgain();
    }

    @Test
    void aBadFirstPieceIsDiscardedWithAllBehindIt() {
        byte[] tooLarge = packet.clone();
        tooLarge[22] = 1;
        byte[] wrongVersion = packet.clone();
        wrongVersion[0] = 2;

        assertThat(assemble(pieces(tooLarge))).isEmpty();
        assembler.queueRanEmpty();
        assertThat(assemble(pieces(wrongVersion))).isEmpty();

        assertThat(counters).hasToString("refused {BAD_VERSION=1, TOO_LARGE=1, DISCARDED_PIECE=16}");
        assertInStepAgain();
    }

    @Test
    void aNewLifeThatBeginsInsideASendLosesNoPieceOfIts() {
        var sender = new PieceSender(MsgqLink.MESSAGE_SIZE);
        List<Object> sent = new ArrayList<>();
        List<MailboxChannel> channels = new ArrayList<>();
        ChannelOps device = new ChannelOps() {
            @Override
            public int sendData(ControllerChannel channel, @Nullable Object message, long txId) {
                if (channel.index() == 0) {
                    sender.restart(channels.get(1));
                    sender.send(packet, false, null);
                } else {
                    sent.add(Objects.requireNonNull(message));
                }
                channel.txDone(txId, 0);
                return 0;
            }
        };
        try (MailboxController controller = MailboxController.builder(device, new VirtualScheduler())
                .channelCount(2)
                .txDoneMethod(TxDoneMethod.IRQ)
                .build()) {
            channels.add(controller.channel(0).bindClient(new MailboxClient() {}));
            channels.add(controller.channel(1).bindClient(new MailboxClient() {}));
            sender.restart(channels.get(0));

            sender.send(packet(8), false, null);

            assertThat(sent).hasSize(pieces(packet).size());
            assertThat(sender.waiting()).isZero();
        }
    }
}
