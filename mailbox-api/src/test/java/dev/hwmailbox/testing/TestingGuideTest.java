// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.testing;

import static dev.hwmailbox.testing.SendResponse.completeAfter;
import static dev.hwmailbox.testing.SendResponse.never;
import static dev.hwmailbox.testing.SendResponse.refuse;
import static org.assertj.core.api.Assertions.assertThat;

import dev.hwmailbox.ClientOptions;
import dev.hwmailbox.Errno;
import dev.hwmailbox.MailboxChannel;
import dev.hwmailbox.MailboxClient;
import dev.hwmailbox.controller.ChannelOps;
import dev.hwmailbox.controller.ControllerChannel;
import dev.hwmailbox.controller.MailboxController;
import dev.hwmailbox.controller.TxDoneMethod;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** The code of docs/TESTING.md, compiled and run; its text must be what stands there. */
class TestingGuideTest {
    private static final Path OWN_SOURCE = Path.of("src/test/java/dev/hwmailbox/testing/TestingGuideTest.java");
    private static final Pattern TAGGED = Pattern.compile("// tag::\\w+\\[]\n(.*?)// end::\\w+\\[]", Pattern.DOTALL);

    /** The client under test. */
    private static final class Echo implements MailboxClient {
        @Override
        public void rxCallback(MailboxChannel channel, @Nullable Object message) {
            channel.sendMessage(message);
        }
    }

    @Test
    void testsAClient() {
        // tag::client[]
        try (MailboxTestBed bed = MailboxTestBed.create()) {
            bed.channel()
                    .onSend(refuse(Errno.EBUSY).retryAfter(Duration.ofMillis(2)), completeAfter(Duration.ofMillis(1)));
            MailboxChannel channel = bed.bind(new Echo());

            bed.channel().receive("ping");
            bed.scheduler().advance(Duration.ofMillis(5));

            bed.client()
                    .assertEvents(
                            "+0.000 ms  received 'ping'", "refused 'ping' EBUSY", "+3.000 ms  fake/0  txDone 'ping' 0");
            assertThat(bed.channel().sent()).containsExactly("ping");
            channel.close();
        }
        // end::client[]
    }

    @Test
    void testsABlockingClient() {
        // tag::blocking[]
        try (MailboxTestBed bed = MailboxTestBed.create()) {
            bed.client().options(ClientOptions.blocking(Duration.ofHours(1)));
            bed.channel().onSend(completeAfter(Duration.ofMinutes(5)), never());
            MailboxChannel channel = bed.bind();
            List<Integer> results = new ArrayList<>();

            bed.scheduler().spawn("first", () -> results.add(channel.sendMessage("a")));
            bed.scheduler().spawn("second", () -> results.add(channel.sendMessage("b")));
            bed.scheduler().runUntilIdle();

            assertThat(results).containsExactly(0, -Errno.ETIME);
            assertThat(bed.scheduler().elapsed()).isEqualTo(Duration.ofHours(1));
            channel.close();
        }
        // end::blocking[]
    }

    @Test
    void triesManyOrders() {
        // tag::orders[]
        int orders = Exploration.run(200, scheduler -> {
            try (MailboxTestBed bed = MailboxTestBed.create(scheduler)) {
                bed.client().options(ClientOptions.blocking(Duration.ofMillis(3)));
                bed.channel().onEverySend(completeAfter(Duration.ofMillis(3)));
                MailboxChannel channel = bed.bind();
                List<Integer> results = new ArrayList<>();

                scheduler.spawn("sender", () -> results.add(channel.sendMessage("a")));
                scheduler.runUntilIdle();

                assertThat(results).hasSize(1);
                bed.client().assertTxDone("a", Math.min(results.get(0), 0)); // both sides are told the same
                channel.close();
            }
        });
        assertThat(orders).isGreaterThan(1); // or there was nothing to explore
        // end::orders[]
    }

    // tag::driver[]
    /** A driver that loops every message back. */
    private static final class Loopback implements ChannelOps {
        @Override
        public int sendData(ControllerChannel channel, @Nullable Object message, long txId) {
            channel.txDone(txId, 0);
            channel.receivedData(message);
            return 0;
        }
    }

    @Test
    void testsAController() {
        VirtualScheduler scheduler = new VirtualScheduler();
        RecordingClient client = RecordingClient.create(scheduler);
        MailboxController controller = MailboxController.builder(new Loopback(), scheduler)
                .name("loop")
                .txDoneMethod(TxDoneMethod.IRQ)
                .build();

        controller.channel(0).bindClient(client).sendMessage("hello");

        client.assertEvents("received 'hello'", "txDone 'hello' 0");
        assertThat(scheduler.pending()).isEmpty();
    }
    // end::driver[]

    @Test
    void theGuideShowsThisCode() throws IOException {
        String guide = Files.readString(Path.of("docs/TESTING.md"));
        Matcher tagged = TAGGED.matcher(Files.readString(OWN_SOURCE));
        int found = 0;
        while (tagged.find()) {
            assertThat(guide)
                    .contains("```java\n" + tagged.group(1).stripIndent().stripTrailing() + "\n```");
            found++;
        }
        assertThat(found).isEqualTo(4);
        assertThat(guide.split("```java\n", -1)).hasSize(found + 1);
    }
}
