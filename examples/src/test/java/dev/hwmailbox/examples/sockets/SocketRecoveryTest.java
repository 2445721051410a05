// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.sockets;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hwmailbox.ChannelEvent;
import dev.hwmailbox.gunyah.testing.GunyahTestBed;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Pieces that are lost, repeated or cut; lives that end and begin. */
final class SocketRecoveryTest {
    private static final int IN_THREE_PIECES = 500;

    @AutoClose
    private final Scripted scripted = new Scripted();

    private static String read(StreamSocket socket) {
        ByteBuffer bytes = ByteBuffer.allocate(1 << 20);
        socket.read(bytes);
        return StandardCharsets.ISO_8859_1.decode(bytes.flip()).toString();
    }

    /** A frame whose payload is one letter, in pieces. */
    private static List<byte[]> pieces(StreamSocket to, char letter, int length) {
        byte[] payload = new byte[length];
        Arrays.fill(payload, (byte) letter);
        byte[] frame =
                Frame.data(FrameType.DATA, to.remote(), to.local(), payload).encode();
        List<byte[]> pieces = new ArrayList<>();
        for (int at = 0; at < frame.length; at += SocketHub.MESSAGE_SIZE) {
            pieces.add(Arrays.copyOfRange(frame, at, Math.min(frame.length, at + SocketHub.MESSAGE_SIZE)));
        }
        return pieces;
    }

