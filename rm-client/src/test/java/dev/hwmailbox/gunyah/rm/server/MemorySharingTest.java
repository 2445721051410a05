// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm.server;

import static dev.hwmailbox.gunyah.rm.server.RmTestBed.HOST;
import static dev.hwmailbox.gunyah.rm.server.RmTestBed.MEM_LEND;
import static dev.hwmailbox.gunyah.rm.server.RmTestBed.MEM_RECLAIM;
import static dev.hwmailbox.gunyah.rm.server.RmTestBed.PARCEL_SIZE;
import static dev.hwmailbox.gunyah.rm.server.RmTestBed.address;
import static org.assertj.core.api.Assertions.assertThat;

import dev.hwmailbox.gunyah.GuestMemory;
import dev.hwmailbox.gunyah.GunyahError;
import dev.hwmailbox.gunyah.hypervisor.GuestAddressSpace;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Memory on its way between two VMs: who can reach it when, and who is told. */
final class MemorySharingTest {
    private static final int MEM_DONATE = 0x51000010;
    private static final int MEM_ACCEPT = 0x51000011;
    private static final int MEM_SHARE = 0x51000013;
    private static final int MEM_RELEASE = 0x51000014;
    private static final int MEM_NOTIFY = 0x51000017;
    private static final int MEM_APPEND = 0x51000018;
    private static final int MEM_LOOKUP = 0x5100001A;
    private static final int NOTIFY_RECALL = 0x51100014;

    private static final int NORESOURCE = 2;
    private static final int DENIED = 3;
    private static final int ARGUMENT_INVALID = 6;
    private static final int HANDLE_INVALID = 7;
    private static final int VALIDATE_FAILED = 8;
    private static final int MAP_FAILED = 9;
    private static final int MEM_INVALID = 0xA;
    private static final int MEM_INUSE = 0xB;
    private static final int MEM_RELEASED = 0xC;
    private static final int LOOKUP_FAILED = 0xE;

    private static final int DONATED = 0;
    private static final int LENT = 1;
    private static final int SHARED = 2;
    private static final int READ = 4;
    private static final int READ_WRITE = 6;
    private static final int SANITIZE = 1 << 16;
    private static final int MORE_RANGES = 2 << 16;
    private static final int DONE = 0x80;
    private static final int LABEL = 0x21;
    private static final int TAG = 0x77;
    private static final int PAGE = 0x1000;
    private static final int HIGH = 0x20; // upper half of addresses the tests choose
    private static final byte[] SECRET = {1, 2, 3, 4};
    private static final byte[] NOTHING = {0, 0, 0, 0};

    private final RmTestBed bed = new RmTestBed();
    private final int guest = bed.boot(0, TestTree.minimal().blob());

    // ---- reaching it ----

    @Test
    void sharedMemoryIsTheSameForBoth() {
        int handle = share(1);
        long where = accept(handle, SHARED);

        bed.write(1, SECRET);
        assertThat(read(guestMemory(), where)).isEqualTo(SECRET);
        guestMemory().write(where + PAGE, SECRET, 0, 4);
        assertThat(read(bed.host.memory(), address(1) + PAGE)).isEqualTo(SECRET);
    }

    @Test
    void lentMemoryIsTheRecipientsUntilItReleasesIt() {
        int handle = lend(1, 0);
        long where = accept(handle, LENT);
        guestMemory().write(where, SECRET, 0, 4);
        assertThat(canReach(bed.host.memory(), address(1))).isFalse();
        assertThat(bed.call(MEM_RECLAIM, handle, 0).error()).isEqualTo(MEM_INUSE);

        bed.okAs(guest, MEM_RELEASE, handle, 0);
        assertThat(canReach(guestMemory(), where)).isFalse();
        bed.ok(MEM_RECLAIM, handle, 0);

        assertThat(read(bed.host.memory(), address(1))).isEqualTo(SECRET);
    }

