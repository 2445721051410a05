// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.membuf;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hwmailbox.Errno;
import dev.hwmailbox.MailboxException;
import dev.hwmailbox.examples.membuf.MemBufRecord.Relinquish;
import dev.hwmailbox.examples.membuf.MemBufRecord.Reply;
import dev.hwmailbox.examples.membuf.MemBufRecord.Request;
import dev.hwmailbox.gunyah.msgq.StaleMessage;
import dev.hwmailbox.gunyah.testing.GunyahTestBed;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The lender, with a borrower that is scripted and not always well behaved. */
class MemBufLenderTest {
    private static final int SIZE = 8192;

    private final Loans loans = new Loans();
    private final MemBufLender lender = new MemBufLender(loans);
    private final GunyahTestBed bed = GunyahTestBed.builder()
            .nearClient(lender)
            .scriptedPeer()
            .messagesMayStay()
            .build();

    @AfterEach
    void close() {
        bed.close();
    }

    /** Memory whose lending can be slow, and which can be in use. */
    private static final class Loans implements MemoryLoans {
        private final Set<Integer> out = new HashSet<>();
        private final Set<Integer> inUse = new HashSet<>();
        private final List<CompletableFuture<Integer>> waiting = new ArrayList<>();
        private CompletableFuture<Void> hold = CompletableFuture.completedFuture(null);
        private boolean slow;
        private int lastHandle;

        @Override
        public CompletableFuture<Integer> lend(int size) {
            assertThat(size % MemBufLender.PAGE).isZero();
            CompletableFuture<Integer> lent = new CompletableFuture<>();
            if (slow) {
                waiting.add(lent);
            } else {
                lend(lent);
            }
            return lent;
        }

        void lend(CompletableFuture<Integer> lent) {
            out.add(++lastHandle);
            lent.complete(lastHandle);
        }

        @Override
        public CompletableFuture<?> reclaim(int handle) {
            if (inUse.contains(handle)) {
                return hold.thenRun(() -> {
                    throw new MailboxException(Errno.EBUSY, "in use");
                });
            }
            assertThat(out.remove(handle)).as("handle " + handle).isTrue();
            return CompletableFuture.completedFuture(null);
        }
    }

    private void send(byte[]... messages) {
        for (byte[] message : messages) {
            bed.peer().sends(message);
            bed.scheduler().runUntilIdle();
        }
    }

    private void request(int transaction) {
        send(new Request(transaction, SIZE).encode());
    }

    private List<MemBufRecord> replies() {
        return bed.peer().received().stream()
                .map(bytes -> MemBufRecord.decode(ByteBuffer.wrap(bytes)))
                .toList();
    }

    @Test
    void lendsWholePagesAndTakesThemBack() {
        send(new Request(7, 1).encode());
        assertThat(lender.outstanding()).isEqualTo(1);

        send(new Relinquish(7, 1).encode());

        assertThat(replies()).containsExactly(new Reply(7, 0, 1, MemBufLender.PAGE));
        assertThat(loans.out).isEmpty();
        assertThat(lender.outstanding()).isZero();
    }

    @Test
    void sizesThatMakeNoSenseAreRefused() {
        for (int size : new int[] {0, -1, MemBufLender.MAX_SIZE + 1}) {
            send(new Request(7, size).encode());
        }
        send(new Request(7, MemBufLender.MAX_SIZE).encode());

        assertThat(replies())
                .containsExactly(
                        Reply.refused(7, Errno.EINVAL),
                        Reply.refused(7, Errno.EINVAL),
                        Reply.refused(7, Errno.EINVAL),
                        new Reply(7, 0, 1, MemBufLender.MAX_SIZE));
        assertThat(lender.counters().refused(MemBufField.SIZE)).isEqualTo(3);
    }

    @Test
    void whyThereIsNoMemoryIsTold() {
        loans.slow = true;
        request(7);
        request(8);

        loans.waiting.get(0).completeExceptionally(new MailboxException(Errno.ENOMEM, "none"));
        loans.waiting.get(1).completeExceptionally(new IllegalStateException("broken"));
        bed.scheduler().runUntilIdle();

        assertThat(replies()).containsExactly(Reply.refused(7, Errno.ENOMEM), Reply.refused(8, Errno.EIO));
        assertThat(lender.outstanding()).isZero();
    }

    @Test
    void aRequestThatComesTwiceLendsOnce() {
        request(7);
        request(7);
        loans.slow = true;
        request(8);
        request(8);

        assertThat(replies())
                .containsExactly(
                        new Reply(7, 0, 1, SIZE), Reply.refused(7, Errno.EINVAL), Reply.refused(8, Errno.EINVAL));
        assertThat(lender.counters().refused(MemBufField.TRANSACTION)).isEqualTo(2);
    }

    @Test
    void aBorrowerHasOnlySoMuch() {
        for (int i = 0; i <= MemBufLender.MAX_LOANS; i++) {
            request(i);
        }
        assertThat(replies()).last().isEqualTo(Reply.refused(MemBufLender.MAX_LOANS, Errno.ENOSPC));

        send(new Relinquish(0, 1).encode());
        request(100);

        assertThat(replies()).last().isEqualTo(new Reply(100, 0, MemBufLender.MAX_LOANS + 1, SIZE));
    }

    @Test
    void onlyWhatIsLentForATransactionCanBeGivenBackForIt() {
        request(7);

        send(new Relinquish(8, 1).encode(), new Relinquish(7, 2).encode());
        assertThat(lender.outstanding()).isEqualTo(1);
        send(new Relinquish(7, 1).encode(), new Relinquish(7, 1).encode());

        assertThat(lender.counters().refused(MemBufField.HANDLE)).isEqualTo(3);
        assertThat(loans.out).isEmpty();
    }

