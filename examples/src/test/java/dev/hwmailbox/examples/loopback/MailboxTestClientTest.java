// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.loopback;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hwmailbox.Completion;
import dev.hwmailbox.Errno;
import dev.hwmailbox.MailboxChannel;
import dev.hwmailbox.MailboxException;
import dev.hwmailbox.testing.Exploration;
import dev.hwmailbox.testing.FakeChannel;
import dev.hwmailbox.testing.MailboxTestBed;
import dev.hwmailbox.testing.SendResponse;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Writing, and what the client does with its channels; reading is in MailboxTestClientReadTest. */
final class MailboxTestClientTest {
    private static final int SEEDS = 200;

    @AutoClose
    private final MailboxTestBed bed = bed();

    private final FakeChannel txLine = bed.controller().channel(0);

    static MailboxTestBed bed() {
        return MailboxTestBed.builder()
                .controller(settings -> settings.node(TestTree.mailbox()))
                .build();
    }

    private MailboxTestClient open(String node, Windows windows) {
        return MailboxTestClient.open(bed.mailboxes(), TestTree.node(node), windows, bed.scheduler());
    }

    private static Windows windows(ByteBuffer transmit) {
        return new Windows(transmit, null);
    }

    private static byte[] text(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static String text(@Nullable Object message) {
        ByteBuffer bytes = message instanceof byte[] array ? ByteBuffer.wrap(array) : (ByteBuffer) message;
        return StandardCharsets.UTF_8
                .decode(Objects.requireNonNull(bytes).duplicate())
                .toString();
    }

    private static List<String> texts(FakeChannel line) {
        return line.sent().stream().map(MailboxTestClientTest::text).toList();
    }

    private static ByteBuffer padded(String text, int size) {
        return ByteBuffer.wrap(Arrays.copyOf(text(text), size));
    }

    // Finding the channels.

    @Test
    void findsBothChannelsByTheirNames() {
        try (MailboxTestClient client = open("both", Windows.NONE)) {
            assertThat(client).hasToString("tx is fake/0, rx is fake/1");
        }
    }

    @Test
    void doesWithoutReceiveChannel() {
        try (MailboxTestClient client = open("only-tx", Windows.NONE)) {
            assertThat(client).hasToString("tx is fake/0, rx is null");
            assertThat(client.write(text("a"))).isEqualTo(1);
        }
    }

    @Test
    void doesWithoutTransmitChannel() {
        try (MailboxTestClient client = open("only-rx", Windows.NONE)) {
            assertThat(client).hasToString("tx is null, rx is fake/1");
            assertThat(client.write(text("a"))).isEqualTo(-Errno.EINVAL);
        }
    }

    @Test
    void doesWithoutAChannelThatHasAnOwner() {
        try (MailboxChannel taken = bed.bind(0);
                MailboxTestClient client = open("both", Windows.NONE)) {
            assertThat(taken.isClosed()).isFalse();
            assertThat(client).hasToString("tx is null, rx is fake/1");
        }
    }

    @Test
    void aSeparateReceiveMemoryMakesTheTransmitChannelServeBoth() {
        Windows windows = new Windows(ByteBuffer.allocate(4), ByteBuffer.allocate(4));
        try (MailboxTestClient client = open("only-tx", windows)) {
            assertThat(client).hasToString("tx is fake/0, rx is fake/0");
        }
    }

    @Test
    void returnsEprobeDeferIfNeitherNameIsThere() {
        assertThatThrownBy(() -> open("neither", Windows.NONE))
                .isInstanceOf(MailboxException.class)
                .hasMessage("EPROBE_DEFER: neither tx nor rx (/neither)");
    }

    @Test
    void returnsEprobeDeferIfNoControllerIsThere() {
        bed.mailboxes().unregister(bed.controller().controller());

        assertThatThrownBy(() -> open("both", Windows.NONE))
                .isInstanceOfSatisfying(
                        MailboxException.class, e -> assertThat(e.errno()).isEqualTo(Errno.EPROBE_DEFER));
    }

    // Writing.

    @Test
    void withoutWindowTheMessageItselfIsSent() {
        try (MailboxTestClient client = open("both", Windows.NONE)) {
            assertThat(client.signal(text("sig"))).isEqualTo(3);
            assertThat(client.write(text("payload"))).isEqualTo(7);

            assertThat(texts(txLine)).containsExactly("payload");
            assertThat(bed.controller().channel(1).sent()).isEmpty();
        }
    }

    @Test
    void theMessageIsTheClientsOwnWhileItIsInFlight() {
        List<@Nullable Object> inFlight = new ArrayList<>();
        txLine.onEverySend(message -> {
            inFlight.add(message);
            return SendResponse.completeAfter(Duration.ofMillis(1));
        });
        byte[] message = text("payload");
        try (MailboxTestClient client = open("both", Windows.NONE)) {
            bed.scheduler().spawn(() -> client.write(message));

            message[0] = 'x';

            assertThat(text(inFlight.get(0))).isEqualTo("payload");
            bed.scheduler().runUntilIdle();
        }
    }

    @Test
    void writingReturnsWhenTheMessageIsDone() {
        txLine.onSend(SendResponse.completeAfter(Duration.ofMillis(499)));
        try (MailboxTestClient client = open("both", Windows.NONE)) {
            assertThat(client.write(text("a"))).isEqualTo(1);
            assertThat(bed.scheduler().elapsed()).isEqualTo(Duration.ofMillis(499));
        }
    }

    @Test
    void returnsEtimeAfterHalfASecondAndTheNextMessageGoes() {
        txLine.onSend(SendResponse.never());
        try (MailboxTestClient client = open("both", Windows.NONE)) {
            assertThat(client.write(text("a"))).isEqualTo(-Errno.ETIME);
            assertThat(bed.scheduler().elapsed()).isEqualTo(Duration.ofMillis(500));

            assertThat(client.write(text("b"))).isEqualTo(1);
            assertThat(texts(txLine)).containsExactly("a", "b");
        }
    }

    @Test
    void returnsTheStatusOfAMessageThatFailed() {
        txLine.onSend(SendResponse.completeNow().status(-Errno.EIO));
        try (MailboxTestClient client = open("both", Windows.NONE)) {
            assertThat(client.write(text("a"))).isEqualTo(-Errno.EIO);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 128})
    void takesMessagesOfUpTo128Bytes(int size) {
        try (MailboxTestClient client = open("both", Windows.NONE)) {
            assertThat(client.write(new byte[size])).isEqualTo(size);
        }
    }

    @Test
    void returnsEmsgsizeForLongerMessages() {
        try (MailboxTestClient client = open("both", Windows.NONE)) {
            assertThat(client.write(new byte[129])).isEqualTo(-Errno.EMSGSIZE);
            assertThat(txLine.attempts()).isEmpty();
        }
    }

    @Test
    void returnsEmsgsizeForSignalsOfMoreThanEightBytes() {
        try (MailboxTestClient client = open("both", windows(ByteBuffer.allocate(8)))) {
            assertThat(client.signal(new byte[8])).isEqualTo(8);
            assertThat(client.signal(new byte[9])).isEqualTo(-Errno.EMSGSIZE);
        }
    }

    @Test
    void returnsEinvalOnceClosed() {
        MailboxTestClient client = open("both", Windows.NONE);
        client.close();

        assertThat(client.write(text("a"))).isEqualTo(-Errno.EINVAL);
    }

    @Test
    void returnsEshutdownIfTheChannelIsClosedMeanwhile() {
        txLine.onSend(SendResponse.never());
        List<Integer> results = new ArrayList<>();
        MailboxTestClient client = open("both", Windows.NONE);
        bed.scheduler().spawn(() -> results.add(client.write(text("a"))));

        client.close();
        bed.scheduler().runDue();

        assertThat(results).containsExactly(-Errno.ESHUTDOWN);
    }

    // Writing to memory.

    @Test
    void withWindowTheMessageIsThereBeforeItIsSent() {
        ByteBuffer window = ByteBuffer.allocate(16);
        List<ByteBuffer> seen = new ArrayList<>();
        txLine.onEverySend(message -> {
            seen.add(ByteBuffer.wrap(window.array().clone()));
            return SendResponse.completeNow();
        });
        try (MailboxTestClient client = open("both", windows(window))) {
            client.write(text("a long message"));
            client.write(text("short"));

            assertThat(seen).containsExactly(padded("a long message", 16), padded("short", 16));
            assertThat(texts(txLine)).containsExactly("a long message", "short");
        }
    }

    @Test
    void withWindowAndSignalOnlyTheSignalIsSentWithTheNextMessage() {
        ByteBuffer window = ByteBuffer.allocate(16);
        try (MailboxTestClient client = open("both", windows(window))) {
            client.signal(text("sig"));

            assertThat(client.write(text("first"))).isEqualTo(5);
            assertThat(window).isEqualTo(padded("first", 16));
            assertThat(client.write(text("second"))).isEqualTo(6);

            assertThat(window).isEqualTo(padded("second", 16));
            assertThat(texts(txLine)).containsExactly("sig", "second");
        }
    }

    @Test
    void aWindowThatIsTooSmallTakesTheBeginning() {
        ByteBuffer window = ByteBuffer.allocate(4);
        try (MailboxTestClient client = open("both", windows(window))) {
            assertThat(client.write(text("too long"))).isEqualTo(8);
            assertThat(window).isEqualTo(padded("too l", 4));
        }
    }

    @Test
    void aRefusedMessageIsPutIntoTheWindowAgain() {
        ByteBuffer window = ByteBuffer.allocate(8);
        List<ByteBuffer> seen = new ArrayList<>();
        txLine.onEverySend(message -> {
            seen.add(ByteBuffer.wrap(window.array().clone()));
            window.put(0, (byte) 0x7f); // the device still writes its answer to somebody else
            return seen.size() < 3
                    ? SendResponse.refuse(Errno.EBUSY).retryAfter(Duration.ofMillis(1))
                    : SendResponse.completeNow();
        });
        try (MailboxTestClient client = open("both", windows(window))) {
            assertThat(client.write(text("abc"))).isEqualTo(3);
            assertThat(seen).containsOnly(padded("abc", 8)).hasSize(3);
        }
    }

    // Several writers.

    @Test
    void writersTakeTurns() {
        int orders = Exploration.run(SEEDS, scheduler -> {
            try (MailboxTestBed explored = MailboxTestBed.builder()
                    .scheduler(scheduler)
                    .controller(settings -> settings.node(TestTree.mailbox()))
                    .build()) {
                ByteBuffer window = ByteBuffer.allocate(8);
                List<String> carried = new ArrayList<>();
                FakeChannel line = explored.channel();
                line.onEverySend(message -> {
                    carried.add(
                            text(message) + " beside " + text(window.array()).trim());
                    return SendResponse.completeAfter(Duration.ofMillis(300));
                });
                MailboxTestClient client =
                        MailboxTestClient.open(explored.mailboxes(), TestTree.node("both"), windows(window), scheduler);
                List<Integer> results = new ArrayList<>();
                List<Completion> writers = IntStream.range(0, 4)
                        .mapToObj(i -> scheduler.spawn("writer " + i, () -> results.add(client.write(text("m" + i)))))
                        .toList();
                scheduler.runUntilIdle();

                assertThat(writers).allMatch(Completion::isDone);
                assertThat(results).containsExactly(2, 2, 2, 2);
                assertThat(carried)
                        .containsExactlyInAnyOrder("m0 beside m0", "m1 beside m1", "m2 beside m2", "m3 beside m3");
                assertThat(scheduler.elapsed()).isEqualTo(Duration.ofMillis(1200));
                client.close();
            }
        });
        assertThat(orders).isGreaterThan(1);
    }

    @Test
    void returnsEintrIfInterruptedWhileAnotherWrites() {
        txLine.onSend(SendResponse.accept());
        try (MailboxTestClient client = open("both", Windows.NONE)) {
            Completion first = bed.scheduler().spawn(() -> client.write(text("a")));

            Thread.currentThread().interrupt();
            int result = client.write(text("b"));

            assertThat(Thread.interrupted()).isTrue();
            assertThat(result).isEqualTo(-Errno.EINTR);
            assertThat(texts(txLine)).containsExactly("a");
            txLine.complete();
            bed.scheduler().runDue();
            assertThat(first.isDone()).isTrue();
            assertThat(client.write(text("c"))).isEqualTo(1);
        }
    }
}