    @Test
    void whatHasBeenReleasedCanBeAcceptedAgainButNotReleasedAgain() {
        int handle = share(1);
        long where = accept(handle, SHARED);
        bed.okAs(guest, MEM_RELEASE, handle, 0);
        assertThat(bed.callAs(guest, MEM_RELEASE, handle, 0).error()).isEqualTo(MEM_RELEASED);

        assertThat(accept(handle, SHARED)).isEqualTo(where);
    }

    @Test
    void chosenAddressesDoNotOverlapAndGapsAreUsedAgain() {
        int first = share(1);
        int second = share(2);
        long firstAddress = accept(first, SHARED);
        long secondAddress = accept(second, SHARED);
        assertThat(secondAddress).isEqualTo(firstAddress + PARCEL_SIZE);

        bed.okAs(guest, MEM_RELEASE, first, 0);
        int larger = word(bed.ok(MEM_SHARE, parcel(0, READ_WRITE, address(3), 2 * PARCEL_SIZE)));
        assertThat(accept(larger, SHARED)).isEqualTo(secondAddress + PARCEL_SIZE);
        int third = word(bed.ok(MEM_SHARE, parcel(0, READ_WRITE, address(5), PARCEL_SIZE)));
        assertThat(accept(third, SHARED)).isEqualTo(firstAddress);
    }

    @Test
    void recipientMayScatterItOverAddressesOfItsChoice() {
        int handle = word(bed.ok(MEM_SHARE, parcel(0, READ_WRITE, address(1), PAGE, address(2), 2 * PAGE)));
        bed.write(1, SECRET);
        bed.host.memory().write(address(2) + PAGE, SECRET, 0, 4);

        RmTestBed.Answer answer = acceptAt(handle, 0x8000, 2 * PAGE, 0x1000, PAGE);

        assertThat(answer.error()).isZero();
        assertThat(answer.data()).isEmpty();
        assertThat(read(guestMemory(), high(0x8000))).isEqualTo(SECRET);
        assertThat(read(guestMemory(), high(0x8000) + PAGE)).isEqualTo(NOTHING);
        assertThat(read(guestMemory(), high(0x1000))).isEqualTo(SECRET);
        bed.okAs(guest, MEM_RELEASE, handle, 0);
        assertThat(canReach(guestMemory(), high(0x8000))).isFalse();
        assertThat(canReach(guestMemory(), high(0x1000))).isFalse();
    }

    @Test
    void addressesInUseAreRefusedAndNothingIsMapped() {
        int handle = word(bed.ok(MEM_SHARE, parcel(0, READ_WRITE, address(1), 2 * PAGE)));

        assertThat(acceptAt(handle, 0x1000, PAGE, 0x1000, PAGE).error()).isEqualTo(MAP_FAILED);

        assertThat(canReach(guestMemory(), high(0x1000))).isFalse();
        assertThat(acceptAt(handle, 0x1000, 2 * PAGE).error()).isZero();
    }

    @Test
    void addressesMustHoldExactlyTheParcelAndBeMadeOfPages() {
        int handle = word(bed.ok(MEM_SHARE, parcel(0, READ_WRITE, address(1), 2 * PAGE)));

        for (RmTestBed.Answer refused : List.of(
                acceptAt(handle, 0x1000, PAGE),
                acceptAt(handle, 0x1000, 3 * PAGE),
                acceptAt(handle, 0x1000, 3 * PAGE, 0x8000, PAGE),
                acceptAt(handle, 0x1000, PAGE, 0x8000, PAGE + 8),
                acceptAt(handle, 0x1008, 2 * PAGE),
                acceptAt(handle, 0x1000, 0))) {
            assertThat(refused.error()).isEqualTo(ARGUMENT_INVALID);
        }
        assertThat(bed.callAs(guest, MEM_ACCEPT, handle, SHARED << 8 | DONE << 16, 0, 0, 1, -PAGE, -1, 2 * PAGE, 0, 0)
                        .error())
                .as("wraps")
                .isEqualTo(MAP_FAILED);
    }

    // ---- who may ----

