// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm.server;

import static dev.hwmailbox.gunyah.rm.server.RmTestBed.HOST;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Hardware interrupts lent by the host: who gets them when, and who is told. */
final class InterruptRequestsTest {
    private static final int ACCEPT = 0x56000050;
    private static final int LEND = 0x56000051;
    private static final int RELEASE = 0x56000052;
    private static final int RECLAIM = 0x56000053;
    private static final int NOTIFY = 0x56000054;
    private static final int UNMAP = 0x56000055;
    private static final int NOTIFY_RELEASED = 0x56100012;

    private static final int DENIED = 3;
    private static final int ARGUMENT_INVALID = 6;
    private static final int HANDLE_INVALID = 7;
    private static final int IRQ_INVALID = 0xF;
    private static final int IRQ_INUSE = 0x10;
    private static final int IRQ_RELEASED = 0x11;
    private static final int IN_USE = 0x12;
    private static final int IRQ_NOT_MAPPED = 0x13;

    private static final int INTERRUPT = 70;
    private static final int LABEL = 0x1234;
    private static final int CHOOSE = -1;
    private static final int LENT = 1;
    private static final int RELEASED = 2;
    private static final int ACCEPTED = 4;

    private final RmTestBed bed = new RmTestBed();
    private final int guest = bed.boot(0, TestTree.minimal().blob());
    private final List<String> taken = new ArrayList<>();

    // ---- who gets it ----

    @Test
    void anInterruptGoesToTheHostUntilItIsLentAndAccepted() {
        listen();
        bed.server.raiseInterrupt(INTERRUPT);
        bed.scheduler.runUntilIdle();
        int handle = lend(INTERRUPT);
        assertThat(bed.okAs(guest, ACCEPT, handle, CHOOSE).word()).isEqualTo(INTERRUPT);
        bed.server.raiseInterrupt(INTERRUPT);
        bed.scheduler.runUntilIdle();
        bed.okAs(guest, RELEASE, handle);
        bed.ok(RECLAIM, handle);
        bed.server.raiseInterrupt(INTERRUPT);
        bed.scheduler.runUntilIdle();

        assertThat(taken).containsExactly("host", "guest", "host");
    }

    @Test
    void whatIsRaisedBetweenLendingAndAcceptingComesOnceItIsAccepted() {
        listen();
        int handle = lend(INTERRUPT);
        bed.server.raiseInterrupt(INTERRUPT);
        bed.server.raiseInterrupt(INTERRUPT);
        bed.scheduler.runUntilIdle();
        assertThat(taken).isEmpty();

        bed.okAs(guest, ACCEPT, handle, CHOOSE);
        bed.scheduler.runUntilIdle();

        assertThat(taken).containsExactly("guest");
    }

    @Test
    void whatIsRaisedBetweenReleasingAndReclaimingComesOnceItIsReclaimed() {
        listen();
        int handle = lend(INTERRUPT);
        bed.okAs(guest, ACCEPT, handle, CHOOSE);
        bed.okAs(guest, RELEASE, handle);
        bed.server.raiseInterrupt(INTERRUPT);
        bed.scheduler.runUntilIdle();
        assertThat(taken).isEmpty();

        bed.ok(RECLAIM, handle);
        bed.scheduler.runUntilIdle();

        assertThat(taken).containsExactly("host");
    }

    private void listen() {
        bed.host.interrupts().attach(INTERRUPT, () -> taken.add("host"));
        bed.context(guest).interrupts().attach(INTERRUPT, () -> taken.add("guest"));
    }

