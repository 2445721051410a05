// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.sockets;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hwmailbox.ChannelEvent;
import dev.hwmailbox.Errno;
import dev.hwmailbox.MailboxException;
import dev.hwmailbox.gunyah.msgq.StaleMessage;
import dev.hwmailbox.gunyah.testing.GunyahTestBed;
import dev.hwmailbox.testing.VirtualScheduler;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;

/** Two VMs with sockets. */
final class SocketHubTest {
    static final int PORT = 80;

    private final VirtualScheduler scheduler = new VirtualScheduler();
    private final SocketHub near = new SocketHub(scheduler, 1, 2);
    private final SocketHub far = new SocketHub(scheduler, 2, 1);
    private final Notes notes = new Notes();

    @AutoClose
    private final GunyahTestBed bed = GunyahTestBed.builder()
            .scheduler(scheduler)
            .nearClient(near)
            .farClient(far)
            .tasksMayStayPending()
            .build();

    private final ListenerSocket listener = far.listen(PORT, () -> {});

    SocketHubTest() {
        near.open(bed.near().channel());
        far.open(bed.far().channel());
        settle();
    }

    private void settle() {
        scheduler.advance(Duration.ofMillis(1));
    }

    private StreamSocket connect() {
        StreamSocket socket = near.connect(PORT, notes);
        settle();
        return socket;
    }

    private StreamSocket accept() {
        return Objects.requireNonNull(listener.accept(SocketListener.NONE));
    }

    private int write(StreamSocket socket, int bytes) {
        int count = socket.write(ByteBuffer.allocate(bytes));
        settle();
        return count;
    }

    private static int read(StreamSocket socket) {
        return socket.read(ByteBuffer.allocate(1 << 20));
    }

    @Test
    void connectsAndCarriesBytesBothWays() {
        StreamSocket client = connect();
        StreamSocket server = accept();

        assertThat(write(client, 5)).isEqualTo(5);
        assertThat(write(server, 70_000)).isEqualTo(70_000);

        assertThat(read(server)).isEqualTo(5);
        assertThat(read(server)).isZero();
        assertThat(read(client)).isEqualTo(70_000);
        assertThat(notes.events).containsExactly("connected", "readable", "readable");
        assertThat(server.remote()).isEqualTo(client.local());
    }

    @Test
    void whatIsWrittenBeforeTheReplyWaitsAndGoesOutWithIt() {
        StreamSocket client = near.connect(PORT, notes);

        assertThat(client.write(ByteBuffer.allocate(5))).isZero();
        settle();

        assertThat(notes.events).containsExactly("connected", "writable");
    }

    @Test
    void nobodyListensAndTooManyWaitingAreRefused() {
        near.connect(81, notes);
        settle();
        assertThat(notes.events).containsExactly("closed REFUSED");
        notes.events.clear();

        for (int i = 0; i <= ListenerSocket.MAX_BACKLOG; i++) {
            connect();
        }

        assertThat(notes.events).hasSize(ListenerSocket.MAX_BACKLOG + 1).endsWith("closed REFUSED");
        assertThat(near.connections()).isEqualTo(ListenerSocket.MAX_BACKLOG);
        accept();
        connect();
        assertThat(notes.events).endsWith("connected");
    }

    @Test
    void aConnectionThatEndedBeforeItWasAcceptedIsPassedOver() {
        connect().close();
        settle();
        StreamSocket second = connect();

        assertThat(accept().remote()).isEqualTo(second.local());
        assertThat(listener.accept(SocketListener.NONE)).isNull();
    }

