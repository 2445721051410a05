// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.testing;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hwmailbox.ClientOptions;
import dev.hwmailbox.Completion;
import dev.hwmailbox.Errno;
import dev.hwmailbox.MailboxChannel;
import dev.hwmailbox.testing.FakeChannel.Attempt;
import dev.hwmailbox.testing.FakeChannel.Outcome;
import dev.hwmailbox.testing.RecordedEvent.Kind;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The framework itself under many orders: threads that block, close and complete at the same instant. */
class FrameworkExplorationTest {
    private static final Logger TALLY = LoggerFactory.getLogger("conformance");
    private static final int SEEDS = 500;
    private static final Duration DEADLINE = Duration.ofMillis(5);

    /** Three threads that send three messages each, blocking; what the sends returned, by message. */
    private static Map<String, Integer> startSenders(MailboxTestBed bed, MailboxChannel channel) {
        Map<String, Integer> results = new TreeMap<>();
        for (String sender : List.of("a", "b", "c")) {
            bed.scheduler().spawn("sender " + sender, () -> {
                for (int i = 1; i <= 3; i++) {
                    results.put(sender + i, channel.sendMessage(sender + i));
                }
            });
        }
        return results;
    }

    private static SendResponse respond(VirtualScheduler scheduler, @Nullable Object message) {
        return switch (String.valueOf(message)) {
            case "a1" -> SendResponse.completeAfter(DEADLINE);
            case "a2", "c1" -> SendResponse.completeNow();
            case "b1" -> SendResponse.completeOn(scheduler::spawn);
            case "b2" -> SendResponse.completeAfter(DEADLINE).twice();
            case "c3" -> SendResponse.never();
            default -> SendResponse.completeAfter(Duration.ZERO);
        };
    }

    private static void play(VirtualScheduler scheduler, @Nullable Duration closeAfter, Map<String, Integer> tally) {
        try (MailboxTestBed bed = MailboxTestBed.create(scheduler)) {
            bed.client().options(ClientOptions.blocking(DEADLINE));
            bed.channel()
                    .onSend(SendResponse.refuse(Errno.EBUSY).retryAfter(Duration.ZERO), SendResponse.completeNow())
                    .onEverySend(message -> respond(scheduler, message));
            MailboxChannel channel = bed.bind();

            Map<String, Integer> results = startSenders(bed, channel);
            if (closeAfter != null) {
                scheduler.spawn("closer", () -> {
                    scheduler.await(new Completion(), closeAfter.toNanos());
                    channel.close();
                });
            }
            scheduler.runUntilIdle();

            assertThat(results).hasSize(9);
            results.forEach((message, result) -> check(bed, message, result));
            results.values().forEach(result -> tally.merge(Shown.status(Math.min(result, 0)), 1, Integer::sum));
            assertThat(bed.channel().sent()).doesNotHaveDuplicates();
            for (String sender : List.of("a", "b", "c")) {
                assertThat(bed.channel().sent())
                        .filteredOn(message -> String.valueOf(message).startsWith(sender))
                        .isSorted();
            }
            if (closeAfter != null) {
                // A thread that had a message to report when another closed the channel reports it all the same.
                assertThat(bed.client().events())
                        .extracting(RecordedEvent::text)
                        .containsOnlyOnce("event CLOSED")
                        .filteredOn(text -> !text.startsWith("txDone"))
                        .last()
                        .isEqualTo("event CLOSED");
            }
            channel.close();
        }
    }

    /** One outcome for each message, the same for the sender, the client and the hardware. */
    private static void check(MailboxTestBed bed, String message, int result) {
        List<Integer> reported = bed.client().events().stream()
                .filter(event -> event.kind() == Kind.TX_DONE && message.equals(event.message()))
                .map(RecordedEvent::status)
                .toList();
        List<Outcome> attempts = bed.channel().attempts().stream()
                .filter(attempt -> message.equals(attempt.message()))
                .map(Attempt::outcome)
                .toList();
        List<Integer> statuses = result >= 0 ? List.of(0) : List.of(result);
        boolean wasAccepted = attempts.stream().anyMatch(outcome -> outcome != Outcome.REFUSED);
        if (result == -Errno.ESHUTDOWN || result == -Errno.EINVAL) {
            assertThat(reported).as(message).isEmpty();
            assertThat(wasAccepted && result == -Errno.EINVAL).as(message).isFalse();
        } else if (reported.isEmpty() && wasAccepted) {
            // Its sender gave up while another thread was reporting, and before its turn came the channel was closed.
            assertThat(bed.client().events())
                    .as(message)
                    .extracting(RecordedEvent::text)
                    .contains("event ABANDONED");
        } else {
            assertThat(reported).as(message).isEqualTo(wasAccepted ? statuses : List.of());
            assertThat(result >= 0 || result == -Errno.ETIME)
                    .as(message + " " + result)
                    .isTrue();
        }
    }

    private static void explore(String name, @Nullable Duration closeAfter, String... expected) {
        Map<String, Integer> tally = new TreeMap<>();

        int orders = Exploration.run(SEEDS, scheduler -> play(scheduler, closeAfter, tally));

        TALLY.info("exploration {}: {} seeds, {} orders, results {}", name, SEEDS, orders, tally);
        assertThat(orders).isGreaterThan(SEEDS / 2);
        assertThat(tally).containsOnlyKeys(expected);
    }

    @Test
    void everySendHasOneOutcomeWhenCompletionAndTimeoutMeet() {
        explore("completion and timeout", null, "0", "ETIME");
    }

    @Test
    void everySendHasOneOutcomeWhenTheChannelIsClosedAtOnce() {
        explore("close at once", Duration.ZERO, "0", "EINVAL", "ESHUTDOWN");
    }

    @Test
    void everySendHasOneOutcomeWhenTheChannelIsClosedAtTheDeadline() {
        explore("close at the deadline", DEADLINE, "0", "EINVAL", "ESHUTDOWN", "ETIME");
    }
}
