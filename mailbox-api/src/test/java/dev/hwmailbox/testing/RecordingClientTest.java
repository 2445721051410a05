// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ch.qos.logback.classic.Level;
import dev.hwmailbox.ChannelEvent;
import dev.hwmailbox.ClientOptions;
import dev.hwmailbox.Errno;
import dev.hwmailbox.LogCapture;
import dev.hwmailbox.MailboxChannel;
import dev.hwmailbox.MailboxClient;
import dev.hwmailbox.ThreadedScheduler;
import dev.hwmailbox.devicetree.DeviceTree;
import dev.hwmailbox.devicetree.Node;
import dev.hwmailbox.devicetree.NodeBuilder;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

class RecordingClientTest {
    private final VirtualScheduler scheduler = new VirtualScheduler();
    private final FakeController fake = FakeController.create(scheduler);
    private final RecordingClient client = RecordingClient.create(scheduler);
    private final MailboxChannel channel = bind(client);

    private MailboxChannel bind(MailboxClient owner) {
        return fake.controller().channel(0).bindClient(owner);
    }

    private MailboxChannel bindAgain(MailboxClient owner) {
        channel.close();
        client.takeEvents();
        return bind(owner);
    }

    @Test
    void recordsEveryCallbackWithItsTime() {
        fake.channel(0)
                .onSend(
                        SendResponse.refuse(Errno.EBUSY),
                        SendResponse.completeNow().status(-Errno.ETIME));
        client.recordPrepare();
        scheduler.advance(Duration.ofNanos(1_500_000));
        channel.sendMessage("hello");
        scheduler.advance(Duration.ofNanos(1));
        fake.channel(0).resubmit();
        fake.channel(0).receive(null);
        fake.channel(0).raise(ChannelEvent.PEER_RESET);
        channel.close();

        assertThat(client).hasToString("""
                +1.500 ms  fake/0  prepared 'hello'
                +1.500 ms  fake/0  refused 'hello' EBUSY
                +1.500001 ms  fake/0  prepared 'hello'
                +1.500001 ms  fake/0  txDone 'hello' ETIME
                +1.500001 ms  fake/0  received null
                +1.500001 ms  fake/0  event PEER_RESET
                +1.500001 ms  fake/0  event CLOSED""");
    }

    @Test
    void recordsThatThereIsRoomAgain() {
        fake.channel(0).onEverySend(SendResponse.accept());
        for (int i = 0; i < 22; i++) {
            channel.sendMessage(i);
        }
        client.assertNothingHappened();

        fake.channel(0).complete();

        client.assertEvents("txDone 0 0", "writable");
    }

    @Test
    void doesNotRecordPreparationUnlessAskedTo() {
        channel.sendMessage("a");

        client.assertEvents("txDone 'a' 0");
    }

    @Test
    void showsBytesAndKeepsThemAsTheyWere() {
        ByteBuffer buffer = ByteBuffer.wrap(new byte[] {1, (byte) 0xff, 3}).position(1);

        fake.channel(0).receive(buffer);
        buffer.put(1, (byte) 0);
        fake.channel(0).receive(new byte[20]);
        fake.channel(0).receive(new byte[0]);

        client.assertEvents(
                "received bytes[2] ff 03",
                "received bytes[20] 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 ...",
                "received bytes[0]");
        client.assertReceived(new byte[] {(byte) 0xff, 3}, ByteBuffer.allocate(20), new byte[0]);
        assertThat(buffer.position()).isEqualTo(1);
    }

    @Test
    void reactsInsideItsCallbacks() {
        client.onReceive(MailboxChannel::sendMessage).onTxDone((from, message, status) -> from.close());

        fake.channel(0).receive("echo");

        client.assertEvents("received 'echo'", "txDone 'echo' 0", "event CLOSED");
    }

    @Test
    void passesEverythingOnToTheRealClient() {
        List<String> calls = new ArrayList<>();
        RecordingClient around = RecordingClient.around(scheduler, new Listening(calls));
        fake.channel(0).onSend(SendResponse.refuse(Errno.EBUSY).retryAfter(Duration.ofMillis(1)));
        MailboxChannel other = bindAgain(around);

        other.sendMessage("a");
        fake.channel(0).receive("b");
        around.writable(other);
        other.close();

        assertThat(calls)
                .containsExactly(
                        "prepare a", "refused a -16", "prepare a", "txDone a 0", "rx b", "writable", "event CLOSED");
        assertThat(around.options()).isEqualTo(ClientOptions.blocking(Duration.ofMillis(7)));
        assertThat(around.events()).hasSize(5);
    }