    @Test
    void onlyRecipientsAcceptAndOnlyOnce() {
        int stranger = bed.boot(7, TestTree.minimal().blob());
        int handle = share(1);

        assertThat(accept(stranger, handle, SHARED, 0).error()).isEqualTo(HANDLE_INVALID);
        assertThat(bed.call(MEM_ACCEPT, handle, SHARED << 8, 0, 0, 0, 0).error())
                .as("owner")
                .isEqualTo(HANDLE_INVALID);
        assertThat(bed.callAs(stranger, MEM_RELEASE, handle, 0).error()).isEqualTo(HANDLE_INVALID);
        accept(handle, SHARED);
        assertThat(accept(guest, handle, SHARED, 0).error()).isEqualTo(MEM_INUSE);
    }

    @Test
    void aVmCannotAcceptOrReleaseWhatItLivesIn() {
        assertThat(accept(guest, 0, LENT, 0).error()).isEqualTo(MEM_INUSE);
        assertThat(bed.callAs(guest, MEM_RELEASE, 0, 0).error()).isEqualTo(MEM_INUSE);
    }

    @Test
    void anOwnerMapsForItsVmsAndNobodyElseDoes() {
        int other = bed.boot(7, TestTree.minimal().blob());
        int handle = share(1);
        int mapOther = 8;

        assertThat(bed.callAs(other, MEM_ACCEPT, handle, SHARED << 8 | mapOther << 16, 0, 0, guest << 16, 0)
                        .error())
                .isEqualTo(DENIED);
        assertThat(bed.call(MEM_ACCEPT, handle, SHARED << 8 | mapOther << 16, 0, 0, 99 << 16, 0)
                        .error())
                .isEqualTo(ARGUMENT_INVALID);
        assertThat(bed.call(MEM_ACCEPT, handle, SHARED << 8 | mapOther << 16, 0, 0, other << 16, 0)
                        .error())
                .as("no recipient")
                .isEqualTo(HANDLE_INVALID);
        bed.write(1, SECRET);
        byte[] reply = bed.ok(MEM_ACCEPT, handle, SHARED << 8 | mapOther << 16, 0, 0, guest << 16, 0)
                .data();

        assertThat(read(guestMemory(), chosen(reply))).isEqualTo(SECRET);
    }

    @ParameterizedTest
    @CsvSource({
        "0x001, 0, kind",
        "0x100, 0, transaction",
        "0x040200, 0x22, label",
        "0x010200, 0, clearing",
        "0x020200, 0, rights"
    })
    void whatTheRecipientExpectsOtherwiseIsRefused(String terms, String label, String what) {
        int handle = share(1);
        assertThat(bed.callAs(guest, MEM_ACCEPT, handle, Integer.decode(terms), Integer.decode(label), 0, 0, 0)
                        .error())
                .as(what)
                .isEqualTo(VALIDATE_FAILED);
    }

    @Test
    void whatTheRecipientExpectsRightlyIsAccepted() {
        int handle = word(bed.ok(
                MEM_SHARE,
                SANITIZE,
                LABEL,
                2,
                HOST | READ_WRITE << 16,
                guest | READ_WRITE << 16,
                1,
                (int) address(1),
                0,
                PAGE,
                0,
                1,
                5 | guest << 16));
        int all = 1 | 2 | 4 | 16 | 32 | DONE;
        int[] accept = {
            handle,
            SHARED << 8 | all << 16,
            LABEL,
            2,
            guest | READ_WRITE << 16,
            HOST | READ_WRITE << 16,
            0,
            1,
            5 | guest << 16
        };
        int[] otherAttributes = accept.clone();
        otherAttributes[8] = 6 | guest << 16;

        assertThat(bed.callAs(guest, MEM_ACCEPT, otherAttributes).error()).isEqualTo(VALIDATE_FAILED);
        bed.okAs(guest, MEM_ACCEPT, accept);
    }

