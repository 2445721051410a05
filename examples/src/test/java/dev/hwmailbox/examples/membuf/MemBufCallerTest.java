// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.membuf;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hwmailbox.Errno;
import dev.hwmailbox.examples.calls.Arrival;
import dev.hwmailbox.examples.membuf.MemBufRecord.Relinquish;
import dev.hwmailbox.examples.membuf.MemBufRecord.Reply;
import dev.hwmailbox.examples.membuf.MemBufRecord.Request;
import dev.hwmailbox.gunyah.msgq.StaleMessage;
import dev.hwmailbox.gunyah.testing.GunyahTestBed;
import dev.hwmailbox.testing.VirtualScheduler;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The borrower, with a lender that is scripted and not always well behaved. */
class MemBufCallerTest {
    private static final int SIZE = 8192;
    private static final int HANDLE = 5;

    private final VirtualScheduler scheduler = new VirtualScheduler();
    private final List<MemBuf> lost = new ArrayList<>();
    private final List<String> outcomes = new ArrayList<>();
    private final List<MemBuf> lent = new ArrayList<>();
    private final MemBufCaller caller = new MemBufCaller(scheduler, lost::add);
    private final GunyahTestBed bed = GunyahTestBed.builder()
            .scheduler(scheduler)
            .nearClient(caller)
            .scriptedPeer()
            .messagesMayStay()
            .build();

    MemBufCallerTest() {
        caller.open(bed.near().channel());
    }

    @AfterEach
    void close() {
        bed.close();
        assertThat(caller.calls().size()).isZero();
    }

    /** Asks; returns the number of the request. */
    private int ask() {
        caller.allocate(SIZE, outcome -> {
            outcomes.add(outcome.isAnswered() ? "lent" : outcome.toString());
            if (outcome.isAnswered()) {
                lent.add(outcome.reply());
            }
        });
        scheduler.runDue();
        List<MemBufRecord> sent = sent();
        return sent.isEmpty() ? 0 : sent.get(sent.size() - 1).transaction();
    }

    private List<MemBufRecord> sent() {
        return bed.peer().received().stream()
                .map(bytes -> MemBufRecord.decode(ByteBuffer.wrap(bytes)))
                .toList();
    }

    private void reply(int transaction, int errno, int handle, int size) {
        bed.peer().sends(new Reply(transaction, errno, handle, size).encode());
        scheduler.runDue();
    }

    @Test
    void memoryIsHeldUntilItIsFreedOnce() {
        int transaction = ask();
        reply(transaction, 0, HANDLE, SIZE);
        assertThat(caller.held()).isEqualTo(1);

        caller.free(lent.get(0));
        caller.free(lent.get(0));
        scheduler.runDue();

        assertThat(sent()).containsExactly(new Request(transaction, SIZE), new Relinquish(transaction, HANDLE));
        assertThat(caller.held()).isZero();
        assertThat(caller.counters()).hasToString("refused {}, stale 0, unsent 0, given back 0");
    }

    @Test
    void theReplyMayTakeThreeAndAHalfSecondsAndNoLonger() {
        ask();
        scheduler.advance(Duration.ofMillis(3500).minusNanos(1));
        assertThat(outcomes).isEmpty();

        scheduler.advance(Duration.ofNanos(1));

        assertThat(outcomes).containsExactly("ETIMEDOUT");
    }

    @Test
    void memoryOfALateReplyGoesBackAtOnce() {
        int transaction = ask();
        scheduler.advance(MemBufCaller.TIMEOUT);

        reply(transaction, 0, HANDLE, SIZE);

        assertThat(sent()).last().isEqualTo(new Relinquish(transaction, HANDLE));
        assertThat(outcomes).containsExactly("ETIMEDOUT");
        assertThat(caller.counters().givenBack()).isEqualTo(1);
        assertThat(caller.held()).isZero();
    }

    @Test
    void aLateRefusalNeedsNothing() {
        int transaction = ask();
        scheduler.advance(MemBufCaller.TIMEOUT);

        reply(transaction, Errno.ENOMEM, 0, 0);

        assertThat(sent()).hasSize(1);
        assertThat(caller.calls().count(Arrival.LATE)).isEqualTo(1);
    }

    @Test
    void aSecondReplyDoesNotTakeMemoryAwayFromItsHolder() {
        int transaction = ask();
        reply(transaction, 0, HANDLE, SIZE);

        reply(transaction, 0, HANDLE, SIZE);

        assertThat(sent()).hasSize(1);
        assertThat(caller.held()).isEqualTo(1);
        assertThat(caller.calls().count(Arrival.DUPLICATE)).isEqualTo(1);
    }

    @Test
    void aSecondReplyWithOtherMemoryGivesThatBack() {
        int transaction = ask();
        reply(transaction, 0, HANDLE, SIZE);

        reply(transaction, 0, HANDLE + 1, SIZE);

        assertThat(sent()).last().isEqualTo(new Relinquish(transaction, HANDLE + 1));
        assertThat(caller.held()).isEqualTo(1);
    }