    @Test
    void itsOwnOptionsAndNodeGoBeforeThoseOfTheRealClient() {
        Node node = DeviceTree.of(NodeBuilder.root().build()).root();
        RecordingClient around = RecordingClient.around(scheduler, new Listening(new ArrayList<>()))
                .options(ClientOptions.NON_BLOCKING)
                .node(node);

        assertThat(around.options()).isEqualTo(ClientOptions.NON_BLOCKING);
        assertThat(around.node()).isSameAs(node);
        assertThat(client.options()).isEqualTo(ClientOptions.NON_BLOCKING);
        assertThat(client.node()).isNull();
    }

    @Test
    void keepsExceptionsThatTheFrameworkOnlyLogs() {
        var defect = new IllegalStateException("defect");
        client.onReceive((from, message) -> {
            throw defect;
        });

        try (var logged = new LogCapture()) {
            fake.channel(0).receive("a");
            assertThat(logged.at(Level.ERROR)).containsExactly("fake/0: rxCallback threw");
        }

        assertThat(client.failures()).containsExactly(defect);
    }

    @Test
    void threadsMayOvertakeEachOtherInsideACallback() {
        Set<String> reactions = new HashSet<>();

        Exploration.run(100, chance -> {
            try (MailboxTestBed bed = MailboxTestBed.builder()
                    .scheduler(chance)
                    .channelsMayStayOpen()
                    .build()) {
                StringBuilder reacted = new StringBuilder();
                bed.client().onReceive((from, message) -> reacted.append(message));
                for (int i = 0; i < 2; i++) {
                    bed.bind(i);
                    FakeChannel receiver = bed.controller().channel(i);
                    String message = "ab".substring(i, i + 1);
                    chance.spawn(() -> receiver.receive(message));
                }
                chance.runUntilIdle();
                if (bed.client().received().equals(List.of("a", "b"))) {
                    reactions.add(reacted.toString());
                }
            }
        });

        assertThat(reactions).containsExactlyInAnyOrder("ab", "ba");
    }

    @Test
    void anAssertionThatFailsInAReactionReachesTheTest() {
        client.onReceive((from, message) -> client.assertReceived("something else"));

        try (var logged = new LogCapture()) {
            assertThatThrownBy(() -> fake.channel(0).receive("a"))
                    .isInstanceOf(AssertionError.class)
                    .hasMessageStartingWith("received differ");
            assertThat(logged.at(Level.ERROR)).hasSize(1);
        }
        assertThat(client.failures()).isEmpty();
    }

    @Test
    void timeStartsWhenItWasMadeIfTimeIsReal() {
        try (var threaded = new ThreadedScheduler()) {
            RecordingClient real = RecordingClient.create(threaded);
            FakeController.create(threaded)
                    .controller()
                    .channel(0)
                    .bindClient(real)
                    .close();

            assertThat(real.events().get(0).at()).isBetween(Duration.ZERO, Duration.ofMinutes(1));
        }
    }

    @Nested
    class Assertions {
        @Test
        void eventsMayLeaveOutTimeAndChannel() {
            channel.sendMessage("a");

            client.assertEvents("+0.000 ms  fake/0  txDone 'a' 0");
            client.assertEvents("fake/0 txDone 'a' 0");
            client.assertEvents("+0.000 ms txDone 'a' 0");
            client.assertEvents(" txDone  'a' 0 ");
        }

        @Test
        void otherEventsAreShownWithTheFirstDifferenceMarked() {
            channel.sendMessage("a");
            channel.sendMessage("b");

            assertThatThrownBy(() -> client.assertEvents("txDone 'a' 0", "txDone 'b' EIO"))
                    .isInstanceOf(AssertionError.class)
                    .hasMessage("""
                            events differ
                              expected:
                                txDone 'a' 0
                              > txDone 'b' EIO
                              but was:
                                +0.000 ms  fake/0  txDone 'a' 0
                              > +0.000 ms  fake/0  txDone 'b' 0""");
        }

        @Test
        void missingAndSurplusEventsAreMarkedAtTheEnd() {
            channel.sendMessage("a");

            assertThatThrownBy(() -> client.assertEvents("txDone 'a' 0", "writable"))
                    .hasMessage("""
                    events differ
                      expected:
                        txDone 'a' 0
                      > writable
                      but was:
                        +0.000 ms  fake/0  txDone 'a' 0
                      > (nothing)""");
            assertThatThrownBy(client::assertNothingHappened).hasMessage("""
                    events differ
                      expected:
                      > (nothing)
                      but was:
                      > +0.000 ms  fake/0  txDone 'a' 0""");
        }

        @Test
        void aTimeMustBeRightIfItIsGiven() {
            channel.sendMessage("a");

            assertThatThrownBy(() -> client.assertEvents("+1.000 ms fake/0 txDone 'a' 0"))
                    .isInstanceOf(AssertionError.class);
        }

