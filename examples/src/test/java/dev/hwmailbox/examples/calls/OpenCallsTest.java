// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.calls;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hwmailbox.Errno;
import dev.hwmailbox.testing.VirtualScheduler;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class OpenCallsTest {
    private static final Duration TIMEOUT = Duration.ofMillis(100);

    private final VirtualScheduler scheduler = new VirtualScheduler();
    private final OpenCalls<String> calls = new OpenCalls<>(scheduler, 2, TIMEOUT);
    private final List<String> told = new ArrayList<>();

    private int open() {
        return calls.open(outcome -> told.add(outcome.toString()));
    }

    @Test
    void aReplyEndsItsCallAndNoOther() {
        int first = open();
        int second = open();

        assertThat(calls.reply(second, "two")).isEqualTo(Arrival.ANSWER);

        assertThat(told).containsExactly("answered two");
        assertThat(calls.reply(first, "one")).isEqualTo(Arrival.ANSWER);
        assertThat(scheduler.pending()).isEmpty();
    }

    @Test
    void aCallWithoutReplyEndsByItsTimeAndItsReplyIsLate() {
        int id = open();

        scheduler.advance(TIMEOUT);

        assertThat(told).containsExactly("ETIMEDOUT");
        assertThat(calls.reply(id, "late")).isEqualTo(Arrival.LATE);
        assertThat(told).hasSize(1);
        assertThat(calls.count(Arrival.LATE)).isEqualTo(1);
    }

    @Test
    void aSecondReplyIsADuplicateAndAStrangeOneUnknown() {
        int id = open();
        calls.reply(id, "one");

        assertThat(calls.reply(id, "again")).isEqualTo(Arrival.DUPLICATE);
        assertThat(calls.reply(id + 1, "strange")).isEqualTo(Arrival.UNKNOWN);
        assertThat(told).containsExactly("answered one");
    }

    @Test
    void aReplyThatCannotBeReadEndsItsCallToo() {
        int id = open();

        assertThat(calls.badReply(id, -Errno.EPROTO)).isEqualTo(Arrival.ANSWER);
        assertThat(calls.badReply(id, -Errno.EPROTO)).isEqualTo(Arrival.DUPLICATE);

        assertThat(told).containsExactly("EPROTO");
    }

    @Test
    void oneCallTooManyIsRefusedAndNothingIsTold() {
        open();
        open();

        assertThat(open()).isEqualTo(-Errno.EBUSY);

        assertThat(calls.size()).isEqualTo(2);
        calls.giveUpAll(-Errno.ESHUTDOWN);
        assertThat(told).containsExactly("ESHUTDOWN", "ESHUTDOWN");
        assertThat(open()).isPositive();
        calls.giveUpAll(-Errno.ESHUTDOWN);
    }

    @Test
    void anOutcomeMayMakeTheNextCall() {
        calls.open(outcome -> open());
        calls.open(outcome -> {});

        calls.giveUpAll(-Errno.ESHUTDOWN);

        assertThat(calls.size()).as("only those that were open").isEqualTo(1);
        scheduler.advance(TIMEOUT);
        assertThat(told).containsExactly("ETIMEDOUT");
    }

    @Test
    void onlyTheLastEndedCallsAreRemembered() {
        int first = open();
        calls.reply(first, "one");
        for (int i = 0; i < OpenCalls.MEMORY; i++) {
            calls.reply(open(), "more");
        }

        assertThat(calls.reply(first, "again")).isEqualTo(Arrival.UNKNOWN);
    }

    @Test
    void numbersGoRoundAndSkipThoseInUse() {
        int stays = open();
        int last = stays;
        for (int i = 0; i < 0xffff; i++) {
            last = calls.open(outcome -> {});
            assertThat(last).isBetween(1, 0xffff).isNotEqualTo(stays);
            calls.giveUp(last, -Errno.ECANCELED);
        }

        assertThat(calls.reply(stays, "at last")).isEqualTo(Arrival.ANSWER);
        assertThat(calls.reply(last, "late")).isEqualTo(Arrival.LATE);
    }

    @Test
    void aLaterLifeBeginsElsewhere() {
        int first = open();
        scheduler.advance(Duration.ofMillis(1));
        OpenCalls<String> reborn = new OpenCalls<>(scheduler, 1, TIMEOUT);

        assertThat(reborn.open(outcome -> {})).isNotEqualTo(first);

        assertThat(reborn.reply(first, "for the former life")).isEqualTo(Arrival.UNKNOWN);
    }

    @Test
    void whatIsNoLimitAndNoOutcomeIsRefused() {
        for (int limit : new int[] {0, OpenCalls.MEMORY + 1}) {
            assertThatThrownBy(() -> new OpenCalls<String>(scheduler, limit, TIMEOUT))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("limit " + limit);
        }
        assertThatThrownBy(() -> new Outcome<String>(0, null)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new Outcome<>(-Errno.EIO, "both")).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new Outcome<String>(1, null)).isInstanceOf(IllegalArgumentException.class);
        assertThat(calls).hasToString("0 calls open, replies {}");
    }
}
