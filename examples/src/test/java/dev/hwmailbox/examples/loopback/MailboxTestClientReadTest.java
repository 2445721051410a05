// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.loopback;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hwmailbox.Errno;
import dev.hwmailbox.testing.FakeChannel;
import dev.hwmailbox.testing.MailboxTestBed;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;

final class MailboxTestClientReadTest {
    private static final Duration SECOND = Duration.ofSeconds(1);
    private static final int TEXT_COLUMN = 49;
    private static final String EMPTY_LINE = "00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00  ................\n";
    private static final String HELLO =
            "48 65 6c 6c 6f 2c 20 77 6f 72 6c 64 21 00 7f 80  Hello, world!...\n" + EMPTY_LINE.repeat(7);

    @AutoClose
    private final MailboxTestBed bed = MailboxTestClientTest.bed();

    private final FakeChannel rxLine = bed.controller().channel(1);
    private final StringBuilder dump = new StringBuilder();

    private MailboxTestClient open(String node, Windows windows) {
        return MailboxTestClient.open(bed.mailboxes(), TestTree.node(node), windows, bed.scheduler());
    }

    private static ByteBuffer hello() {
        return ByteBuffer.wrap("Hello, world!\0\u007f\u0080".getBytes(StandardCharsets.ISO_8859_1));
    }

    private static ByteBuffer text(String text) {
        return ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
    }

    private String firstLine(MailboxTestClient client, Duration timeout) {
        StringBuilder lines = new StringBuilder();
        int result = client.read(lines, timeout);
        return result < 0
                ? Errno.name(result)
                : lines.substring(TEXT_COLUMN, TEXT_COLUMN + 16).replaceAll("\\.+$", "");
    }

    @Test
    void givesEightLinesOfSixteenBytesOnce() {
        try (MailboxTestClient client = open("both", Windows.NONE)) {
            rxLine.receive(hello());

            assertThat(client.read(dump, Duration.ZERO)).isEqualTo(HELLO.length());

            assertThat(dump).hasToString(HELLO);
            assertThat(dump.toString().lines()).hasSize(8);
            assertThat(client.read(dump, Duration.ZERO)).isEqualTo(-Errno.EAGAIN);
            assertThat(dump).hasToString(HELLO);
        }
    }

    @Test
    void appendsAndTellsHowMuch() {
        dump.append("received: ");
        try (MailboxTestClient client = open("both", Windows.NONE)) {
            rxLine.receive(hello());

            assertThat(client.read(dump, Duration.ZERO)).isEqualTo(HELLO.length());

            assertThat(dump).hasToString("received: " + HELLO);
        }
    }

    @Test
    void leavesTheMessageAsItWas() {
        ByteBuffer message = hello().position(7).limit(12);
        try (MailboxTestClient client = open("both", Windows.NONE)) {
            rxLine.receive(message);

            assertThat(firstLine(client, Duration.ZERO)).isEqualTo("world");
            assertThat(message.position()).isEqualTo(7);
        }
    }

    @Test
    void cutsWhatIsLongerThan128Bytes() {
        try (MailboxTestClient client = open("both", Windows.NONE)) {
            rxLine.receive(text("x".repeat(130)));

            assertThat(client.read(dump, Duration.ZERO)).isEqualTo(8 * EMPTY_LINE.length());
            assertThat(dump.toString().lines()).hasSize(8).allMatch(line -> line.endsWith("x".repeat(16)));
        }
    }

    @Test
    void keepsTheLastOfSeveralMessagesAndNothingOfTheOthers() {
        try (MailboxTestClient client = open("both", Windows.NONE)) {
            rxLine.receive(text("the longer one"));
            rxLine.receive(text("last"));

            assertThat(firstLine(client, Duration.ZERO)).isEqualTo("last");
            assertThat(client.read(dump, Duration.ZERO)).isEqualTo(-Errno.EAGAIN);
        }
    }

    @Test
    void aSignalWithoutMemoryIsAnEmptyMessage() {
        try (MailboxTestClient client = open("both", Windows.NONE)) {
            rxLine.receive(text("unread"));
            rxLine.receive(null);

            client.read(dump, Duration.ZERO);

            assertThat(dump).hasToString(EMPTY_LINE.repeat(8));
        }
    }

    @Test
    void whatIsNoBytesIsAnEmptyMessage() {
        try (MailboxTestClient client = open("both", Windows.NONE)) {
            rxLine.receive("a string");

            assertThat(firstLine(client, Duration.ZERO)).isEmpty();
        }
    }

    @Test
    void receivesFromTheReceiveWindow() {
        Windows windows = new Windows(text("transmit"), text("receive"));
        expectRead(windows, null, "receive");
    }

    @Test
    void receivesFromTheTransmitWindowIfThereIsNoOther() {
        expectRead(new Windows(text("transmit"), null), text("signal"), "transmit");
    }

    @Test
    void receivesFromTheReceiveWindowIfThereIsNoOther() {
        expectRead(new Windows(null, text("receive")), text("signal"), "receive");
    }