    @Test
    void malformedRequestsAreAnsweredByTheirNumberAndOtherMessagesNot() {
        byte[] request = new Request(7, SIZE).encode();
        send(
                Arrays.copyOf(request, 4),
                Arrays.copyOf(request, 9),
                Arrays.copyOf(new Relinquish(7, 1).encode(), 7),
                new byte[] {7, 0, 9, 0},
                new byte[] {7},
                Reply.refused(7, 1).encode());

        assertThat(replies()).containsExactly(Reply.refused(7, Errno.EBADMSG), Reply.refused(7, Errno.EBADMSG));
        assertThat(lender.counters()).hasToString("refused {LENGTH=4, KIND=2}, stale 0, unsent 0, given back 0");
    }

    @Test
    void noiseLendsOnlyWhatCanBeTakenBack() {
        long seed = 0x3e3c;
        Random random = new Random(seed);
        for (int i = 0; i < 1_000; i++) {
            byte[] noise = new byte[random.nextInt(4) == 0 ? 3 + random.nextInt(238) : 8];
            random.nextBytes(noise);
            noise[2] = (byte) random.nextInt(5);
            if (noise.length > 6) {
                noise[3] = 0;
                noise[6] &= 0x1f;
                noise[noise.length - 1] = 0;
            }
            send(noise);
        }
        assertThat(bed.peer().failures()).as("seed %#x", seed).isEmpty();
        assertThat(lender.outstanding()).isBetween(1, MemBufLender.MAX_LOANS);

        bed.near().channel().close();

        assertThat(loans.out).as("seed %#x", seed).isEmpty();
    }

    @Test
    void aBorrowerThatIsGoneHasNothingAnyMore() {
        request(7);
        loans.slow = true;
        request(8);

        bed.near().controller().peerReset(bed.near().channel());
        assertThat(loans.out).isEmpty();
        loans.lend(loans.waiting.get(0));

        assertThat(loans.out).as("lent too late").isEmpty();
        assertThat(lender.counters().givenBack()).isEqualTo(1);
        assertThat(replies()).hasSize(1);
        loans.slow = false;
        request(8);
        assertThat(replies()).last().isEqualTo(new Reply(8, 0, 3, SIZE));
    }

    @Test
    void memoryWhoseReplyCannotBeSentIsTakenBack() {
        bed.peer().stalls();
        for (int i = 0; i < 40; i++) {
            bed.near()
                    .client()
                    .rxCallback(
                            bed.near().channel(), ByteBuffer.wrap(new Request(i, MemBufLender.MAX_SIZE + 1).encode()));
        }
        assertThat(lender.counters().unsent()).isEqualTo(40 - 8 - 20);

        bed.near().client().rxCallback(bed.near().channel(), ByteBuffer.wrap(new Request(50, SIZE).encode()));

        assertThat(loans.lastHandle).isEqualTo(1);
        assertThat(loans.out).isEmpty();
        assertThat(lender.outstanding()).isZero();
    }

    @Test
    void aReplyThatTheChannelGivesUpTakesItsMemoryBack() {
        bed.peer().stalls();
        for (int i = 0; i < 10; i++) {
            bed.near().client().rxCallback(bed.near().channel(), ByteBuffer.wrap(new Request(i, SIZE).encode()));
        }
        assertThat(loans.out).hasSize(10);

        bed.near().channel().close();

        assertThat(loans.out).isEmpty();
        assertThat(lender.outstanding()).isZero();
    }

    @Test
    void memoryThatIsStillInUseIsTakenBackOnceItIsReleased() {
        request(7);
        loans.inUse.add(1);
        send(new Relinquish(7, 1).encode());
        assertThat(lender.stuck()).isEqualTo(1);
        lender.released(2);
        assertThat(lender.stuck()).isEqualTo(1);

        loans.inUse.clear();
        lender.released(1);

        assertThat(lender.outstanding()).isZero();
        assertThat(loans.out).isEmpty();
    }

    @Test
    void newsOfTheReleaseMayOvertakeTheAnswerThatItIsInUse() {
        request(7);
        loans.inUse.add(1);
        loans.hold = new CompletableFuture<>();
        send(new Relinquish(7, 1).encode());

        lender.released(1);
        loans.inUse.clear();
        loans.hold.complete(null);

        assertThat(lender.outstanding()).isZero();
        assertThat(loans.out).isEmpty();
    }

    @Test
    void memoryThatIsStuckCountsForItsBorrower() {
        for (int i = 0; i < MemBufLender.MAX_LOANS; i++) {
            request(i);
            loans.inUse.add(i + 1);
            send(new Relinquish(i, i + 1).encode());
        }

        request(100);

        assertThat(lender.stuck()).isEqualTo(MemBufLender.MAX_LOANS);
        assertThat(replies()).last().isEqualTo(Reply.refused(100, Errno.ENOSPC));
    }

    @Test
    void messagesOfAFormerLifeAreOnlyCounted() {
        ByteBuffer request = ByteBuffer.wrap(new Request(7, SIZE).encode());
        bed.near().client().rxCallback(bed.near().channel(), new StaleMessage(request));
        bed.near().channel().close();
        bed.near().client().rxCallback(bed.near().channel(), request);

        assertThat(lender.counters().stale()).isEqualTo(2);
        assertThat(loans.lastHandle).isZero();
    }
}