    @Test
    void unknownFlagsAreRefused() {
        int handle = share(1);
        assertThat(accept(guest, handle, SHARED, 64).error()).isEqualTo(ARGUMENT_INVALID);
        assertThat(bed.callAs(guest, MEM_RELEASE, handle, 2).error()).isEqualTo(ARGUMENT_INVALID);
        assertThat(bed.call(MEM_RECLAIM, handle, 2).error()).isEqualTo(ARGUMENT_INVALID);
    }

    @ParameterizedTest
    @ValueSource(ints = {MEM_LEND, MEM_SHARE, MEM_DONATE})
    void nobodyCanBeARecipientTwiceNorTheResourceManagerNorSomebodyUnknown(int message) {
        int rights = READ_WRITE << 16;
        for (int[] acl : new int[][] {{guest, guest}, {guest, 255}, {guest, 99}, {guest, 0}}) {
            assertThat(bed.call(message, 0, 0, 2, acl[0] | rights, acl[1] | rights, 1, (int) address(1), 0, PAGE, 0, 0)
                            .error())
                    .isEqualTo(ARGUMENT_INVALID);
        }
        assertThat(canReach(bed.host.memory(), address(1))).isTrue();
    }

    @Test
    void ownersKeepWhatTheyShareOnly() {
        int both = 2;
        for (int message : new int[] {MEM_LEND, MEM_DONATE}) {
            assertThat(bed.call(
                                    message,
                                    0,
                                    0,
                                    both,
                                    guest | READ_WRITE << 16,
                                    HOST | READ_WRITE << 16,
                                    1,
                                    (int) address(1),
                                    0,
                                    PAGE,
                                    0,
                                    0)
                            .error())
                    .isEqualTo(ARGUMENT_INVALID);
        }
    }

    // ---- one parcel at a time ----

    @Test
    void sharedMemoryCannotBePassedOnAgainUntilReclaimed() {
        int handle = share(1);
        for (int message : new int[] {MEM_LEND, MEM_SHARE, MEM_DONATE}) {
            int[] request = parcel(0, READ_WRITE, address(1) + PAGE, PAGE);
            request[2] = 1;
            assertThat(bed.call(message, oneRecipient(0, address(1) + PAGE, PAGE))
                            .error())
                    .as("%x", message)
                    .isEqualTo(MEM_INUSE);
        }

        bed.ok(MEM_RECLAIM, handle, 0);
        bed.ok(MEM_LEND, oneRecipient(0, address(1), PAGE));
    }

    @Test
    void partlySharedMemoryLeavesTheRestUntouched() {
        share(2);
        assertThat(bed.call(MEM_SHARE, parcel(0, READ_WRITE, address(1), PARCEL_SIZE, address(2) - PAGE, 2 * PAGE))
                        .error())
                .isEqualTo(MEM_INUSE);
        share(1);
    }

    @Test
    void aRecipientCannotPassOnWhatIsNotItsOwn() {
        int handle = share(1);
        long where = accept(handle, SHARED);
        int[] lend = {0, 0, 1, HOST | READ_WRITE << 16, 1, (int) where, (int) (where >>> 32), PAGE, 0, 0};
        assertThat(bed.callAs(guest, MEM_LEND, lend).error()).isEqualTo(MEM_INUSE);
    }

    // ---- gifts ----

    @Test
    void aGiftIsKeptUntilTheLifeOfItsRecipientEnds() {
        int handle = word(bed.ok(MEM_DONATE, oneRecipient(0, address(1), PAGE)));
        accept(handle, DONATED);

        assertThat(bed.callAs(guest, MEM_RELEASE, handle, 0).error()).isEqualTo(DENIED);
        assertThat(bed.call(MEM_RECLAIM, handle, 0).error()).isEqualTo(MEM_INUSE);
        bed.reset(guest);
        bed.ok(MEM_RECLAIM, handle, 0);
    }