    private void expectRead(Windows windows, @Nullable ByteBuffer message, String expected) {
        try (MailboxTestClient client = open("both", windows)) {
            rxLine.receive(message);

            assertThat(firstLine(client, Duration.ZERO)).isEqualTo(expected);
            assertThat(Objects.requireNonNull(windows.received()).position()).isZero();
        }
    }

    @Test
    void theTransmitChannelReceivesFromASeparateMemory() {
        try (MailboxTestClient client = open("only-tx", new Windows(null, text("receive")))) {
            bed.controller().channel(0).receive(null);

            assertThat(firstLine(client, Duration.ZERO)).isEqualTo("receive");
        }
    }

    @Test
    void bothChannelsReceive() {
        try (MailboxTestClient client = open("both", Windows.NONE)) {
            bed.controller().channel(0).receive(text("from tx"));

            assertThat(firstLine(client, Duration.ZERO)).isEqualTo("from tx");
        }
    }

    @Test
    void withoutReceiveChannelGivesAFixedText() {
        try (MailboxTestClient client = open("only-tx", new Windows(text("transmit"), null))) {
            int result = client.read(dump, SECOND);

            assertThat(dump).hasToString(MailboxTestClient.NO_RX_CHANNEL);
            assertThat(result).isEqualTo(dump.length());
            assertThat(bed.scheduler().elapsed()).isZero();
        }
    }

    // Waiting.

    @Test
    void waitsUntilSomethingComes() {
        try (MailboxTestClient client = open("both", Windows.NONE)) {
            rxLine.receiveAfter(Duration.ofSeconds(1), text("just in time"));

            assertThat(firstLine(client, SECOND)).isEqualTo("just in time");
            assertThat(bed.scheduler().elapsed()).isEqualTo(SECOND);
        }
    }

    @Test
    void returnsEtimeIfNothingComes() {
        try (MailboxTestClient client = open("both", Windows.NONE)) {
            assertThat(client.read(dump, SECOND)).isEqualTo(-Errno.ETIME);
            assertThat(bed.scheduler().elapsed()).isEqualTo(SECOND);
            assertThat(dump).isEmpty();
        }
    }

    @Test
    void returnsEintrIfInterrupted() {
        try (MailboxTestClient client = open("both", Windows.NONE)) {
            Thread.currentThread().interrupt();
            int result = client.read(dump, SECOND);

            assertThat(Thread.interrupted()).isTrue();
            assertThat(result).isEqualTo(-Errno.EINTR);
        }
    }

    @Test
    void oneMessageServesOneReaderAndTheOtherWaitsOnUntilItsOwnTimeIsUp() {
        List<String> results = new ArrayList<>();
        try (MailboxTestClient client = open("both", Windows.NONE)) {
            bed.scheduler().spawn(() -> results.add("first: " + firstLine(client, SECOND)));
            bed.scheduler().spawn(() -> results.add("second: " + firstLine(client, SECOND)));
            rxLine.receiveAfter(Duration.ofMillis(400), text("a"));

            bed.scheduler().advance(Duration.ofMillis(999));
            assertThat(results).containsExactly("first: a");
            bed.scheduler().advance(Duration.ofMillis(1));

            assertThat(results).containsExactly("first: a", "second: ETIME");
        }
    }

    @Test
    void returnsEshutdownWhenTheChannelIsClosed() {
        List<String> results = new ArrayList<>();
        MailboxTestClient client = open("both", Windows.NONE);
        bed.scheduler().spawn(() -> results.add(firstLine(client, SECOND)));

        client.close();
        bed.scheduler().runDue();

        assertThat(results).containsExactly("ESHUTDOWN");
        assertThat(client.read(dump, Duration.ZERO)).isEqualTo(-Errno.ESHUTDOWN);
        assertThat(client.isReadable()).isFalse();
    }

    @Test
    void returnsEshutdownWhenTheControllerGoesAway() {
        List<String> results = new ArrayList<>();
        MailboxTestClient client = open("both", Windows.NONE);
        bed.scheduler().spawn(() -> results.add(firstLine(client, SECOND)));

        bed.mailboxes().unregister(bed.controller().controller());
        bed.scheduler().runDue();

        assertThat(results).containsExactly("ESHUTDOWN");
    }

    @Test
    void whatWasReceivedCanBeReadAfterClosing() {
        MailboxTestClient client = open("both", Windows.NONE);
        rxLine.receive(text("unread"));
        client.close();

        assertThat(firstLine(client, SECOND)).isEqualTo("unread");
    }

    @Test
    void tellsThatSomethingCanBeRead() {
        List<String> told = new ArrayList<>();
        try (MailboxTestClient client = open("both", Windows.NONE)) {
            client.onReadable(() -> told.add(client.isReadable() + ": " + firstLine(client, Duration.ZERO)));
            assertThat(client.isReadable()).isFalse();

            rxLine.receive(text("a"));
            rxLine.receive(text("b"));

            assertThat(told).containsExactly("true: a", "true: b");
            assertThat(client.isReadable()).isFalse();
        }
    }
}