        @Test
        void receivedMessagesAreCompared() {
            fake.channel(0).receive("a");
            fake.channel(0).receive(7);

            client.assertReceived("a", 7);
            assertThatThrownBy(() -> client.assertReceived("a", "7")).hasMessage("""
                    received differ
                      expected:
                        'a'
                      > '7'
                      but was:
                        'a'
                      > 7""");
            assertThatThrownBy(() -> client.assertReceived("a")).isInstanceOf(AssertionError.class);
        }

        @Test
        void aMessageMustHaveBeenReportedOnceWithItsStatus() {
            channel.sendMessage("once");
            channel.sendMessage("twice");
            channel.sendMessage("twice");

            client.assertTxDone("once", 0);
            assertThatThrownBy(() -> client.assertTxDone("once", -Errno.EIO))
                    .hasMessageStartingWith("expected one txDone 'once' EIO, all events are:\n    +0.000 ms  fake/0  ");
            assertThatThrownBy(() -> client.assertTxDone("twice", 0)).isInstanceOf(AssertionError.class);
            assertThatThrownBy(() -> client.assertTxDone("never", 0)).isInstanceOf(AssertionError.class);
        }

        @Test
        void takenEventsAreForgotten() {
            channel.sendMessage("a");

            assertThat(client.takeEvents()).hasSize(1);

            client.assertNothingHappened();
            assertThatThrownBy(() -> client.assertTxDone("a", 0)).hasMessageEndingWith("\n    (nothing)");
            assertThat(client).hasToString("");
        }
    }

    /** A client that answers each callback with a line. */
    private static final class Listening implements MailboxClient {
        private final List<String> calls;

        Listening(List<String> calls) {
            this.calls = calls;
        }

        @Override
        public ClientOptions options() {
            return ClientOptions.blocking(Duration.ofMillis(7));
        }

        @Override
        public void rxCallback(MailboxChannel from, @Nullable Object message) {
            calls.add("rx " + message);
        }

        @Override
        public void txPrepare(MailboxChannel to, @Nullable Object message) {
            calls.add("prepare " + message);
        }

        @Override
        public void txDone(MailboxChannel to, @Nullable Object message, int status) {
            calls.add("txDone " + message + " " + status);
        }

        @Override
        public void writable(MailboxChannel to) {
            calls.add("writable");
        }

        @Override
        public void refused(MailboxChannel to, @Nullable Object message, int errno) {
            calls.add("refused " + message + " " + errno);
        }

        @Override
        public void event(MailboxChannel of, ChannelEvent event) {
            calls.add("event " + event);
        }
    }

    @Test
    void spacesInAMessageCountAndThoseBetweenPartsDoNot() {
        fake.channel(0).receive("a  b");

        client.assertEvents("+0.000 ms   received   'a  b'");
        assertThatThrownBy(() -> client.assertEvents("received 'a b'")).isInstanceOf(AssertionError.class);
    }

    @Test
    void showsHowMessagesDifferThatLookTheSame() {
        byte[] received = new byte[20];
        byte[] expected = new byte[20];
        expected[18] = 5;
        fake.channel(0).receive(received);
        fake.channel(0).receive(1);

        assertThatThrownBy(() -> client.assertReceived(expected, 1))
                .hasMessageContaining("> bytes[20] 00")
                .hasMessageContaining("... with 05 at index 18")
                .hasMessageContaining("... with 00 at index 18");
        assertThatThrownBy(() -> client.assertReceived(received, 1L))
                .hasMessageContaining("> 1 of class java.lang.Long")
                .hasMessageContaining("> 1 of class java.lang.Integer");
    }

    @Test
    void aReceivedBufferKeepsItsByteOrderAndCanBeReadAgain() {
        fake.channel(0)
                .receive(ByteBuffer.allocate(4)
                        .order(ByteOrder.LITTLE_ENDIAN)
                        .putInt(7)
                        .flip());

        for (int i = 0; i < 2; i++) {
            assertThat(client.received().get(0))
                    .isInstanceOfSatisfying(
                            ByteBuffer.class,
                            buffer -> assertThat(buffer.getInt()).isEqualTo(7));
        }
        client.assertReceived((Object) new byte[] {7, 0, 0, 0});
    }

    @Test
    void keepsACheckedExceptionOfTheClient() {
        var checked = new IOException("no such file");
        client.onReceive((from, message) -> throwAny(checked));

        try (var logged = new LogCapture()) {
            fake.channel(0).receive("a");
            assertThat(logged.at(Level.ERROR)).hasSize(1);
        }

        assertThat(client.failures()).containsExactly(checked);
    }

    /** As languages do that know no checked exceptions. */
    @SuppressWarnings({"unchecked", "TypeParameterUnusedInFormals"})
    private static <E extends Exception> void throwAny(Exception exception) throws E {
        throw (E) exception;
    }
}