    @Test
    void aGiftIsForOneVm() {
        int other = bed.allocate();
        assertThat(bed.call(
                                MEM_DONATE,
                                0,
                                0,
                                2,
                                guest | READ_WRITE << 16,
                                other | READ_WRITE << 16,
                                1,
                                (int) address(1),
                                0,
                                PAGE,
                                0,
                                0)
                        .error())
                .isEqualTo(ARGUMENT_INVALID);
    }

    // ---- clearing ----

    @Test
    void memoryIsClearedOnItsWayIfTheOwnerSaysSo() {
        bed.write(1, SECRET);
        int handle = lend(1, SANITIZE);
        assertThat(read(guestMemory(), accept(handle, LENT))).isEqualTo(NOTHING);
    }

    @Test
    void memoryIsClearedOnItsWayBackIfEitherSaysSo() {
        bed.write(1, SECRET);
        int handle = share(1);
        bed.ok(MEM_RECLAIM, handle, 1);
        assertThat(read(bed.host.memory(), address(1))).as("reclaimed").isEqualTo(NOTHING);

        bed.write(2, SECRET);
        handle = share(2);
        accept(handle, SHARED);
        bed.okAs(guest, MEM_RELEASE, handle, 1);
        assertThat(read(bed.host.memory(), address(2))).as("released").isEqualTo(NOTHING);

        bed.write(3, SECRET);
        handle = share(3);
        assertThat(accept(guest, handle, SHARED, 32 | DONE).error()).isZero();
        assertThat(read(bed.host.memory(), address(3))).isEqualTo(SECRET);
        bed.reset(guest);
        assertThat(read(bed.host.memory(), address(3))).as("reset").isEqualTo(NOTHING);
    }

    @Test
    void whoMayOnlyReadCannotHaveItCleared() {
        bed.write(1, SECRET);
        int handle = word(bed.ok(MEM_SHARE, parcel(0, READ, address(1), PAGE)));

        assertThat(accept(guest, handle, SHARED, 32).error()).isEqualTo(DENIED);
        accept(handle, SHARED);
        assertThat(bed.callAs(guest, MEM_RELEASE, handle, 1).error()).isEqualTo(DENIED);
        assertThat(read(bed.host.memory(), address(1))).isEqualTo(SECRET);
    }

    // ---- appending ----

    @Test
    void nobodyUsesAParcelBeforeItIsComplete() {
        int handle = word(bed.ok(MEM_SHARE, parcel(MORE_RANGES, READ_WRITE, address(1), PAGE)));
        assertThat(accept(guest, handle, SHARED, DONE).error()).isEqualTo(MEM_INVALID);
        assertThat(bed.call(MEM_NOTIFY, handle, 1, TAG, 1, guest).error()).isEqualTo(MEM_INVALID);
        assertThat(bed.configure(bed.allocate(), handle).error()).isEqualTo(MEM_INVALID);

        bed.host.memory().write(address(3), SECRET, 0, 4);
        bed.ok(MEM_APPEND, handle, 0, 1, (int) address(2), 0, PAGE, 0);
        bed.ok(MEM_APPEND, handle, 1, 1, (int) address(3), 0, PAGE, 0);

        assertThat(read(guestMemory(), accept(handle, SHARED) + 2 * PAGE)).isEqualTo(SECRET);
        assertThat(bed.call(MEM_APPEND, handle, 1, 0).error()).isEqualTo(DENIED);
    }

    @Test
    void whatCannotBeAppendedChangesNothing() {
        int handle = word(bed.ok(MEM_LEND, oneRecipient(MORE_RANGES, address(1), PAGE)));

        assertThat(bed.call(MEM_APPEND, handle, 1, 2, (int) address(2), 0, PAGE, 0, 0x1000, 0, PAGE, 0)
                        .error())
                .isEqualTo(MEM_INVALID);
        assertThat(canReach(bed.host.memory(), address(2))).isTrue();
        assertThat(bed.call(MEM_APPEND, handle, 1, 1, (int) address(2) + 8, 0, PAGE, 0)
                        .error())
                .isEqualTo(ARGUMENT_INVALID);
        assertThat(bed.call(MEM_APPEND, handle, 2, 0).error()).isEqualTo(ARGUMENT_INVALID);
        assertThat(bed.callAs(guest, MEM_APPEND, handle, 1, 0).error()).isEqualTo(HANDLE_INVALID);
        assertThat(bed.call(MEM_APPEND, 99, 1, 0).error()).isEqualTo(HANDLE_INVALID);
        bed.ok(MEM_APPEND, handle, 1, 1, (int) address(2), 0, PAGE, 0);
        accept(handle, LENT);
    }

