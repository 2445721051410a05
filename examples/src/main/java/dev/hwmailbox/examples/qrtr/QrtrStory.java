// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.qrtr;

import dev.hwmailbox.examples.machine.Guest;
import dev.hwmailbox.examples.machine.Machine;
import dev.hwmailbox.examples.machine.VirtualPlatform;
import dev.hwmailbox.examples.timeline.Timeline;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** What {@code qrtr} tells: discovery, a request, a stream, and a guest that restarts in the middle of a packet. */
final class QrtrStory {
    private static final Duration A_WHILE = Duration.ofMillis(20);
    private static final Duration IN_THE_MIDDLE = Duration.ofNanos(80_000);
    private static final int STREAM = 12;
    private static final int LARGE = 60_000;

    /** Compares what was found with what must be. */
    interface Expectation {
        void expect(String what, Object found, Object expected);
    }

    private final VirtualPlatform platform;
    private final Timeline timeline;
    private final Machine machine;
    private final Map<Integer, Node> nodes;
    private final int header;
    private final @Nullable PcapWriter capture;
    private final Expectation expectation;
    private final Node owner = new Node(1);
    private int packets;
    private int unsentBytes;

    QrtrStory(
            VirtualPlatform platform,
            Timeline timeline,
            Machine machine,
            Map<Integer, Node> nodes,
            int header,
            @Nullable PcapWriter capture,
            Expectation expectation) {
        this.platform = platform;
        this.timeline = timeline;
        this.machine = machine;
        this.nodes = nodes;
        this.header = header;
        this.capture = capture;
        this.expectation = expectation;
    }

    Map<String, Object> tell(int vms) {
        List<Guest> guests = new ArrayList<>();
        for (int i = 0; i < vms; i++) {
            Guest guest = machine.allocate();
            var link = new MsgqLink(owner, machine.scheduler(), header, new Trace(guest.vmid()));
            machine.channels().subscribe(link, guest.channel(), link);
            timeline.add("owner", "VM %d is known, and no link: Resource Manager has named no queues", guest.vmid());
            guests.add(guest);
            guest.start();
            platform.time().advance(A_WHILE);
        }
        topology(vms);

        Guest last = guests.get(vms - 1);
        var client = new Client(node(guests.get(0).vmid()));
        client.port.lookup(QrtrGuest.ECHO, last.vmid());
        expectation.expect("services found", client.servers.size(), 1);
        timeline.add("client", "on VM %d finds %s", guests.get(0).vmid(), client.servers);
        client.port.send(client.servers.get(0).address(), new byte[] {1, 2, 3, 4});
        platform.time().advance(A_WHILE);
        expectation.expect("replies", client.replies, 1);

        timeline.add("client", "streams %d packets", STREAM);
        client.stream(client.servers.get(0).address(), STREAM);
        platform.time().advance(A_WHILE);
        expectation.expect("packets streamed", client.streamed, STREAM);
        expectation.expect("times the stream waited", client.waits, 1);

        timeline.add("client", "sends %d bytes, and VM %d restarts in the middle", LARGE, last.vmid());
        client.port.send(client.servers.get(0).address(), new byte[LARGE]);
        platform.time().advance(IN_THE_MIDDLE);
        last.restart();
        platform.time().advance(A_WHILE);
        expectation.expect("services found after the restart", client.servers.size(), 1);
        expectation.expect("services lost by the restart", client.lost, 1);
        client.port.send(client.servers.get(0).address(), new byte[] {5, 6, 7, 8});
        platform.time().advance(A_WHILE);
        expectation.expect("replies after the restart", client.replies, 2);
        expectation.expect("was in the middle of the packet", unsentBytes > 0 && unsentBytes < LARGE, true);
        topology(vms);
        Map<String, Object> counts = new LinkedHashMap<>();
        counts.put("nodes", vms + 1);
        counts.put("replies", client.replies);
        counts.put("packets_streamed", client.streamed);
        counts.put("services_lost", client.lost);
        return counts;
    }

    /** How many packets have been traced, and captured. */
    int packets() {
        return packets;
    }

    private void topology(int vms) {
        print(owner, vms);
        owner.neighbours().forEach(vmid -> print(node(vmid), vms));
    }

    private void print(Node node, int vms) {
        timeline.add(
                "nodes",
                "node %d knows nodes %s, and %s",
                node.id(),
                node.neighbours(),
                node.names().servers());
        expectation.expect(
                "services that node " + node.id() + " knows",
                node.names().servers().size(),
                vms);
    }

    private Node node(int vmid) {
        return Objects.requireNonNull(nodes.get(vmid), "no node");
    }

    /** Prints and captures what the owner sees of one link. */
    private final class Trace implements LinkObserver {
        private final int vmid;

        Trace(int vmid) {
            this.vmid = vmid;
        }

        @Override
        public void up(String where) {
            timeline.add("owner", "link to VM %d is up, over %s", vmid, where);
        }

        @Override
        public void down(int unsent, int half) {
            timeline.add(
                    "owner",
                    "link to VM %d is down: %d bytes not sent, %d bytes of half a packet forgotten",
                    vmid,
                    unsent,
                    half);
            unsentBytes += unsent;
        }

        @Override
        public void packet(boolean out, Packet packet, byte[] bytes) {
            packets++;
            timeline.add("trace", "VM %d %s %s", vmid, out ? "<-" : "->", packet);
            if (capture != null) {
                capture.write(platform.time().nanoTime(), bytes);
            }
        }
    }

    /** Looks for a service, asks it and streams to it. */
    private static final class Client implements PortListener {
        private final List<Server> servers = new ArrayList<>();
        private final Port port;
        private int replies;
        private int streamed;
        private int toStream;
        private int waits;
        private int lost;

        Client(Node node) {
            port = Objects.requireNonNull(node.open(this), "no port");
        }

        void stream(Address to, int count) {
            toStream = count;
            writable(port, to);
        }

        @Override
        public void writable(Port from, Address to) {
            while (streamed < toStream) {
                if (from.send(to, new byte[] {0, 0, 0, (byte) streamed}) < 0) {
                    waits++;
                    return;
                }
                streamed++;
            }
        }

        @Override
        public void readable(Port from) {
            if (from.receive() != null) {
                replies++;
            }
        }

        @Override
        public void told(Port from, ControlPacket news) {
            if (news.command() == PacketType.NEW_SERVER && !news.isEndOfLookup()) {
                servers.add(news.toServer());
            } else if (news.command() == PacketType.DEL_SERVER) {
                servers.remove(news.toServer());
                lost++;
            }
        }
    }
}
