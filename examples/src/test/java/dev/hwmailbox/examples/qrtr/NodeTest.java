// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.qrtr;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hwmailbox.Errno;
import dev.hwmailbox.testing.VirtualScheduler;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
final class NodeTest {
    private final VirtualScheduler scheduler = new VirtualScheduler();
    private final Node owner = new Node(1);
    private final Node first = new Node(5);
    private final Node second = new Node(6);
    private final Wire firstWire = new Wire(scheduler, owner, first);
    private final Wire secondWire = new Wire(scheduler, owner, second);

    /** Notes what a port is told. */
    private static final class Notes implements PortListener {
        private final List<String> events = new ArrayList<>();
        private final TreeSet<String> servers = new TreeSet<>();

        @Override
        public void writable(Port port, Address destination) {
            events.add("writable");
        }

        @Override
        public void brokenPipe(Port port, Address destination) {
            events.add("broken pipe");
        }

        @Override
        public void told(Port port, ControlPacket news) {
            events.add(news.isEndOfLookup() ? "end" : news.command().name());
            if (news.command() == PacketType.NEW_SERVER && !news.isEndOfLookup()) {
                servers.add(news.toServer().toString());
            } else if (news.command() == PacketType.DEL_SERVER) {
                servers.remove(news.toServer().toString());
            }
        }
    }

    private final Notes notes = new Notes();

    private void up() {
        firstWire.up();
        secondWire.up();
        settle();
    }

    private void settle() {
        scheduler.advance(Duration.ofMillis(1));
    }

    private Port server() {
        Port port = open(second, new Notes());
        port.publish(1, 1);
        settle();
        return port;
    }

    private static Port open(Node node, PortListener listener) {
        return Objects.requireNonNull(node.open(listener));
    }

    private static long hellos(Wire wire) {
        return wire.carried.stream()
                .filter(packet -> packet.type() == PacketType.HELLO)
                .count();
    }

    @Test
    void twoNameServicesGreetEachOtherOnce() {
        firstWire.up();
        scheduler.advance(Duration.ofSeconds(1));

        assertThat(hellos(firstWire)).isEqualTo(2);
    }

    @Test
    void withoutTheMemoryTheyWouldGreetForEver() {
        var wire = new Wire(scheduler, new Node(1, false), new Node(2, false));
        wire.up();

        scheduler.advance(Duration.ofNanos(50 * Wire.LATENCY_NANOS));
        wire.isUp = false;
        settle();

        assertThat(hellos(wire)).isGreaterThan(20);
    }

    @Test
    void aLookupHearsOfServersNowThenTheEndThenOfChanges() {
        Port server = open(second, new Notes());
        server.publish(9, 1);
        up();
        Port client = open(first, notes);

        client.lookup(9, 0);
        assertThat(notes.events).containsExactly("NEW_SERVER", "end");
        server.publish(9, 2);
        settle();
        server.close();
        settle();
        client.endLookup(9, 0);
        open(second, new Notes()).publish(9, 3);
        settle();

        assertThat(notes.events).containsExactly("NEW_SERVER", "end", "DEL_SERVER", "NEW_SERVER", "DEL_SERVER");
    }

    @Test
    void aServerIsToldOfPortsAndNodesThatAreGone() {
        open(first, notes).publish(9, 1);
        up();
        Port client = open(second, new Notes());

        client.close();
        settle();
        secondWire.down();
        settle();

        assertThat(notes.events).containsExactly("DEL_CLIENT", "BYE");
    }

    @Test
    void theTenthPacketIsTheLastUntilTheReaderReads() {
        up();
        Port from = open(first, notes);
        Port to = server();
        firstWire.carried.clear();

        for (int i = 0; i < 10; i++) {
            assertThat(from.send(to.address(), new byte[4])).isZero();
        }
        assertThat(from.send(to.address(), new byte[4])).isEqualTo(-Errno.EAGAIN);
        assertThat(firstWire.carried.stream().map(Packet::confirmRx).toList().indexOf(true))
                .isEqualTo(4);
        settle();
        for (int i = 0; i < 4; i++) {
            to.receive();
        }
        settle();
        assertThat(notes.events).isEmpty();
        to.receive();
        settle();

        assertThat(notes.events).containsExactly("writable");
        assertThat(from.send(to.address(), new byte[4])).isZero();
    }

