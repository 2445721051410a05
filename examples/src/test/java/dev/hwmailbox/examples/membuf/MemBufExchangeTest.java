// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.membuf;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hwmailbox.Errno;
import dev.hwmailbox.MailboxScheduler;
import dev.hwmailbox.examples.calls.Outcome;
import dev.hwmailbox.gunyah.testing.GunyahTestBed;
import dev.hwmailbox.testing.Exploration;
import dev.hwmailbox.testing.VirtualScheduler;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** Borrower and lender, and a reply that comes exactly when its time is over. */
class MemBufExchangeTest {
    /** Memory that is lent after a while. */
    private record Loans(MailboxScheduler scheduler, Duration delay, Set<Integer> out) implements MemoryLoans {
        @Override
        public CompletableFuture<Integer> lend(int size) {
            CompletableFuture<Integer> lent = new CompletableFuture<>();
            int handle = out.size() + 1;
            out.add(handle);
            scheduler.timer("lend", () -> lent.complete(handle)).arm(delay.toNanos());
            return lent;
        }

        @Override
        public CompletableFuture<?> reclaim(int handle) {
            assertThat(out.remove(handle)).isTrue();
            return CompletableFuture.completedFuture(null);
        }
    }

    private static Outcome<MemBuf> borrow(VirtualScheduler scheduler, Duration delay) {
        List<Outcome<MemBuf>> outcomes = new ArrayList<>();
        Loans loans = new Loans(scheduler, delay, new HashSet<>());
        MemBufLender lender = new MemBufLender(loans);
        MemBufCaller caller = new MemBufCaller(scheduler, lost -> {});
        try (GunyahTestBed bed = GunyahTestBed.builder()
                .scheduler(scheduler)
                .nearClient(caller)
                .farClient(lender)
                .build()) {
            caller.open(bed.near().channel());
            caller.allocate(4096, outcomes::add);
            scheduler.runUntilIdle();

            assertThat(outcomes).hasSize(1);
            assertThat(loans.out).as("somebody has it, or it is back").hasSize(caller.held());
            assertThat(lender.outstanding()).isEqualTo(caller.held());
        }
        return outcomes.get(0);
    }

    @Test
    void memoryOfALateReplyIsBackWithItsLender() {
        VirtualScheduler scheduler = new VirtualScheduler();

        assertThat(borrow(scheduler, MemBufCaller.TIMEOUT.plusMillis(500)).status())
                .isEqualTo(-Errno.ETIMEDOUT);
        assertThat(borrow(scheduler, Duration.ofMillis(1)).isAnswered()).isTrue();
    }

    @Test
    void whenReplyAndTimeoutMeetTheMemoryHasOneOwner() {
        Set<Integer> seen = new HashSet<>();

        int orders = Exploration.run(
                100, chance -> seen.add(borrow(chance, MemBufCaller.TIMEOUT).status()));

        assertThat(orders).isGreaterThan(1);
        assertThat(seen).containsExactlyInAnyOrder(0, -Errno.ETIMEDOUT);
    }
}
