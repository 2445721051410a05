// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.sockets;

import dev.hwmailbox.examples.machine.Guest;
import dev.hwmailbox.examples.machine.Machine;
import dev.hwmailbox.examples.machine.ServiceProgram;
import dev.hwmailbox.examples.machine.VirtualPlatform;
import dev.hwmailbox.examples.story.StoryCommand;
import dev.hwmailbox.examples.timeline.Timeline;
import dev.hwmailbox.gunyah.rm.server.ResourceManagerServer;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import picocli.CommandLine.Command;

/** {@code sockets}: datagram and connected sockets between owner and guest. */
@Command(
        name = "sockets",
        mixinStandardHelpOptions = true,
        description = {
            "Datagram and connected sockets between owner and guest, over one pair of message queues.",
            "Exits 0 if everything was as it must be, 1 on a mismatch."
        })
public final class SocketsCommand extends StoryCommand {
    private static final int NOBODY = 9;
    private static final int TRANSFER = 64 << 10;
    private static final int DATAGRAM = 3000;
    private static final Duration A_WHILE = Duration.ofMillis(1);

    /** Made by picocli. */
    public SocketsCommand() {}

    @Override
    protected Map<String, Object> tell(VirtualPlatform platform, Timeline timeline) {
        try (Machine machine = new Machine(platform, (vmid, image) -> new ServiceProgram(EchoServer::new))) {
            return new Story(platform, timeline, machine).tell();
        }
    }

    private final class Story {
        private final VirtualPlatform platform;
        private final Timeline timeline;
        private final Guest guest;
        private final SocketHub hub;

        Story(VirtualPlatform platform, Timeline timeline, Machine machine) {
            this.platform = platform;
            this.timeline = timeline;
            guest = machine.allocate();
            hub = new SocketHub(machine.scheduler(), ResourceManagerServer.HOST_VMID, guest.vmid());
            machine.channels().subscribe(hub, guest.channel(), hub);
            guest.start();
            settle();
        }

        private void settle() {
            platform.time().advance(A_WHILE);
        }

        Map<String, Object> tell() {
            ping();
            Client client = connect(EchoServer.PORT);
            client.transfer(TRANSFER);
            settle();
            timeline.add("owner", "%d bytes to the guest and back, verified: %s", client.received, !client.broken);
            expect("bytes that came back", client.received, TRANSFER);
            expect("wrong bytes", client.broken, false);
            client.socket.shutdownOutput();
            settle();
            timeline.add("owner", "writes no more; the guest reads the end, and so does the owner: %s", client.ended);
            expect("end after the other side's end", client.ended, true);

            Client refused = connect(NOBODY);
            expect("connection to nobody", refused.status, Status.REFUSED);

            Client open = connect(EchoServer.PORT);
            guest.restart();
            settle();
            timeline.add("owner", "VM %d has restarted: the connection is over, %s", guest.vmid(), open.status);
            expect("open connection after the restart", open.status, Status.RESET);
            Client again = connect(EchoServer.PORT);
            again.transfer(1000);
            settle();
            expect("bytes of the new life", again.received, 1000);
            again.socket.close();
            settle();
            expect("connections left", hub.connections(), 0);
            expect("frames refused", hub.counters().toString(), "refused {}, stale 0");
            Map<String, Object> counts = new LinkedHashMap<>();
            counts.put("bytes_each_way", TRANSFER);
            counts.put("connections_left", hub.connections());
            return counts;
        }

        private void ping() {
            StringBuilder heard = new StringBuilder();
            DatagramSocket[] socket = new DatagramSocket[1];
            socket[0] = hub.datagram(EchoServer.PORT, () -> {
                DatagramSocket.Datagram datagram = socket[0].receive();
                if (datagram != null) {
                    String text =
                            StandardCharsets.US_ASCII.decode(datagram.bytes()).toString();
                    timeline.add("owner", "datagram of %d bytes from %s", text.length(), datagram.source());
                    heard.append(text);
                }
            });
            String text = "ping ".repeat(DATAGRAM / 5);
            socket[0].send(ByteBuffer.wrap(text.getBytes(StandardCharsets.US_ASCII)), EchoServer.PORT);
            settle();
            expect("the datagram that came back", heard.toString(), text);
            socket[0].close();
        }

        private Client connect(int port) {
            Client client = new Client();
            client.socket = hub.connect(port, client);
            settle();
            timeline.add("owner", "%s: %s", client.socket, client.status);
            return client;
        }
    }

    /** Writes a pattern as fast as the socket takes it, and verifies what comes back. */
    private static final class Client implements SocketListener {
        private StreamSocket socket;
        private Status status = Status.OK;
        private int toWrite;
        private int written;
        private int received;
        private boolean broken;
        private boolean ended;

        @SuppressWarnings("NullAway.Init") // the socket needs its listener
        Client() {}

        void transfer(int bytes) {
            toWrite += bytes;
            writable(socket);
        }

        private static byte at(int index) {
            return (byte) (index * 31 + (index >> 8) * 7);
        }

        @Override
        public void writable(StreamSocket to) {
            int count = 1;
            while (toWrite > 0 && count > 0) {
                ByteBuffer bytes = ByteBuffer.allocate(Math.min(toWrite, 1500));
                for (int i = 0; bytes.hasRemaining(); i++) {
                    bytes.put(at(written + i));
                }
                count = to.write(bytes.flip());
                written += Math.max(count, 0);
                toWrite -= Math.max(count, 0);
            }
        }

        @Override
        public void readable(StreamSocket from) {
            ByteBuffer bytes = ByteBuffer.allocate(1000);
            int count = from.read(bytes);
            while (count > 0) {
                bytes.flip();
                while (bytes.hasRemaining()) {
                    broken |= bytes.get() != at(received++);
                }
                count = from.read(bytes.clear());
            }
            ended |= count == StreamSocket.END;
        }

        @Override
        public void closed(StreamSocket of, Status why) {
            status = why;
            readable(of);
        }
    }
}