    @Test
    void closingSendsWhatWasWrittenAndTellsTheOtherSide() {
        StreamSocket client = connect();
        client.write(ByteBuffer.allocate(10_000));
        client.close();
        client.close();
        settle();

        assertThat(listener.accept(SocketListener.NONE))
                .as("closed before it was accepted")
                .isNull();
        assertThat(client.state()).isEqualTo(StreamSocket.State.CLOSED);
        assertThat(notes.events).as("the owner knows").containsExactly("connected");

        StreamSocket second = connect();
        StreamSocket other = accept();
        write(second, 100);
        second.close();
        settle();
        assertThat(read(other)).isEqualTo(100);
        assertThat(read(other)).isEqualTo(StreamSocket.END);
        assertThat(write(other, 1)).isEqualTo(StreamSocket.END);
        assertThat(write(second, 1)).isEqualTo(StreamSocket.END);
        assertThat(read(second)).isEqualTo(StreamSocket.END);
        assertThat(near.connections() + far.connections()).isZero();
    }

    @Test
    void eitherDirectionCanEndAlone() {
        StreamSocket client = connect();
        StreamSocket server = accept();
        write(client, 7);
        client.shutdownOutput();
        client.shutdownOutput();
        settle();

        assertThat(read(server)).isEqualTo(7);
        assertThat(read(server)).isEqualTo(StreamSocket.END);
        assertThat(write(client, 1)).isEqualTo(StreamSocket.END);
        assertThat(write(server, 9)).isEqualTo(9);
        assertThat(read(client)).isEqualTo(9);
        client.shutdownInput();
        settle();
        assertThat(write(server, 1)).isEqualTo(StreamSocket.END);
        assertThat(read(client)).isEqualTo(StreamSocket.END);
        assertThat(client.state()).isEqualTo(StreamSocket.State.CONNECTED);
    }

    @Test
    void aReaderThatStallsLosesItsConnectionAndNoOtherWaits() {
        StreamSocket client = connect();
        StreamSocket server = accept();
        StreamSocket other = connect();
        StreamSocket otherServer = accept();
        int taken = 0;
        for (int i = 0; i < 10; i++) {
            taken += Math.max(write(client, 50_000), 0);
            write(other, 10);
        }

        assertThat(taken).isBetween(StreamSocket.CAPACITY, StreamSocket.CAPACITY + StreamSocket.MAX_UNSENT);
        assertThat(client.status()).isEqualTo(Status.OVERFLOW);
        assertThat(server.status()).isEqualTo(Status.OVERFLOW);
        assertThat(read(server)).as("what has come").isBetween(1, StreamSocket.CAPACITY);
        assertThat(read(otherServer)).isEqualTo(100);
    }

    @Test
    void aWriterWaitsWhenTooMuchIsOnItsWay() {
        StreamSocket client = connect();
        accept();

        int count = client.write(ByteBuffer.allocate(1 << 20));

        assertThat(count).isBetween(StreamSocket.MAX_UNSENT, StreamSocket.MAX_UNSENT + Frame.MAX_PAYLOAD);
        settle();
        assertThat(notes.events).contains("writable");
    }

    @Test
    void datagramsArriveWholeOrNotAtAll() {
        DatagramSocket from = near.datagram(5, () -> {});
        DatagramSocket to = far.datagram(6, () -> {});
        for (int i = 0; i < DatagramSocket.MAX_UNREAD + 2; i++) {
            assertThat(from.send(ByteBuffer.allocate(i), 6)).isZero();
        }
        from.send(ByteBuffer.allocate(1), 7);
        settle();

        for (int i = 0; i < DatagramSocket.MAX_UNREAD; i++) {
            DatagramSocket.Datagram datagram = Objects.requireNonNull(to.receive());
            assertThat(datagram.bytes().remaining()).isEqualTo(i);
            assertThat(datagram.source()).isEqualTo(from.local());
        }
        assertThat(to.receive()).isNull();
        assertThat(far.counters()).hasToString("refused {PORT=1, FULL=2}, stale 0");
        assertThat(from.send(ByteBuffer.allocate(Frame.MAX_PAYLOAD), 6)).isZero();
        assertThat(from.send(ByteBuffer.allocate(Frame.MAX_PAYLOAD + 1), 6)).isEqualTo(-Errno.EMSGSIZE);
        settle();
        assertThat(Objects.requireNonNull(to.receive()).bytes().remaining()).isEqualTo(Frame.MAX_PAYLOAD);
        from.close();
        assertThat(from.send(ByteBuffer.allocate(1), 6)).isEqualTo(-Errno.ESHUTDOWN);
    }

