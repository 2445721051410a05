// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.request;

import static dev.hwmailbox.Errno.EBUSY;
import static dev.hwmailbox.testing.SendResponse.completeNow;
import static org.assertj.core.api.Assertions.assertThat;

import dev.hwmailbox.examples.request.RequestReplyClient.Policy;
import dev.hwmailbox.testing.Exploration;
import dev.hwmailbox.testing.MailboxTestBed;
import dev.hwmailbox.testing.SendResponse;
import dev.hwmailbox.testing.VirtualScheduler;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class UnitTestYourClientTest {
    private final VirtualScheduler scheduler = new VirtualScheduler();

    private static SendResponse replyAfter(long millis) {
        return completeNow().replyAfter(Duration.ofMillis(millis), sent -> RequestReplyClient.reply(sent, "pong"));
    }

    /** Asks on a channel that responds like this, and then takes everything without a reply. */
    private static List<String> ask(VirtualScheduler scheduler, SendResponse... responses) {
        List<String> outcomes = new ArrayList<>();
        try (MailboxTestBed bed = MailboxTestBed.create(scheduler);
                var client = new RequestReplyClient(bed::bind, scheduler, new Policy(Duration.ofMillis(10), 3))) {
            bed.channel().onSend(responses);
            client.ask("ping", outcome -> outcomes.add(scheduler.elapsed().toMillis() + " ms: " + outcome));
            scheduler.runUntilIdle();
        }
        return outcomes;
    }

    @Test
    void tellsTheReply() {
        assertThat(ask(scheduler, replyAfter(1))).containsExactly("1 ms: Answered[body=pong, attempts=1]");
    }

    @Test
    void asksAgainWhenARequestIsLostOrRefused() {
        assertThat(ask(scheduler, SendResponse.refuse(EBUSY), completeNow(), completeNow(), replyAfter(1)))
                .containsExactly("31 ms: Answered[body=pong, attempts=3]");
    }

    @Test
    void givesUpAfterThreeAttemptsAndIgnoresALateReply() {
        assertThat(ask(scheduler, replyAfter(99))).containsExactly("70 ms: GaveUp[ETIMEDOUT, attempts=3]");
    }

    @Test
    void hasOneOutcomeWhateverComesFirst() {
        Exploration.run(200, chance -> {
            assertThat(ask(chance, replyAfter(10), replyAfter(60))).hasSize(1);
        });
    }
}