    private void send(StreamSocket to, String script, int length) {
        for (String one : script.split(" ", -1)) {
            byte[] piece = pieces(to, one.charAt(0), length).get(one.charAt(1) - '0');
            scripted.bed.peer().sends(one.endsWith("-") ? Arrays.copyOf(piece, piece.length - 1) : piece);
        }
        scripted.scheduler.advance(Duration.ofMillis(1));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "A0 A1 A2 B0 B1 B2 | AB | {}",
                "A1 A2 B0 B1 B2 | '' | {VERSION=1, DISCARDED=4}",
                "A0 A2 B0 B1 B2 | '' | {PIECE=1, DISCARDED=3}",
                "A0 A1 B0 B1 B2 | '' | {PIECE=1, DISCARDED=2}",
                "A0 A0 A1 A2 | '' | {PIECE=1, DISCARDED=1}",
                "A0 A1 A2 A2 B0 B1 B2 | A | {VERSION=1, DISCARDED=3}",
                "A0- A1 A2 | '' | {PIECE=1, DISCARDED=2}",
                "A0 A1- A2 | '' | {PIECE=1, DISCARDED=1}",
                "A0 A1 A2- | '' | {PIECE=1}"
            })
    void aLostRepeatedOrCutPieceCostsWhatIsInTheQueueAndNoMore(String script, String taken, String refused) {
        StreamSocket socket = scripted.connected();

        send(socket, script, IN_THREE_PIECES);

        assertThat(scripted.hub.counters()).hasToString("refused " + refused + ", stale 0");
        StringBuilder expected = new StringBuilder();
        taken.chars()
                .forEach(letter -> expected.append(Character.toString(letter).repeat(IN_THREE_PIECES)));
        assertThat(read(socket)).isEqualTo(expected.toString());
        send(socket, "C0 C1 C2", IN_THREE_PIECES);
        assertThat(read(socket)).isEqualTo("C".repeat(IN_THREE_PIECES));
    }

    @Test
    void aLostPieceThatLeavesNoGapInLengthIsFoundOutOnlyByTheNextHeader() {
        StreamSocket socket = scripted.connected();
        int full = 3 * SocketHub.MESSAGE_SIZE - Frame.HEADER;

        send(socket, "A0 A2 B0 B1 B2", full);

        String taken = read(socket);
        assertThat(taken)
                .as("the framing numbers nothing")
                .hasSize(full)
                .startsWith("A")
                .endsWith("B");
        assertThat(scripted.hub.counters()).hasToString("refused {VERSION=1, DISCARDED=1}, stale 0");
        send(socket, "C0 C1 C2", full);
        assertThat(read(socket)).isEqualTo("C".repeat(full));
    }

    @Test
    void piecesOfAFormerLifeAreNotTakenForTheRestOfANewFrame() {
        StreamSocket old = scripted.connected();
        send(old, "A0 A1", IN_THREE_PIECES);

        scripted.hub.event(scripted.bed.near().channel(), ChannelEvent.PEER_RESET);
        StreamSocket now = scripted.connected();
        send(old, "A2", IN_THREE_PIECES);
        send(now, "B0 B1 B2", IN_THREE_PIECES);

        assertThat(old.status()).isEqualTo(Status.RESET);
        assertThat(read(now)).isEqualTo("B".repeat(IN_THREE_PIECES));
        assertThat(scripted.hub.counters()).hasToString("refused {VERSION=1}, stale 0");
    }

    @Test
    void aNewChannelResetsTheConnectionsOfTheOneBefore() {
        StreamSocket old = scripted.connected();
        try (GunyahTestBed next = GunyahTestBed.builder()
                .scheduler(scripted.scheduler)
                .nearClient(scripted.hub)
                .scriptedPeer()
                .build()) {

            scripted.hub.open(next.near().channel());

            assertThat(old.status()).isEqualTo(Status.RESET);
            assertThat(old.write(ByteBuffer.allocate(1))).isEqualTo(StreamSocket.END);
            assertThat(scripted.notes.events).containsExactly("connected", "closed RESET");
        }
    }

    @Test
    void whoeverHearsOfTheResetMayConnectAgainAtOnce() {
        List<StreamSocket> again = new ArrayList<>();
        SocketListener eager = new SocketListener() {
            @Override
            public void closed(StreamSocket socket, Status status) {
                again.add(scripted.hub.connect(SocketHubTest.PORT, scripted.notes));
            }
        };
        List<StreamSocket> before = List.of(scripted.hub.connect(1, eager), scripted.hub.connect(2, eager));
        scripted.bed.peer().stalls();
        scripted.hub.datagram(5, () -> {}).send(ByteBuffer.allocate(60_000), 6);

        scripted.hub.event(scripted.bed.near().channel(), ChannelEvent.PEER_RESET);
        scripted.bed.peer().resumes();
        scripted.scheduler.advance(Duration.ofMillis(1));

        assertThat(before).extracting(StreamSocket::status).containsOnly(Status.RESET);
        assertThat(again).hasSize(2);
        assertThat(scripted.hub.connections()).isEqualTo(2);
        for (StreamSocket socket : again) {
            assertThat(scripted.bed.peer().received())
                    .as("sent behind what the channel had already, and nothing else of before")
                    .contains(Frame.status(FrameType.CONNECT, socket.local(), socket.remote(), 0)
                            .encode());
        }
        assertThat(scripted.bed.peer().received()).hasSizeLessThan(40);
    }

    @Test
    void aShutdownBeforeTheReplyGoesOutBehindIt() {
        StreamSocket socket = scripted.hub.connect(SocketHubTest.PORT, scripted.notes);
        socket.shutdownOutput();

        scripted.sends(Frame.status(FrameType.CONNECT_REPLY, socket.remote(), socket.local(), 0)
                .encode());

        assertThat(scripted.bed.peer().received())
                .endsWith(Frame.status(FrameType.SHUTDOWN, socket.local(), socket.remote(), Frame.NO_MORE_WRITES)
                        .encode());
    }

    @Test
    void aConnectionThatIsNotAnsweredInTimeIsClosedAtTheOtherSideToo() {
        StreamSocket socket = scripted.hub.connect(SocketHubTest.PORT, scripted.notes);

        scripted.scheduler.advance(SocketHub.ANSWER_TIMEOUT.plusMillis(1));

        assertThat(socket.status()).isEqualTo(Status.TIMED_OUT);
        assertThat(scripted.bed.peer().received())
                .endsWith(Frame.status(FrameType.CLOSE, socket.local(), socket.remote(), Status.TIMED_OUT.value())
                        .encode());
    }

    @Test
    void bytesBehindTheEndAreRefused() {
        StreamSocket socket = scripted.connected();
        scripted.sends(Frame.status(FrameType.SHUTDOWN, socket.remote(), socket.local(), Frame.NO_MORE_WRITES)
                .encode());

        send(socket, "A0", 9);

        assertThat(socket.read(ByteBuffer.allocate(10))).isEqualTo(StreamSocket.END);
        assertThat(scripted.hub.counters()).hasToString("refused {ENDED=1}, stale 0");
    }

    @Test
    void whoeverHasClosedHearsNothingAnyMore() {
        StreamSocket socket = scripted.connected();
        socket.close();

        scripted.sends(Frame.status(FrameType.SHUTDOWN, socket.remote(), socket.local(), Frame.NO_MORE_WRITES)
                .encode());

        assertThat(scripted.notes.events).containsExactly("connected");
    }

    @Test
    void manySmallFramesAreBoundedToo() {
        StreamSocket socket = scripted.connected();
        int taken = 0;
        while (socket.take(new byte[1])) {
            taken++;
        }

        assertThat(taken).isEqualTo(StreamSocket.CAPACITY / (Frame.HEADER + 1));
        assertThat(read(socket)).hasSize(taken);
        assertThat(socket.take(new byte[StreamSocket.CAPACITY - Frame.HEADER]))
                .as("all the room is there again")
                .isTrue();
    }

    @Test
    void aConnectionWhoseReplyHasNoRoomIsNotKept() {
        scripted.hub.listen(SocketHubTest.PORT, () -> {});
        scripted.bed.peer().stalls();
        Frame connect = Frame.status(FrameType.CONNECT, new Endpoint(2, 9), new Endpoint(1, SocketHubTest.PORT), 0);
        DatagramSocket datagrams = scripted.hub.datagram(5, () -> {});
        while (datagrams.send(ByteBuffer.allocate(60_000), 6) == 0) {}
        while (scripted.hub.send(connect, outcome -> {}) == 0) {}

        scripted.sends(connect.encode());

        assertThat(scripted.hub.connections()).isZero();
    }
}
