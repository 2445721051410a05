// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm.server;

import static dev.hwmailbox.gunyah.rm.server.RmTestBed.MEMORY;
import static dev.hwmailbox.gunyah.rm.server.RmTestBed.MEM_LEND;
import static dev.hwmailbox.gunyah.rm.server.RmTestBed.MEM_RECLAIM;
import static dev.hwmailbox.gunyah.rm.server.RmTestBed.VM_INIT;
import static dev.hwmailbox.gunyah.rm.server.RmTestBed.VM_RESET;
import static org.assertj.core.api.Assertions.assertThat;

import dev.hwmailbox.gunyah.GunyahError;
import dev.hwmailbox.gunyah.hypervisor.MemoryExtent;
import dev.hwmailbox.gunyah.rm.protocol.RmMessage;
import dev.hwmailbox.gunyah.rm.protocol.RmMessageId;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class MemoryRequestsTest {
    private static final int ARGUMENT_INVALID = 6;
    private static final int HANDLE_INVALID = 7;
    private static final int MAP_FAILED = 9;
    private static final int MEM_INVALID = 0xA;
    private static final int MEM_INUSE = 0xB;
    private static final int MSG_INVALID = 4;
    private static final int NORESOURCE = 2;
    private static final int PAGE = 0x1000;

    private final RmTestBed bed = new RmTestBed();
    private final int vmid = bed.allocate();

    @Test
    void lenderCannotReachWhatItHasLentUntilItHasItBack() {
        byte[] secret = {1, 2, 3};
        bed.write(0, secret);
        int handle = bed.lend(0, vmid);
        assertThat(canRead(MEMORY)).isFalse();
        assertThat(canRead(MEMORY + RmTestBed.PARCEL_SIZE)).isTrue();

        bed.ok(MEM_RECLAIM, handle, 0);

        byte[] back = new byte[3];
        assertThat(bed.host.memory().read(MEMORY, back, 0, 3)).isEqualTo(GunyahError.OK);
        assertThat(back).isEqualTo(secret);
        assertThat(bed.call(MEM_RECLAIM, handle, 0).error()).isEqualTo(HANDLE_INVALID);
    }

    @Test
    void memoryThatCameBackCanBeLentTogetherWithItsNeighbours() {
        int[] handles = {bed.lend(1, vmid), bed.lend(2, vmid)};
        bed.ok(MEM_RECLAIM, handles[0], 0);
        bed.ok(MEM_RECLAIM, handles[1], 0);

        assertThat(lend(0, (int) MEMORY, 4 * RmTestBed.PARCEL_SIZE)).isZero();
    }

    @Test
    void handlesCountUpwards() {
        assertThat(bed.lend(0, vmid)).isZero();
        assertThat(bed.lend(1, vmid)).isEqualTo(1);
        bed.ok(MEM_RECLAIM, 0, 0);
        assertThat(bed.lend(0, vmid)).isEqualTo(2);
    }

    @ParameterizedTest
    @CsvSource({"0x800, 0x1000", "0, 0x800", "0, 0", "0, -4096"})
    void rangeThatIsNotMadeOfPagesIsRefused(String offset, String size) {
        assertThat(lend(0, (int) MEMORY + Integer.decode(offset), Integer.decode(size)))
                .isEqualTo(ARGUMENT_INVALID);
    }

    @Test
    void failureOfTheSecondRangeLeavesTheFirstWithTheLender() {
        assertThat(lend(0, (int) MEMORY, PAGE, 0x1000, PAGE)).isEqualTo(MEM_INVALID);
        assertThat(canRead(MEMORY)).isTrue();
        assertThat(lend(0, (int) MEMORY, PAGE)).isZero();
    }

    @Test
    void overlappingRangesAreRefusedAndNothingIsLent() {
        assertThat(lend(0, (int) MEMORY, 2 * PAGE, (int) MEMORY + PAGE, PAGE)).isEqualTo(MEM_INVALID);
        assertThat(canRead(MEMORY)).isTrue();
        assertThat(canRead(MEMORY + PAGE)).isTrue();
    }

    @Test
    void whatIsLentCannotBeLentAgain() {
        bed.lend(0, vmid);
        assertThat(lend(0, (int) MEMORY, PAGE)).isEqualTo(MEM_INVALID);
    }

    @Test
    void rangeThatWrapsIsRefused() {
        assertThat(bed.call(MEM_LEND, 0, 0, 1, vmid | 6 << 16, 1, -PAGE, -1, 2 * PAGE, 0, 0)
                        .error())
                .isEqualTo(MEM_INVALID);
    }

    @Test
    void anyKindOfMemoryCanBeLentButUnknownFlagsAreRefused() {
        assertThat(lend(1, (int) MEMORY, PAGE)).as("I/O memory").isZero();
        assertThat(lend(5, (int) MEMORY + PAGE, PAGE)).as("unknown kind").isZero();
        assertThat(lend(4 << 16, (int) MEMORY + 2 * PAGE, PAGE))
                .as("unknown flag")
                .isEqualTo(ARGUMENT_INVALID);
    }

    @Test
    void emptyListsAreRefused() {
        assertThat(bed.call(MEM_LEND, 0, 0, 0, 0, 0).error()).isEqualTo(ARGUMENT_INVALID);
        assertThat(bed.call(MEM_LEND, 0, 0, 1, vmid | 6 << 16, 0, 0).error()).isEqualTo(ARGUMENT_INVALID);
        assertThat(bed.call(MEM_LEND, 0, 0, 0, 1, (int) MEMORY, 0, PAGE, 0, 0).error())
                .isEqualTo(ARGUMENT_INVALID);
    }

    @ParameterizedTest
    @CsvSource({"0", "1", "2", "3", "8"})
    void rightsWithoutReadingOrUnknownOnesAreRefused(int rights) {
        assertThat(bed.call(MEM_LEND, 0, 0, 1, vmid | rights << 16, 1, (int) MEMORY, 0, PAGE, 0, 0)
                        .error())
                .isEqualTo(ARGUMENT_INVALID);
    }

    @Test
    void listsThatDoNotFillTheMessageAreRefused() {
        assertThat(bed.call(MEM_LEND).error()).isEqualTo(MSG_INVALID);
        assertThat(bed.call(MEM_LEND, 0, 0, 1, vmid | 6 << 16, 1, (int) MEMORY, 0, PAGE, 0)
                        .error())
                .as("no attribute list")
                .isEqualTo(MSG_INVALID);
        assertThat(bed.call(MEM_LEND, 0, 0, 0xFFFF).error()).isEqualTo(MSG_INVALID);
    }

    @Test
    void sixtyFourParcelsAndNoMore() {
        for (int i = 0; i < MemoryParcels.MAX_PARCELS; i++) {
            assertThat(lend(0, (int) MEMORY + i * PAGE, PAGE)).isZero();
        }
        assertThat(lend(0, (int) MEMORY + 64 * PAGE, PAGE)).isEqualTo(NORESOURCE);

        bed.ok(MEM_RECLAIM, 5, 0);
        assertThat(lend(0, (int) MEMORY + 64 * PAGE, PAGE)).isZero();
    }

    @Test
    void memoryInUseIsNotGivenBack() {
        int handle = bed.prepare(vmid, 0, TestTree.minimal().blob());
        assertThat(bed.call(MEM_RECLAIM, handle, 0).error()).isEqualTo(MEM_INUSE);

        bed.ok(VM_INIT, vmid);
        bed.ok(VM_RESET, vmid);
        assertThat(bed.news()).contains("RELEASED " + handle + " by " + vmid);
        bed.ok(MEM_RECLAIM, handle, 0);
    }

    @Test
    void memoryOfTwoVmsStaysInUseUntilBothHaveLeftIt() {
        int second = bed.allocate();
        bed.write(0, TestTree.minimal().blob());
        int handle = bed.lend(0, vmid, second);
        assertThat(bed.configure(vmid, handle).error()).isZero();
        assertThat(bed.configure(second, handle).error()).isZero();
        bed.ok(VM_INIT, vmid);
        bed.ok(VM_INIT, second);

        bed.ok(VM_RESET, vmid);
        assertThat(bed.call(MEM_RECLAIM, handle, 0).error()).isEqualTo(MEM_INUSE);

        bed.ok(VM_RESET, second);
        bed.ok(MEM_RECLAIM, handle, 0);
    }

    @Test
    void resetOfAVmThatNeverUsedAParcelDoesNotReleaseIt() {
        int second = bed.allocate();
        bed.write(0, TestTree.minimal().blob());
        int handle = bed.lend(0, vmid, second);
        assertThat(bed.configure(vmid, handle).error()).isZero();
        assertThat(bed.configure(second, 99).error()).isEqualTo(MEM_INVALID);
        bed.notifications();

        bed.ok(VM_RESET, second);

        assertThat(bed.news()).containsExactly("STATUS 129 10", "STATUS 129 11");
        assertThat(bed.call(MEM_RECLAIM, handle, 0).error()).isEqualTo(MEM_INUSE);
    }

    @Test
    void onlyTheLenderReclaims() {
        int guest = bed.boot(0, TestTree.minimal().blob());
        int handle = bed.lend(1, vmid);
        assertThat(bed.call(bed.guest(guest), MEM_RECLAIM, RmTestBed.words(handle, 0))
                        .error())
                .isEqualTo(HANDLE_INVALID);
    }

    @Test
    void reclaimingWhereSomethingElseLiesNowChangesNothing() {
        assertThat(lend(0, (int) MEMORY, PAGE, (int) MEMORY + 2 * PAGE, PAGE)).isZero();
        bed.host.memory().map(MEMORY + 2 * PAGE, MemoryExtent.allocate(PAGE));
        assertThat(bed.call(MEM_RECLAIM, 0, 0).error()).isEqualTo(MAP_FAILED);
        assertThat(canRead(MEMORY)).isFalse();

        bed.host.memory().unmap(MEMORY + 2 * PAGE, PAGE);
        bed.ok(MEM_RECLAIM, 0, 0);
        assertThat(canRead(MEMORY)).isTrue();
    }

    @Test
    void whatAGuestHasLentIsForgottenWhenItsLifeEnds() {
        int guest = bed.boot(0, TestTree.minimal().blob());
        byte[] lend = RmTestBed.words(0, 0, 1, vmid | 6 << 16, 1, 0x80000000 + 8 * PAGE, 0, PAGE, 0, 0);
        RmTestBed.Answer lent = bed.call(bed.guest(guest), MEM_LEND, lend);
        assertThat(lent.error()).isZero();
        bed.ok(RmTestBed.VM_STOP, guest | 1 << 16, 3);
        bed.ok(VM_RESET, guest);

        assertThat(bed.configure(vmid, lent.word()).error()).isEqualTo(MEM_INVALID);
    }

    @Test
    void memoryOfADeviceIsFoundByItsLabelOnceItIsSharedAndComplete() {
        VmRegistry vms = new VmRegistry();
        ManagedVm host = new ManagedVm(RmTestBed.HOST, VmRegistry.MANAGER);
        host.machine(new ManagedVm.Machine(bed.host, 0, 0, new Teardown()));
        vms.add(host);
        ManagedVm guest = vms.allocate(host, 0);
        ManagedVm other = vms.allocate(host, 0);
        MemoryRequests requests = new MemoryRequests(vms, (receiver, messageId, payload) -> {});
        Map<Integer, RequestHandler> handlers = new HashMap<>();
        requests.addTo(handlers);
        int moreRanges = 2 << 16;

        pass(handlers, host, MEM_LEND, 0, 5, guest, 0);
        pass(handlers, host, RmMessageId.MEM_SHARE, 0, 6, guest, 1);
        pass(handlers, host, RmMessageId.MEM_SHARE, moreRanges, 7, guest, 2);

        assertThat(requests.sharedWith(guest, 6)).map(MemoryParcel::handle).hasValue(1);
        assertThat(requests.sharedWith(guest, 5)).as("lent").isEmpty();
        assertThat(requests.sharedWith(guest, 7)).as("not complete").isEmpty();
        assertThat(requests.sharedWith(other, 6)).as("for somebody else").isEmpty();
        requests.forget(guest);
        assertThat(requests.sharedWith(guest, 6)).as("gone").isEmpty();
    }

    private static void pass(
            Map<Integer, RequestHandler> handlers,
            ManagedVm caller,
            int id,
            int header,
            int label,
            ManagedVm recipient,
            int piece) {
        byte[] payload = RmTestBed.words(
                header, label, 1, recipient.vmid() | 6 << 16, 1, (int) RmTestBed.address(piece), 0, PAGE, 0, 0);
        RmMessage request = RmMessage.request(id, 0, payload);
        List<Integer> errors = new ArrayList<>();
        Objects.requireNonNull(handlers.get(id))
                .handle(caller, request, new Reply(request, (reply, reason) -> errors.add(reply.error())));
        assertThat(errors).containsExactly(0);
    }

    /** Lends ranges of host memory, each an address and a size. */
    private int lend(int header, int... ranges) {
        int[] words = new int[7 + 2 * ranges.length - 1];
        words[0] = header;
        words[2] = 1;
        words[3] = vmid | 6 << 16;
        words[4] = ranges.length / 2;
        for (int i = 0; i < ranges.length; i++) {
            words[5 + 2 * i] = ranges[i];
            words[6 + 2 * i] = i % 2 == 1 && ranges[i] < 0 ? -1 : 0;
        }
        return bed.call(MEM_LEND, words).error();
    }

    private boolean canRead(long address) {
        return bed.host.memory().read(address, new byte[1], 0, 1) == GunyahError.OK;
    }
}