    @Test
    void aConfirmationThatCouldNotBeAskedForIsAskedForByTheNext() {
        up();
        Port from = open(first, notes);
        Address to = server().address();
        for (int i = 0; i < 4; i++) {
            from.send(to, new byte[4]);
        }
        firstWire.failures = 1;

        assertThat(from.send(to, new byte[4])).isEqualTo(-Errno.ENOBUFS);
        assertThat(from.send(to, new byte[4])).isZero();

        assertThat(firstWire.carried.get(firstWire.carried.size() - 1).confirmRx())
                .isTrue();
        first.linkWritable();
        assertThat(notes.events).containsExactly("writable");
    }

    @Test
    void waitersEndWithABrokenPipeWhenTheLinkGoes() {
        up();
        Port from = open(first, notes);
        Address to = server().address();
        for (int i = 0; i < 11; i++) {
            from.send(to, new byte[4]);
        }

        secondWire.down();
        settle();

        assertThat(notes.events).containsExactly("broken pipe");
        assertThat(from.send(to, new byte[4])).isEqualTo(-Errno.ENODEV);
    }

    @Test
    void limitsHaveAnswers() {
        Port client = open(first, notes);
        for (int i = 0; i < NameService.MAX_LOOKUPS; i++) {
            assertThat(client.lookup(1, 1)).isZero();
        }
        assertThat(client.lookup(1, 1)).isEqualTo(-Errno.ENOSPC);
        for (int i = 0; i < ServerTable.MAX_SERVERS; i++) {
            assertThat(open(first, new Notes()).publish(7, i)).isZero();
        }
        assertThat(open(first, new Notes()).publish(7, 256)).isEqualTo(-Errno.ENOSPC);

        up();
        hostile(5, Packet.control(5, Address.EVERYWHERE, server(5, 0x7777)));
        assertThat(owner.counters().of(Refusal.SERVERS_FULL)).isEqualTo(1);
        for (int i = 0; i < Routes.MAX_NODES + 1; i++) {
            hostile(5, Packet.control(5, Address.EVERYWHERE, server(1000 + i, 1)));
        }
        assertThat(owner.neighbours()).hasSize(Routes.MAX_NODES);
        assertThat(owner.counters().of(Refusal.NODES_FULL)).isEqualTo(3);
    }

    @Test
    void nobodySpeaksForAnother() {
        up();

        hostile(5, Packet.control(6, Address.EVERYWHERE, ControlPacket.client(PacketType.BYE, 6, 0)));
        hostile(5, Packet.control(5, Address.EVERYWHERE, server(6, 1)));
        hostile(5, Packet.control(5, Address.EVERYWHERE, ControlPacket.client(PacketType.DEL_CLIENT, 6, 1)));
        hostile(5, Packet.control(5, Address.control(1), ControlPacket.client(PacketType.RESUME_TX, 6, 1)));
        hostile(5, new Packet(PacketType.DATA, new Address(5, 1), new Address(99, 1), false, new byte[4]));
        hostile(5, new Packet(PacketType.DATA, new Address(5, 1), new Address(1, 1), false, new byte[4]));

        assertThat(owner.counters()).hasToString("refused {SPOOFED_NODE=4, NO_ROUTE=1, NO_PORT=1}");
        assertThat(owner.neighbours()).containsExactly(5, 6);
    }

    private void hostile(int from, Packet packet) {
        assertThat(from).isEqualTo(5);
        owner.received(firstWire.leftEnd(), packet);
    }

    private static ControlPacket server(int node, int port) {
        return ControlPacket.server(PacketType.NEW_SERVER, new Server(8, 8, new Address(node, port)));
    }

    @Test
    void whateverHappensLookupsEndWithTheLiveServersAndNothingIsLost() {
        for (int seed = 0; seed < 1000; seed++) {
            new NodeTest().explore(seed);
        }
    }