    @Test
    void clearedIsWhatIsAppended() {
        bed.host.memory().write(address(2), SECRET, 0, 4);
        int handle = word(bed.ok(MEM_LEND, oneRecipient(SANITIZE | MORE_RANGES, address(1), PAGE)));
        bed.ok(MEM_APPEND, handle, 1, 1, (int) address(2), 0, PAGE, 0);

        assertThat(read(guestMemory(), accept(handle, LENT) + PAGE)).isEqualTo(NOTHING);
    }

    @Test
    void aParcelHasAsManyRangesAsANotificationCanName() {
        int handle = word(bed.ok(MEM_LEND, oneRecipient(MORE_RANGES, address(20), PAGE)));
        int appended = 1;
        int chunk = 100; // what the queue holds at a time
        while (appended + chunk <= MemoryRequests.MAX_RANGES) {
            bed.ok(MEM_APPEND, pages(handle, appended, chunk));
            appended += chunk;
        }
        int rest = MemoryRequests.MAX_RANGES - appended;
        assertThat(bed.call(MEM_APPEND, pages(handle, appended, rest + 1)).error())
                .isEqualTo(NORESOURCE);
        bed.ok(MEM_APPEND, pages(handle, appended, rest));
        bed.ok(MEM_APPEND, handle, 1, 0);

        bed.ok(MEM_NOTIFY, handle, 1, TAG, 1, guest);
        assertThat(bed.told(guest))
                .singleElement()
                .satisfies(shared ->
                        assertThat(shared.content().length).isEqualTo(32 + 4 + 8 * MemoryRequests.MAX_RANGES));
    }

    // ---- telling ----

    @Test
    void eachSideTellsTheOtherOnlyWhatIsTrue() {
        int handle = share(1);
        assertThat(bed.callAs(guest, MEM_NOTIFY, handle, 4, TAG).error()).isEqualTo(MEM_RELEASED);
        bed.okAs(guest, MEM_NOTIFY, handle, 2, TAG);
        accept(handle, SHARED);
        assertThat(bed.callAs(guest, MEM_NOTIFY, handle, 2, TAG).error()).isEqualTo(MEM_INUSE);
        bed.okAs(guest, MEM_NOTIFY, handle, 4, TAG);

        assertThat(bed.callAs(guest, MEM_NOTIFY, handle, 1, TAG, 1, guest).error())
                .isEqualTo(DENIED);
        assertThat(bed.call(MEM_NOTIFY, handle, 4, TAG).error()).isEqualTo(DENIED);
    }

    @Test
    void newsAreForRecipientsByHandleAndByExactlyOneFlag() {
        int stranger = bed.boot(7, TestTree.minimal().blob());
        int handle = share(1);
        assertThat(bed.call(MEM_NOTIFY, 99, 1, TAG, 1, guest).error()).isEqualTo(HANDLE_INVALID);
        assertThat(bed.callAs(stranger, MEM_NOTIFY, handle, 2, TAG).error()).isEqualTo(HANDLE_INVALID);
        assertThat(bed.call(MEM_NOTIFY, handle, 0, TAG).error()).isEqualTo(ARGUMENT_INVALID);
        assertThat(bed.call(MEM_NOTIFY, handle, 9, TAG, 1, guest).error()).isEqualTo(ARGUMENT_INVALID);
        for (int[] named : new int[][] {{guest, stranger}, {guest, guest}, {guest, HOST}, {guest, 99}}) {
            assertThat(bed.call(MEM_NOTIFY, handle, 8, TAG, 2, named[0], named[1])
                            .error())
                    .isEqualTo(ARGUMENT_INVALID);
        }
        assertThat(bed.told(guest)).isEmpty();
    }