    @Test
    void anInterruptTheHostHasNotCannotBeRaised() {
        for (int interrupt : new int[] {63, 96, -1}) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> bed.server.raiseInterrupt(interrupt))
                    .withMessageContaining("64 to 95");
        }
    }

    @Test
    void whichInterruptsTheHostHasIsForTheEmbedderToSay() {
        RmTestBed other = new RmTestBed(options -> options, server -> server.hostInterrupts(32, 40));
        int vmid = other.boot(0, TestTree.minimal().blob());

        other.ok(LEND, vmid, 32, LABEL);
        other.ok(LEND, vmid, 40, LABEL);
        assertThat(other.call(LEND, vmid, 41, LABEL).error()).isEqualTo(IRQ_INVALID);
    }

    @ParameterizedTest
    @CsvSource({"31, 40", "40, 39", "1000, 1020"})
    void aRangeThatHoldsNoSharedInterruptsIsRefused(int first, int last) {
        var builder = ResourceManagerServer.builder(bed.hypervisor);
        assertThatIllegalArgumentException().isThrownBy(() -> builder.hostInterrupts(first, last));
    }

    // ---- numbers ----

    @Test
    void takenHardwareNumberIsReplacedByAFreeOne() {
        int other = bed.boot(
                1,
                TestTree.minimal()
                        .queuePair(1)
                        .device("queue-1", queue -> queue.property("interrupts", 0, INTERRUPT - 32, 1, 0, 80, 1))
                        .blob());
        int handle = bed.ok(LEND, other, INTERRUPT, LABEL).word();

        assertThat(bed.okAs(other, ACCEPT, handle, CHOOSE).word()).isEqualTo(962);
    }

    @Test
    void theBorrowerMayChooseAnyFreeNumber() {
        int handle = lend(INTERRUPT);
        for (int virq : new int[] {31, 1020, 960, 0, -2}) {
            assertThat(bed.callAs(guest, ACCEPT, handle, virq).error())
                    .as("%d", virq)
                    .isEqualTo(ARGUMENT_INVALID);
        }
        bed.context(guest).interrupts().attach(500, () -> taken.add("as 500"));

        assertThat(bed.okAs(guest, ACCEPT, handle, 500).word()).isEqualTo(500);
        bed.server.raiseInterrupt(INTERRUPT);
        bed.scheduler.runUntilIdle();
        assertThat(taken).containsExactly("as 500");
    }

    @Test
    void aReleasedNumberCanBeTakenAgain() {
        int first = lend(INTERRUPT);
        int second = lend(INTERRUPT + 1);
        bed.okAs(guest, ACCEPT, first, 500);
        assertThat(bed.callAs(guest, ACCEPT, second, 500).error()).isEqualTo(ARGUMENT_INVALID);
        bed.okAs(guest, RELEASE, first);
        bed.okAs(guest, ACCEPT, second, 500);
    }

    // ---- refusals ----

    @Test
    void onlyTheHostLendsAndOnlyItsOwnAndOnlyOnce() {
        assertThat(bed.callAs(guest, LEND, HOST, INTERRUPT, LABEL).error()).isEqualTo(IRQ_INVALID);
        for (int interrupt : new int[] {63, 96, 960, -1}) {
            assertThat(bed.call(LEND, guest, interrupt, LABEL).error()).isEqualTo(IRQ_INVALID);
        }
        for (int borrower : new int[] {HOST, 255, 99, 0}) {
            assertThat(bed.call(LEND, borrower, INTERRUPT, LABEL).error()).isEqualTo(ARGUMENT_INVALID);
        }
        lend(INTERRUPT);
        assertThat(bed.call(LEND, guest, INTERRUPT, LABEL).error()).isEqualTo(IRQ_INUSE);
    }

    @Test
    void whatABorrowerHasAcceptedItCannotLend() {
        bed.okAs(guest, ACCEPT, lend(INTERRUPT), CHOOSE);
        assertThat(bed.callAs(guest, LEND, HOST, INTERRUPT, LABEL).error()).isEqualTo(IRQ_INVALID);
    }

    @Test
    void eachStepIsForOneSideAndOnce() {
        int stranger = bed.boot(1, TestTree.minimal().blob());
        int handle = lend(INTERRUPT);
        assertThat(bed.callAs(stranger, ACCEPT, handle, CHOOSE).error()).isEqualTo(HANDLE_INVALID);
        assertThat(bed.call(ACCEPT, handle, CHOOSE).error()).isEqualTo(HANDLE_INVALID);
        assertThat(bed.callAs(guest, RELEASE, handle).error()).isEqualTo(IRQ_INVALID);
        assertThat(bed.callAs(guest, RECLAIM, handle).error()).isEqualTo(HANDLE_INVALID);

        bed.okAs(guest, ACCEPT, handle, CHOOSE);
        assertThat(bed.callAs(guest, ACCEPT, handle, CHOOSE).error()).isEqualTo(IN_USE);
        assertThat(bed.call(RECLAIM, handle).error()).isEqualTo(IN_USE);
        assertThat(bed.call(RELEASE, handle).error()).isEqualTo(HANDLE_INVALID);
        bed.okAs(guest, RELEASE, handle);
        bed.ok(RECLAIM, handle);
        assertThat(bed.callAs(guest, ACCEPT, handle, CHOOSE).error()).isEqualTo(HANDLE_INVALID);
    }

    // ---- telling ----

    @Test
    void eachSideTellsTheOtherOnlyWhatIsTrue() {
        int handle = lend(INTERRUPT);
        bed.ok(NOTIFY, handle, LENT, 1, guest);
        assertThat(bed.told(guest)).hasSize(1);
        assertThat(bed.callAs(guest, NOTIFY, handle, ACCEPTED).error()).isEqualTo(IRQ_RELEASED);
        bed.okAs(guest, ACCEPT, handle, CHOOSE);
        bed.okAs(guest, NOTIFY, handle, ACCEPTED);
        assertThat(bed.callAs(guest, NOTIFY, handle, RELEASED).error()).isEqualTo(IN_USE);
        bed.okAs(guest, RELEASE, handle);
        bed.okAs(guest, NOTIFY, handle, RELEASED);

        assertThat(bed.callAs(guest, NOTIFY, handle, LENT, 1, guest).error()).isEqualTo(DENIED);
        assertThat(bed.call(NOTIFY, handle, RELEASED).error()).isEqualTo(DENIED);
    }

    @Test
    void newsAreForTheBorrowerByHandleAndByExactlyOneFlag() {
        int stranger = bed.boot(1, TestTree.minimal().blob());
        int handle = lend(INTERRUPT);
        assertThat(bed.call(NOTIFY, 99, LENT, 1, guest).error()).isEqualTo(HANDLE_INVALID);
        assertThat(bed.callAs(stranger, NOTIFY, handle, RELEASED).error()).isEqualTo(HANDLE_INVALID);
        assertThat(bed.call(NOTIFY, handle, 0).error()).isEqualTo(ARGUMENT_INVALID);
        assertThat(bed.call(NOTIFY, handle, LENT | ACCEPTED, 1, guest).error()).isEqualTo(ARGUMENT_INVALID);
        assertThat(bed.call(NOTIFY, handle, LENT, 0).error()).isEqualTo(ARGUMENT_INVALID);
        assertThat(bed.call(NOTIFY, handle, LENT, 1, stranger).error()).isEqualTo(ARGUMENT_INVALID);
        assertThat(bed.call(NOTIFY, handle, LENT, 2, guest, stranger).error()).isEqualTo(ARGUMENT_INVALID);
        assertThat(bed.told(stranger)).isEmpty();
    }

    // ---- unmapping, the end ----

    @Test
    void unmappingReleasesByNumberAllOrNone() {
        int first = lend(INTERRUPT);
        int second = lend(INTERRUPT + 1);
        bed.okAs(guest, ACCEPT, first, CHOOSE);
        bed.okAs(guest, ACCEPT, second, 500);

        assertThat(bed.callAs(guest, UNMAP, 2, 0, 500, 501).error()).isEqualTo(IRQ_NOT_MAPPED);
        assertThat(bed.callAs(guest, UNMAP, 2, 0, 500, 500).error()).isEqualTo(IRQ_NOT_MAPPED);
        assertThat(bed.call(RECLAIM, second).error()).isEqualTo(IN_USE);
        bed.okAs(guest, UNMAP, 2, 0, 500, INTERRUPT);
        bed.okAs(guest, UNMAP, 0, 0);

        bed.ok(RECLAIM, first);
        bed.ok(RECLAIM, second);
    }

    @Test
    void resetReleasesWhatWasAcceptedAndTellsTheOwner() {
        int accepted = lend(INTERRUPT);
        int untouched = lend(INTERRUPT + 1);
        bed.okAs(guest, ACCEPT, accepted, CHOOSE);
        bed.notifications();

        bed.reset(guest);

        assertThat(bed.notifications())
                .filteredOn(message -> message.id() == NOTIFY_RELEASED)
                .singleElement()
                .satisfies(message -> assertThat(message.content()).isEqualTo(RmTestBed.words(accepted)));
        bed.ok(RECLAIM, accepted);
        bed.ok(RECLAIM, untouched);
    }

    @Test
    void theNextVmWithANumberInheritsNoInterrupt() {
        int handle = lend(INTERRUPT);
        bed.reset(guest);
        bed.ok(RmTestBed.VM_DEALLOC, guest);
        bed.ok(RmTestBed.MEM_RECLAIM, 0, 0);
        int next = bed.boot(0, TestTree.minimal().blob());
        assertThat(next).isEqualTo(guest);

        assertThat(bed.callAs(next, ACCEPT, handle, CHOOSE).error()).isEqualTo(HANDLE_INVALID);
        bed.ok(RECLAIM, handle);
    }

    @ParameterizedTest
    @ValueSource(ints = {ACCEPT, LEND, RELEASE, RECLAIM, NOTIFY, UNMAP})
    void aRequestOfTheWrongLengthIsRefused(int id) {
        for (int length : new int[] {0, 1, 3, 17}) {
            assertThat(bed.call(bed.hostEnd, id, new byte[length]).error()).isEqualTo(4);
        }
    }

    private int lend(int interrupt) {
        return bed.ok(LEND, guest, interrupt, LABEL).word();
    }
}