    @Test
    void portsInUseAreRefusedUntilTheyAreClosed() {
        DatagramSocket first = near.datagram(5, () -> {});

        assertThatThrownBy(() -> near.datagram(5, () -> {})).isInstanceOf(MailboxException.class);
        assertThatThrownBy(() -> far.listen(PORT, () -> {})).isInstanceOf(MailboxException.class);
        first.close();
        near.datagram(5, () -> {});
        listener.close();
        far.listen(PORT, () -> {});
    }

    @Test
    void thereIsABoundOfConnections() {
        for (int i = 0; i < Connections.MAX; i++) {
            connect();
            accept();
        }

        assertThatThrownBy(() -> near.connect(PORT, notes))
                .isInstanceOf(MailboxException.class)
                .hasMessageContaining("256 connections");
        assertThat(far.connections()).isEqualTo(Connections.MAX);
    }

    @Test
    void aVmThatIsResetResetsAllConnectionsAndListenersStay() {
        StreamSocket client = connect();
        accept();
        client.write(ByteBuffer.allocate(5_000));

        near.event(bed.near().channel(), ChannelEvent.PEER_RESET);
        far.event(bed.far().channel(), ChannelEvent.PEER_RESET);
        settle();

        assertThat(client.status()).isEqualTo(Status.RESET);
        assertThat(notes.events).endsWith("closed RESET");
        assertThat(near.connections() + far.connections()).isZero();
        StreamSocket again = connect();
        assertThat(again.state()).isEqualTo(StreamSocket.State.CONNECTED);
    }

    @Test
    void withoutAnotherSideNothingCanBeSent() {
        StreamSocket client = connect();
        DatagramSocket datagrams = near.datagram(5, () -> {});
        bed.near().channel().close();

        assertThat(client.status()).isEqualTo(Status.RESET);
        assertThat(datagrams.send(ByteBuffer.allocate(1), 6)).isEqualTo(-Errno.EPIPE);
        assertThatThrownBy(() -> near.connect(PORT, notes))
                .isInstanceOfSatisfying(
                        MailboxException.class, e -> assertThat(e.errno()).isEqualTo(Errno.EPIPE));
        assertThat(near.connections()).isZero();
        near.rxCallback(bed.near().channel(), ByteBuffer.allocate(10));
        near.rxCallback(bed.near().channel(), new StaleMessage(ByteBuffer.allocate(10)));
        assertThat(near.counters()).hasToString("refused {}, stale 2");
    }

    @Test
    void aLostPieceCostsItsFrameAndWhatIsBehindItUntilTheQueueRunsEmpty() {
        try (Scripted scripted = new Scripted()) {
            StreamSocket socket = scripted.connected();
            byte[] frame = Frame.data(FrameType.DATA, socket.remote(), socket.local(), new byte[1_000])
                    .encode();
            byte[] lacking = new byte[frame.length - SocketHub.MESSAGE_SIZE];
            System.arraycopy(frame, 0, lacking, 0, SocketHub.MESSAGE_SIZE);
            System.arraycopy(
                    frame,
                    2 * SocketHub.MESSAGE_SIZE,
                    lacking,
                    SocketHub.MESSAGE_SIZE,
                    lacking.length - SocketHub.MESSAGE_SIZE);

            scripted.sends(lacking);
            scripted.sends(frame);

            assertThat(read(socket)).isEqualTo(1_000);
            assertThat(scripted.hub.counters()).hasToString("refused {PIECE=1}, stale 0");
        }
    }

