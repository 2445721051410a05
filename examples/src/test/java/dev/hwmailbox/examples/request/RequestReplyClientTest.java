// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.request;

import static dev.hwmailbox.testing.SendResponse.completeAfter;
import static dev.hwmailbox.testing.SendResponse.completeNow;
import static dev.hwmailbox.testing.SendResponse.never;
import static dev.hwmailbox.testing.SendResponse.refuse;
import static org.assertj.core.api.Assertions.assertThat;

import dev.hwmailbox.Errno;
import dev.hwmailbox.examples.request.RequestReplyClient.Answered;
import dev.hwmailbox.examples.request.RequestReplyClient.GaveUp;
import dev.hwmailbox.examples.request.RequestReplyClient.Outcome;
import dev.hwmailbox.examples.request.RequestReplyClient.Policy;
import dev.hwmailbox.examples.request.RequestReplyClient.Reply;
import dev.hwmailbox.testing.Exploration;
import dev.hwmailbox.testing.MailboxTestBed;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;

/** What the short test of the example leaves out: every way in which a request can fail. */
class RequestReplyClientTest {
    private static final Policy POLICY = new Policy(Duration.ofMillis(10), 3);

    @AutoClose
    private final MailboxTestBed bed = MailboxTestBed.builder()
            .controller(settings -> settings.ringLength(1))
            .channelsMayStayOpen()
            .build();

    private final RequestReplyClient client = new RequestReplyClient(bed::bind, bed.scheduler(), POLICY);
    private final List<Outcome> outcomes = new ArrayList<>();

    private void ask() {
        client.ask("ping", outcomes::add);
    }

    @Test
    void tellsWhyTheLastAttemptWasRefused() {
        bed.channel().onEverySend(refuse(Errno.EBUSY));

        ask();
        bed.scheduler().runUntilIdle();

        assertThat(outcomes).containsExactly(new GaveUp(Errno.ENOBUFS, 3)); // the first copy still fills the queue
        client.close();
    }

    @Test
    void aReplyToTheRefusedFirstCopyCounts() {
        bed.channel()
                .onSend(
                        refuse(Errno.EBUSY).retryAfter(Duration.ofMillis(25)),
                        completeNow().replyAfter(Duration.ZERO, sent -> RequestReplyClient.reply(sent, "pong")));

        ask();
        bed.scheduler().runUntilIdle();

        assertThat(outcomes).containsExactly(new Answered("pong", 2));
    }

    @Test
    void tellsTheStatusOfARequestThatWasNotSent() {
        bed.channel().onEverySend(completeAfter(Duration.ofMillis(1)).status(-Errno.EPIPE));

        ask();
        bed.scheduler().runUntilIdle();

        assertThat(outcomes).containsExactly(new GaveUp(Errno.EPIPE, 3));
    }

    @Test
    void closingEndsWhatIsOpen() {
        bed.channel().onEverySend(never());
        ask();
        ask();

        client.close();

        assertThat(outcomes).containsExactly(new GaveUp(Errno.ESHUTDOWN, 1), new GaveUp(Errno.ESHUTDOWN, 1));
        assertThat(outcomes.get(0)).hasToString("GaveUp[ESHUTDOWN, attempts=1]");
    }

    @Test
    void asksNoMoreOnAClosedChannel() {
        client.close();

        ask();

        assertThat(outcomes).containsExactly(new GaveUp(Errno.EINVAL, 1));
    }

    @Test
    void aReplyInsideTheSendCounts() {
        bed.channel().onEverySend(sent -> {
            bed.channel().receive(RequestReplyClient.reply(sent, "at once"));
            return completeNow();
        });

        ask();

        assertThat(outcomes).containsExactly(new Answered("at once", 1));
    }

    @Test
    void strangeMessagesAndUnknownRepliesAreIgnored() {
        bed.channel().receive("noise");
        bed.channel().receive(null);
        bed.channel().receive(new Reply(42, "nobody asked"));

        assertThat(outcomes).isEmpty();
        bed.client().assertReceived("noise", null, new Reply(42, "nobody asked"));
    }

    @Test
    void eachRequestHasOneOutcomeHoweverThreadsMeet() {
        Set<Outcome> seen = new HashSet<>();

        int orders = Exploration.run(300, scheduler -> {
            List<Outcome> ends = new ArrayList<>();
            try (MailboxTestBed races = MailboxTestBed.create(scheduler);
                    var asked = new RequestReplyClient(races::bind, scheduler, new Policy(Duration.ofMillis(10), 1))) {
                races.channel()
                        .onEverySend(completeNow()
                                .replyAfter(Duration.ofMillis(10), sent -> RequestReplyClient.reply(sent, "pong")));
                scheduler.spawn("a", () -> asked.ask("a", ends::add));
                scheduler.spawn("b", () -> asked.ask("b", ends::add));
                scheduler.timer("close", asked::close).arm(POLICY.timeout().toNanos());
                scheduler.runUntilIdle();
            }
            assertThat(ends).hasSize(2);
            seen.addAll(ends);
        });

        assertThat(orders).isGreaterThan(20);
        assertThat(seen)
                .containsExactlyInAnyOrder(
                        new Answered("pong", 1), new GaveUp(Errno.ETIMEDOUT, 1), new GaveUp(Errno.ESHUTDOWN, 1));
    }
}
