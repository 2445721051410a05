// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.qrtr;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hwmailbox.ChannelEvent;
import dev.hwmailbox.Errno;
import dev.hwmailbox.gunyah.testing.GunyahTestBed;
import dev.hwmailbox.testing.VirtualScheduler;
import java.nio.ByteBuffer;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class MsgqLinkTest {
    private final VirtualScheduler scheduler = new VirtualScheduler();
    private final Node near = new Node(1);
    private final Node far = new Node(2);

    @ParameterizedTest
    @ValueSource(ints = {1, 2})
    void aLargePacketArrivesWhole(int version) {
        var nearLink = new MsgqLink(near, scheduler, version, LinkObserver.NONE);
        var farLink = new MsgqLink(far, scheduler, version, LinkObserver.NONE);
        Port to = Objects.requireNonNull(far.open(new PortListener() {}));
        Port from = Objects.requireNonNull(near.open(new PortListener() {}));
        try (GunyahTestBed bed = GunyahTestBed.builder()
                .scheduler(scheduler)
                .nearClient(nearLink)
                .farClient(farLink)
                .build()) {
            nearLink.open(bed.near().channel());
            farLink.open(bed.far().channel());
            scheduler.runUntilIdle();

            assertThat(from.send(to.address(), new byte[65_500])).isZero();
            assertThat(from.send(to.address(), new byte[65_537])).isEqualTo(-Errno.EMSGSIZE);
            scheduler.runUntilIdle();

            assertThat(Objects.requireNonNull(to.receive()).payload()).hasSize(65_500);
            assertThat(far.counters().total()).isZero();
        }
    }

    @Test
    void aPeerThatBeganInTheMiddleOfAPacketIsUnderstoodOnceTheQueueRanEmpty() {
        var link = new MsgqLink(near, scheduler, 1, LinkObserver.NONE);
        Port to = Objects.requireNonNull(near.open(new PortListener() {}));
        try (GunyahTestBed bed = GunyahTestBed.builder()
                .scheduler(scheduler)
                .nearClient(link)
                .scriptedPeer()
                .build()) {
            link.open(bed.near().channel());
            scheduler.runUntilIdle();
            byte[] rest = PiecesTest.pieces(PiecesTest.packet(1_000)).get(2);

            bed.peer().sends(rest).sends(rest);
            scheduler.runUntilIdle();
            bed.peer().sends(PiecesTest.packet(8));
            scheduler.runUntilIdle();

            assertThat(near.counters()).hasToString("refused {BAD_VERSION=1, DISCARDED_PIECE=1}");
            assertThat(Objects.requireNonNull(to.receive()).payload()).hasSize(8);
        }
    }

    @Test
    void aPeerThatIsResetInTheMiddleOfAPacketIsGreetedAnew() {
        var link = new MsgqLink(near, scheduler, 1, LinkObserver.NONE);
        Port to = Objects.requireNonNull(near.open(new PortListener() {}));
        try (GunyahTestBed bed = GunyahTestBed.builder()
                .scheduler(scheduler)
                .nearClient(link)
                .scriptedPeer()
                .build()) {
            link.open(bed.near().channel());
            bed.peer().sends(PiecesTest.pieces(PiecesTest.packet(1_000)).get(0));
            scheduler.runUntilIdle();

            link.event(bed.near().channel(), ChannelEvent.PEER_RESET);
            bed.peer().sends(PiecesTest.packet(8));
            scheduler.runUntilIdle();

            assertThat(bed.peer().received()).hasSize(2);
            assertThat(Objects.requireNonNull(to.receive()).payload()).hasSize(8);
            assertThat(near.counters().total()).isZero();
        }
    }

    @Test
    void aMessageOfAClosedChannelIsNotTaken() {
        var link = new MsgqLink(near, scheduler, 1, LinkObserver.NONE);
        try (GunyahTestBed bed = GunyahTestBed.builder()
                .scheduler(scheduler)
                .nearClient(link)
                .scriptedPeer()
                .build()) {
            link.open(bed.near().channel());
            scheduler.runUntilIdle();
            bed.near().channel().close();

            link.rxCallback(bed.near().channel(), ByteBuffer.wrap(PiecesTest.packet(8)));

            assertThat(near.neighbours()).isEmpty();
        }
    }

    @Test
    void aPeerThatNeverReadsFillsABoundedQueueAndIsForgottenWhenItGoes() {
        var link = new MsgqLink(near, scheduler, 1, LinkObserver.NONE);
        try (GunyahTestBed bed = GunyahTestBed.builder()
                .scheduler(scheduler)
                .nearClient(link)
                .scriptedPeer()
                .messagesMayStay()
                .build()) {
            bed.peer().stalls();
            link.open(bed.near().channel());
            Packet large = new Packet(PacketType.DATA, new Address(1, 1), new Address(2, 1), false, new byte[60_000]);
            int taken = 0;
            while (link.send(large) == 0) {
                taken++;
            }

            assertThat(taken).isBetween(130, 140);
            assertThat(link.send(large)).isEqualTo(-Errno.ENOBUFS);
            Packet news = Packet.control(1, Address.EVERYWHERE, ControlPacket.plain(PacketType.HELLO));
            int more = 0;
            while (link.send(news) == 0) {
                more++;
            }
            assertThat(more).as("room is kept for what nobody sends again").isGreaterThan(20_000);
            assertThat(link.send(news)).isEqualTo(-Errno.ENOBUFS);
            bed.near().channel().close();
            assertThat(link.send(large)).isEqualTo(-Errno.EPIPE);
        }
    }
}