    @Test
    void memoryThatNobodyAskedForGoesBack() {
        reply(9, 0, HANDLE, SIZE);
        reply(10, Errno.ENOMEM, 0, 0);

        assertThat(sent()).containsExactly(new Relinquish(9, HANDLE));
        assertThat(caller.calls().count(Arrival.UNKNOWN)).isEqualTo(2);
    }

    @Test
    void aRefusalIsToldAndLessThanWasAskedForGoesBack() {
        reply(ask(), Errno.ENOMEM, 0, 0);
        int transaction = ask();
        reply(transaction, 0, HANDLE, SIZE - 1);

        assertThat(outcomes).containsExactly("ENOMEM", "EPROTO");
        assertThat(sent()).last().isEqualTo(new Relinquish(transaction, HANDLE));
        assertThat(caller.counters().refused(MemBufField.SIZE)).isEqualTo(1);
    }

    @Test
    void repliesThatAreNoneEndTheirRequest() {
        reply(ask(), -1, HANDLE, SIZE);
        reply(ask(), MemBufWire.MAX_ERRNO + 1, HANDLE, SIZE);
        bed.peer().sends(Arrays.copyOf(new Reply(ask(), 0, HANDLE, SIZE).encode(), 15));
        scheduler.runDue();
        reply(ask(), 0, HANDLE, SIZE);
        reply(ask(), 0, HANDLE, SIZE);

        assertThat(outcomes).containsExactly("EPROTO", "EPROTO", "EPROTO", "lent", "EPROTO");
        assertThat(caller.counters())
                .hasToString("refused {LENGTH=1, HANDLE=1, STATUS=2}, stale 0, unsent 0, given back 0");
        assertThat(scheduler.pending()).isEmpty();
    }

    @Test
    void whatIsNoReplyIsOnlyCounted() {
        int transaction = ask();
        bed.peer().sends(new Request(transaction, SIZE).encode());
        bed.peer().sends(new Relinquish(transaction, HANDLE).encode());
        bed.peer().sends(new byte[] {1, 0, 9, 0});
        bed.peer().sends(new byte[] {1});
        scheduler.runDue();
        assertThat(outcomes).isEmpty();

        reply(transaction, 0, HANDLE, SIZE);

        assertThat(caller.counters().refused(MemBufField.KIND)).isEqualTo(3);
        assertThat(caller.counters().refused(MemBufField.LENGTH)).isEqualTo(1);
    }

    @Test
    void oneRequestTooManyIsRefused() {
        for (int i = 0; i <= MemBufCaller.MAX_OPEN; i++) {
            ask();
        }
        assertThat(outcomes).containsExactly("EBUSY");

        scheduler.advance(MemBufCaller.TIMEOUT);

        assertThat(outcomes).hasSize(MemBufCaller.MAX_OPEN + 1).containsOnly("EBUSY", "ETIMEDOUT");
    }

    @Test
    void aQueueThatIsFullForEverEndsEveryRequestAndKeepsWhatGoesBackInBounds() {
        bed.peer().stalls();
        for (int i = 0; i < 40; i++) {
            ask();
            scheduler.advance(MemBufCaller.TIMEOUT);
        }
        assertThat(outcomes).hasSize(40).containsOnly("ETIMEDOUT", "ENOBUFS");
        for (int i = 0; i < MemBufCaller.MAX_RETURNING + 5; i++) {
            reply(i, 0, HANDLE, SIZE);
        }
        assertThat(caller.counters().unsent()).isEqualTo(5);

        bed.peer().resumes();
        scheduler.runUntilIdle();

        assertThat(sent().stream().filter(Relinquish.class::isInstance)).hasSize(MemBufCaller.MAX_RETURNING);
    }

    @Test
    void whenTheLenderIsResetEverythingOpenEndsAndWhatIsHeldIsLost() {
        reply(ask(), 0, HANDLE, SIZE);
        int open = ask();

        bed.near().controller().peerReset(bed.near().channel());
        scheduler.runDue();

        assertThat(outcomes).containsExactly("lent", "ECONNRESET");
        assertThat(lost).isEqualTo(lent);
        caller.free(lent.get(0));
        reply(open, 0, HANDLE + 1, SIZE);
        assertThat(sent().stream().filter(Relinquish.class::isInstance))
                .as("the lender's next life has not lent the first")
                .containsExactly(new Relinquish(open, HANDLE + 1));
    }

    @Test
    void withoutAChannelEverythingEndsAtOnce() {
        reply(ask(), 0, HANDLE, SIZE);
        ask();

        bed.near().channel().close();
        ask();

        assertThat(outcomes).containsExactly("lent", "ESHUTDOWN", "ENODEV");
        assertThat(lost).isEqualTo(lent);
    }

    @Test
    void messagesOfAFormerLifeAreOnlyCounted() {
        int transaction = ask();
        ByteBuffer reply = ByteBuffer.wrap(new Reply(transaction, 0, HANDLE, SIZE).encode());

        bed.near().client().rxCallback(bed.near().channel(), new StaleMessage(reply));
        assertThat(outcomes).isEmpty();
        bed.near().channel().close();
        bed.near().client().rxCallback(bed.near().channel(), reply);

        assertThat(outcomes).containsExactly("ESHUTDOWN");
        assertThat(caller.counters().stale()).isEqualTo(2);
        assertThat(caller.held()).isZero();
    }
}