    // ---- ends ----

    @Test
    void resetReleasesAllThatAVmHasOfOthers() {
        int accepted = share(1);
        int untouched = share(2);
        accept(accepted, SHARED);
        bed.notifications();

        bed.reset(guest);

        assertThat(bed.news())
                .containsSubsequence(
                        "STATUS 128 10", "RELEASED 0 by 128", "RELEASED " + accepted + " by 128", "STATUS 128 11")
                .doesNotContain("RELEASED " + untouched + " by 128");
        bed.ok(MEM_RECLAIM, accepted, 0);
        bed.ok(MEM_RECLAIM, untouched, 0);
        bed.ok(MEM_RECLAIM, 0, 0);
    }

    @Test
    void resetTakesBackWhatAVmHasShared() {
        int[] share = {0, LABEL, 1, HOST | READ_WRITE << 16, 1, 0x80000000 + 8 * PAGE, 0, PAGE, 0, 0};
        int handle = word(bed.okAs(guest, MEM_SHARE, share));
        long where = chosen(
                bed.ok(MEM_ACCEPT, handle, SHARED << 8 | DONE << 16, 0, 0, 0, 0).data());
        assertThat(canReach(bed.host.memory(), where)).isTrue();
        bed.notifications();

        bed.reset(guest);

        assertThat(canReach(bed.host.memory(), where)).isFalse();
        assertThat(bed.notifications())
                .filteredOn(message -> message.id() == NOTIFY_RECALL)
                .hasSize(1);
        assertThat(bed.call(MEM_RELEASE, handle, 0).error()).isEqualTo(HANDLE_INVALID);
        bed.ok(MEM_RECLAIM, 0, 0);
    }

    @Test
    void theNextVmWithANumberInheritsNoMemory() {
        int first = bed.allocate();
        int handle = bed.lend(1, first);
        bed.ok(RmTestBed.VM_DEALLOC, first);
        assertThat(bed.allocate()).isEqualTo(first);

        assertThat(bed.configure(first, handle).error()).isEqualTo(MEM_INVALID);
        bed.ok(MEM_RECLAIM, handle, 0);
    }

    @Test
    void memoryThatTheEmbedderTookAwayIsReleasedAllTheSame() {
        int handle = share(1);
        long where = accept(handle, SHARED);
        ((GuestAddressSpace) guestMemory()).unmap(where, PARCEL_SIZE);

        bed.okAs(guest, MEM_RELEASE, handle, 0);
        bed.ok(MEM_RECLAIM, handle, 0);
    }

    // ---- handles ----

    @Test
    void aRefusalThatGotAsFarAsTheRecipientsUsesUpAHandle() {
        int before = share(1);
        assertThat(bed.call(MEM_SHARE, 0, 0, 0, 1, (int) address(2), 0, PAGE, 0, 0)
                        .error())
                .as("nobody to share with")
                .isEqualTo(ARGUMENT_INVALID);
        assertThat(bed.call(MEM_SHARE, parcel(0, 0, address(2), PAGE)).error())
                .as("no rights")
                .isEqualTo(ARGUMENT_INVALID);

        assertThat(share(2)).isEqualTo(before + 2);
    }