    @Test
    void malformedFramesAreCountedAndTheNextOneIsTaken() {
        try (Scripted scripted = new Scripted()) {
            StreamSocket socket = scripted.connected();
            byte[] good = Frame.data(FrameType.DATA, socket.remote(), socket.local(), new byte[9])
                    .encode();
            byte[] version = good.clone();
            version[0] = 2;
            byte[] type = good.clone();
            type[1] = 9;
            byte[] large = good.clone();
            large[6] = 1;
            byte[] spoofed = good.clone();
            spoofed[8] = 77;

            for (byte[] bad : List.of(version, type, large, spoofed, new byte[3])) {
                scripted.sends(bad);
            }
            scripted.sends(good);

            assertThat(read(socket)).isEqualTo(9);
            assertThat(scripted.hub.counters())
                    .hasToString("refused {HEADER=1, VERSION=1, TYPE=1, LENGTH=1, CID=1}, stale 0");
        }
    }

    @Test
    void aPeerThatNeverAnswersTimesOut() {
        try (Scripted scripted = new Scripted()) {
            StreamSocket connecting = scripted.hub.connect(PORT, scripted.notes);
            StreamSocket closing = scripted.connected();
            closing.close();
            scripted.scheduler.advance(SocketHub.ANSWER_TIMEOUT.minusMillis(2));
            assertThat(closing.state()).isEqualTo(StreamSocket.State.CLOSING);

            scripted.scheduler.advance(Duration.ofMillis(2));

            assertThat(connecting.status()).isEqualTo(Status.TIMED_OUT);
            assertThat(closing.state()).isEqualTo(StreamSocket.State.CLOSED);
            assertThat(scripted.notes.events).containsExactly("connected", "closed TIMED_OUT");
            assertThat(scripted.hub.connections()).isZero();

            scripted.sends(Frame.status(FrameType.CONNECT_REPLY, connecting.remote(), connecting.local(), 0)
                    .encode());
            assertThat(scripted.bed.peer().received())
                    .as("a late reply is answered with a reset")
                    .endsWith(
                            Frame.status(FrameType.CLOSE, connecting.local(), connecting.remote(), Status.RESET.value())
                                    .encode());
        }
    }

    @Test
    void dataOfAFormerLifeMeetsNobodyAndIsAnsweredWithAReset() {
        try (Scripted scripted = new Scripted()) {
            StreamSocket old = scripted.connected();
            scripted.hub.event(scripted.bed.near().channel(), ChannelEvent.PEER_RESET);
            StreamSocket now = scripted.connected();

            scripted.sends(Frame.data(FrameType.DATA, old.remote(), old.local(), new byte[5])
                    .encode());

            assertThat(read(now)).isZero();
            assertThat(now.local()).isNotEqualTo(old.local());
            assertThat(scripted.hub.counters()).hasToString("refused {PORT=1}, stale 0");
        }
    }

    @Test
    void aPeerThatReadsNothingForEverCostsABoundedNumberOfBytes() {
        try (Scripted scripted = new Scripted()) {
            scripted.connected();
            scripted.bed.peer().stalls();
            DatagramSocket datagrams = scripted.hub.datagram(5, () -> {});
            int taken = 0;
            while (datagrams.send(ByteBuffer.allocate(60_000), 6) == 0) {
                taken++;
            }

            assertThat(taken).isBetween(130, 145);
            assertThat(datagrams.send(ByteBuffer.allocate(60_000), 6)).isEqualTo(-Errno.ENOBUFS);
        }
    }

    @Test
    void aListenerThatWritesOnFromInsideAWriteWritesEachByteOnce() {
        ByteBuffer rest = ByteBuffer.allocate(100);
        SocketListener writing = new SocketListener() {
            @Override
            public void connected(StreamSocket socket) {
                socket.write(rest);
            }

            @Override
            public void writable(StreamSocket socket) {
                socket.write(rest);
            }
        };
        near.connect(PORT, writing).write(rest);
        settle();

        assertThat(read(accept())).isEqualTo(100);
        assertThat(rest.hasRemaining()).isFalse();
    }
}