    private void explore(int seed) {
        Random random = new Random(seed);
        List<Node> nodes = List.of(owner, first, second);
        List<Port> servers = new ArrayList<>();
        List<Notes> lookups = new ArrayList<>();
        nodes.forEach(node -> {
            Notes each = new Notes();
            open(node, each).lookup(0, 0);
            lookups.add(each);
        });
        Port sender = open(first, notes);
        Port reader = open(second, new Notes());
        reader.publish(4, 4);
        int sent = 0;
        int read = 0;
        for (int step = 0; step < 60; step++) {
            switch (random.nextInt(7)) {
                case 0 -> {
                    Port server = open(nodes.get(random.nextInt(3)), new Notes());
                    server.publish(1 + random.nextInt(3), step + 1);
                    servers.add(server);
                }
                case 1 -> {
                    if (!servers.isEmpty()) {
                        servers.remove(random.nextInt(servers.size())).close();
                    }
                }
                case 2 -> {
                    Wire wire = random.nextBoolean() ? firstWire : secondWire;
                    if (!wire.isUp) {
                        wire.up();
                    } else if (seed % 2 == 0) { // odd seeds keep their links, and must lose nothing
                        wire.down();
                    }
                }
                case 3, 4 -> sent += sender.send(reader.address(), new byte[] {1}) == 0 ? 1 : 0;
                case 5 -> read += reader.receive() != null ? 1 : 0;
                default -> scheduler.advance(Duration.ofNanos(random.nextInt(3000)));
            }
            assertThat(first.flows().to(reader.address()).pending())
                    .as("seed %d", seed)
                    .isBetween(0, 10);
        }
        for (Wire wire : List.of(firstWire, secondWire)) {
            if (!wire.isUp) {
                wire.up();
            }
        }
        settle();
        while (reader.receive() != null) {
            read++;
            settle();
        }

        var live = new TreeSet<String>();
        nodes.forEach(node -> node.names().servers().stream()
                .filter(server -> server.address().node() == node.id())
                .forEach(server -> live.add(server.toString())));
        assertThat(live).as("seed %d", seed).hasSize(servers.size() + 1);
        lookups.forEach(each -> assertThat(each.servers).as("seed %d", seed).isEqualTo(live));
        if (seed % 2 == 1) {
            assertThat(read).as("seed %d", seed).isEqualTo(sent);
            assertThat(hellos(firstWire)).as("seed %d", seed).isEqualTo(2);
        }
    }

    @Test
    void anotherServiceAtTheSamePortReplacesTheOneBefore() {
        up();
        Port server = server();
        Port looking = open(first, notes);
        looking.lookup(0, 0);
        assertThat(notes.servers).hasSize(1);

        server.publish(2, 7);
        settle();

        assertThat(notes.events).containsExactly("NEW_SERVER", "end", "DEL_SERVER", "NEW_SERVER");
        assertThat(owner.names().servers()).containsExactly(new Server(2, 7, server.address()));
        assertThat(first.names().servers()).containsExactly(new Server(2, 7, server.address()));
    }

    @Test
    void aNameServiceThatSaysByeAndHelloOnALivingLinkIsAnswered() {
        up();
        long before = hellosTo(firstWire, 1);
        hostile(5, Packet.control(5, Address.EVERYWHERE, ControlPacket.client(PacketType.BYE, 5, 0)));
        hostile(5, Packet.control(5, Address.EVERYWHERE, ControlPacket.plain(PacketType.HELLO)));

        assertThat(hellosTo(firstWire, 1)).isEqualTo(before + 1);
    }

    private static long hellosTo(Wire wire, int from) {
        return wire.carried.stream()
                .filter(packet ->
                        packet.type() == PacketType.HELLO && packet.source().node() == from)
                .count();
    }

    @Test
    void unreadPacketsOfANodeThatIsGoneAreNotReadAsTheNextLifes() {
        up();
        Port server = server();
        Port client = open(first, notes);
        for (int i = 0; i < 4; i++) {
            client.send(server.address(), new byte[] {1});
        }
        settle();

        firstWire.down();
        settle();
        firstWire.up();
        settle();
        client.send(server.address(), new byte[] {2});
        settle();

        assertThat(Objects.requireNonNull(server.receive()).payload()).containsExactly(2);
        assertThat(server.receive()).isNull();
    }

    @Test
    void aPortOfTheSameNodeTellsWhenItHasRoomAgain() {
        Port reader = open(owner, new Notes());
        Port writer = open(owner, notes);
        for (int i = 0; i < Port.MAX_UNREAD; i++) {
            assertThat(writer.send(reader.address(), new byte[] {1})).isZero();
        }
        assertThat(writer.send(reader.address(), new byte[] {1})).isEqualTo(-Errno.ENOBUFS);

        reader.receive();

        assertThat(notes.events).containsExactly("writable");
        assertThat(writer.send(reader.address(), new byte[] {1})).isZero();
    }

    @Test
    void aLookupOfAnotherNodeIsRefusedAndCounted() {
        up();
        hostile(5, Packet.control(5, Address.control(1), ControlPacket.plain(PacketType.NEW_LOOKUP)));

        assertThat(owner.counters().of(Refusal.FOREIGN_LOOKUP)).isEqualTo(1);
    }
}