    @Test
    void handlesAreFoundByWhatTheyStandFor() {
        int handle = share(1);
        int rights = READ_WRITE << 16;
        int size = PARCEL_SIZE;
        int[] asOwner = {0, LABEL, 2, guest | rights, HOST | rights, 1, (int) address(1), 0, size, 0};
        assertThat(word(bed.ok(MEM_LOOKUP, asOwner))).isEqualTo(handle);
        assertThat(bed.callAs(guest, MEM_LOOKUP, asOwner).error()).isEqualTo(LOOKUP_FAILED);

        long where = accept(handle, SHARED);
        int[] asRecipient = asOwner.clone();
        asRecipient[6] = (int) where;
        asRecipient[7] = (int) (where >>> 32);
        assertThat(word(bed.okAs(guest, MEM_LOOKUP, asRecipient))).isEqualTo(handle);

        for (int wrong : new int[] {0, 1, 3, 6, 8}) {
            int[] other = asOwner.clone();
            other[wrong]++;
            assertThat(bed.call(MEM_LOOKUP, other).error()).as("word %d", wrong).isEqualTo(LOOKUP_FAILED);
        }
    }

    private int share(int piece) {
        return word(bed.ok(MEM_SHARE, parcel(0, READ_WRITE, address(piece), PARCEL_SIZE)));
    }

    private int lend(int piece, int header) {
        return word(bed.ok(MEM_LEND, oneRecipient(header, address(piece), PARCEL_SIZE)));
    }

    /** For the host and the guest, the guest with some rights. */
    private int[] parcel(int header, int rights, long... ranges) {
        int[] words = new int[5 + 1 + 2 * ranges.length + 1];
        words[0] = header;
        words[1] = LABEL;
        words[2] = 2;
        words[3] = HOST | READ_WRITE << 16;
        words[4] = guest | rights << 16;
        words[5] = ranges.length / 2;
        for (int i = 0; i < ranges.length; i++) {
            words[6 + 2 * i] = (int) ranges[i];
        }
        return words;
    }

    /** For the guest alone. */
    private int[] oneRecipient(int header, long address, int size) {
        return new int[] {header, LABEL, 1, guest | READ_WRITE << 16, 1, (int) address, 0, size, 0, 0};
    }

    private static int[] pages(int handle, int first, int count) {
        int[] words = new int[3 + 4 * count];
        words[0] = handle;
        words[2] = count;
        for (int i = 0; i < count; i++) {
            words[3 + 4 * i] = (int) address(20) + (first + i) * PAGE;
            words[5 + 4 * i] = PAGE;
        }
        return words;
    }

    private long accept(int handle, int transaction) {
        RmTestBed.Answer answer = accept(guest, handle, transaction, DONE);
        assertThat(answer.error()).isZero();
        return chosen(answer.data());
    }

    private RmTestBed.Answer accept(int vmid, int handle, int transaction, int flags) {
        return bed.callAs(vmid, MEM_ACCEPT, handle, transaction << 8 | flags << 16, 0, 0, 0, 0);
    }

    /** Accepts shared memory at addresses with the high half of the tests' choice. */
    private RmTestBed.Answer acceptAt(int handle, int... ranges) {
        int[] words = new int[6 + 2 * ranges.length];
        words[0] = handle;
        words[1] = SHARED << 8 | DONE << 16;
        words[4] = ranges.length / 2;
        for (int i = 0; i < ranges.length; i++) {
            words[5 + 2 * i] = ranges[i];
            words[6 + 2 * i] = i % 2 == 0 ? HIGH : 0;
        }
        return bed.callAs(guest, MEM_ACCEPT, words);
    }

    private static long high(int low) {
        return (long) HIGH << 32 | low;
    }

    private static long chosen(byte[] reply) {
        ByteBuffer data = ByteBuffer.wrap(reply).order(ByteOrder.LITTLE_ENDIAN);
        assertThat(data.getInt(0)).as("one range, complete").isEqualTo(1);
        return data.getLong(4);
    }

    private static int word(RmTestBed.Answer answer) {
        return answer.word();
    }

    private GuestMemory guestMemory() {
        return bed.context(guest).memory();
    }

    private static byte[] read(GuestMemory memory, long address) {
        byte[] bytes = new byte[4];
        assertThat(memory.read(address, bytes, 0, 4)).isEqualTo(GunyahError.OK);
        return bytes;
    }

    private static boolean canReach(GuestMemory memory, long address) {
        return memory.read(address, new byte[1], 0, 1) == GunyahError.OK;
    }
}
