// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm.server;

import static dev.hwmailbox.gunyah.rm.server.RmTestBed.VM_ALLOC;
import static dev.hwmailbox.gunyah.rm.server.RmTestBed.VM_CONFIG_IMAGE;
import static dev.hwmailbox.gunyah.rm.server.RmTestBed.VM_DEALLOC;
import static dev.hwmailbox.gunyah.rm.server.RmTestBed.VM_EXIT;
import static dev.hwmailbox.gunyah.rm.server.RmTestBed.VM_INIT;
import static dev.hwmailbox.gunyah.rm.server.RmTestBed.VM_RESET;
import static dev.hwmailbox.gunyah.rm.server.RmTestBed.VM_SET_STATUS;
import static dev.hwmailbox.gunyah.rm.server.RmTestBed.VM_START;
import static dev.hwmailbox.gunyah.rm.server.RmTestBed.VM_STOP;
import static org.assertj.core.api.Assertions.assertThat;

import dev.hwmailbox.gunyah.hypervisor.SoftwareHypervisor.Census;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The life of VMs, above all where it goes wrong. */
final class LifeCycleRequestsTest {
    private static final int NORESOURCE = 2;
    private static final int DENIED = 3;
    private static final int MSG_INVALID = 4;
    private static final int ARGUMENT_INVALID = 6;
    private static final int MEM_INVALID = 0xA;
    private static final int VMID_INVALID = 0xD;
    private static final int VM_STATE = 0x14;

    private static final int RUNNING = 3;
    private static final int LOAD = 5;
    private static final int INIT_FAILED = 8;
    private static final int RESET = 11;
    private static final int FORCE = 1;

    private final RmTestBed bed = new RmTestBed();
    private final TestTree tree = TestTree.minimal().queuePair(0x10).queuePair(0x11);

    // ---- allocation ----

    @Test
    void numbersAreGivenLowestFirstUntilTheyRunOut() {
        for (int vmid = 128; vmid <= 190; vmid++) {
            assertThat(bed.allocate()).isEqualTo(vmid);
        }
        assertThat(bed.call(VM_ALLOC, 0).error()).isEqualTo(NORESOURCE);

        bed.ok(VM_DEALLOC, 150);
        assertThat(bed.allocate()).isEqualTo(150);
    }

    @Test
    void numberAskedForMustBeAPlatformNumberAndFree() {
        assertThat(bed.ok(VM_ALLOC, 4).data()).isEmpty();
        assertThat(bed.call(VM_ALLOC, 4).error()).isEqualTo(NORESOURCE);
        for (int taken : new int[] {3, 32, 128, 255, 0xFFFF}) {
            assertThat(bed.call(VM_ALLOC, taken).error()).as("%d", taken).isEqualTo(NORESOURCE);
        }
    }

    @Test
    void onlyTheHostAllocates() {
        int guest = bed.boot(0, tree.blob());
        assertThat(bed.call(bed.guest(guest), VM_ALLOC, RmTestBed.words(0)).error())
                .isEqualTo(DENIED);
    }

    // ---- refusals by state and ownership ----

    @Test
    void everyStepRefusesEveryStateButItsOwn() {
        int vmid = bed.allocate();
        refusedInThisState(vmid, VM_INIT, VM_START, VM_STOP, VM_RESET);

        bed.prepare(vmid, 0, tree.blob());
        refusedInThisState(vmid, VM_CONFIG_IMAGE, VM_START, VM_STOP, VM_RESET, VM_DEALLOC);

        bed.ok(VM_INIT, vmid);
        refusedInThisState(vmid, VM_CONFIG_IMAGE, VM_INIT, VM_STOP, VM_DEALLOC);

        bed.ok(VM_START, vmid);
        refusedInThisState(vmid, VM_CONFIG_IMAGE, VM_INIT, VM_START, VM_RESET, VM_DEALLOC);

        bed.ok(VM_STOP, vmid | FORCE << 16, 3);
        refusedInThisState(vmid, VM_CONFIG_IMAGE, VM_INIT, VM_START, VM_STOP, VM_DEALLOC);

        bed.ok(VM_RESET, vmid);
        refusedInThisState(vmid, VM_INIT, VM_START, VM_STOP, VM_RESET);
        bed.ok(VM_DEALLOC, vmid);
    }

    private void refusedInThisState(int vmid, int... requests) {
        int before = bed.state(vmid);
        for (int request : requests) {
            assertThat(bed.call(request, payload(request, vmid)).error())
                    .as("%x in state %d", request, before)
                    .isEqualTo(VM_STATE);
        }
        assertThat(bed.state(vmid)).isEqualTo(before);
    }

    private static int[] payload(int request, int vmid) {
        return switch (request) {
            case VM_CONFIG_IMAGE -> new int[] {vmid, 0, 0, 0, 0, 0, 0, 0, 0, 0};
            case VM_STOP -> new int[] {vmid | FORCE << 16, 3};
            default -> new int[] {vmid};
        };
    }

    @ParameterizedTest
    @ValueSource(ints = {VM_DEALLOC, VM_CONFIG_IMAGE, VM_INIT, VM_START, VM_STOP, VM_RESET})
    void guestHasNoPowerOverAnotherVmOrItself(int request) {
        int first = bed.boot(0, tree.blob());
        int second = bed.boot(1, TestTree.minimal().blob());
        for (int victim : new int[] {first, second, RmTestBed.HOST, 255, 0}) {
            assertThat(bed.call(bed.guest(first), request, RmTestBed.words(payload(request, victim)))
                            .error())
                    .as("VM %d", victim)
                    .isIn(DENIED, VMID_INVALID);
        }
        assertThat(bed.state(first)).isEqualTo(RUNNING);
        assertThat(bed.state(second)).isEqualTo(RUNNING);
    }

    @ParameterizedTest
    @ValueSource(ints = {VM_DEALLOC, VM_CONFIG_IMAGE, VM_INIT, VM_START, VM_STOP, VM_RESET})
    void vmThatIsNotThereIsRefused(int request) {
        assertThat(bed.call(request, payload(request, 190)).error()).isEqualTo(VMID_INVALID);
    }

    // ---- VM_CONFIG_IMAGE ----

    @Test
    void imageMustLieInMemoryLentToTheVm() {
        int other = bed.allocate();
        int foreign = bed.lend(1, other);
        for (int handle : new int[] {foreign, 99}) {
            int vmid = bed.allocate();
            assertThat(bed.configure(vmid, handle).error()).isEqualTo(MEM_INVALID);
            assertThat(bed.state(vmid)).isEqualTo(INIT_FAILED);
        }
    }

    @Test
    void imageMustLieInMemoryOfTheOwnerWhichNobodyElseCanTakeAway() {
        int lender = bed.boot(0, tree.blob());
        int vmid = bed.allocate();
        int handle = bed.okAs(
                        lender,
                        RmTestBed.MEM_LEND,
                        0,
                        0,
                        1,
                        vmid | 6 << 16,
                        1,
                        0x80008000,
                        0,
                        RmTestBed.TREE_SIZE,
                        0,
                        0)
                .word();
        assertThat(bed.call(VM_CONFIG_IMAGE, vmid, handle, 0, 0, RmTestBed.TREE_SIZE, 0, 0, 0, RmTestBed.TREE_SIZE, 0)
                        .error())
                .isEqualTo(MEM_INVALID);
        assertThat(bed.state(vmid)).isEqualTo(INIT_FAILED);
    }

    @Test
    void placesOutsideTheMemoryAreRefused() {
        List<int[]> wrong = List.of(
                new int[] {1, 0, RmTestBed.PARCEL_SIZE, 0, 0, 0, 0, 0},
                new int[] {RmTestBed.PARCEL_SIZE + 1, 0, 0, 0, 0, 0, 0, 0},
                new int[] {0, 0, 0, 0, RmTestBed.PARCEL_SIZE, 0, 1, 0},
                new int[] {0, 0, 0, 0, 1, 0, -1, -1},
                new int[] {0, 0, 0, 0, 0, 1 << 31, 0, 0},
                new int[] {0, 0, -1, 0x7FFFFFFF, 0, 0, 0, 0});
        int piece = 0;
        for (int[] place : wrong) {
            int vmid = bed.allocate();
            int handle = bed.lend(piece++, vmid);
            int[] request = IntStream.concat(IntStream.of(vmid, handle), IntStream.of(place))
                    .toArray();
            assertThat(bed.call(VM_CONFIG_IMAGE, request).error()).isEqualTo(ARGUMENT_INVALID);
            assertThat(bed.state(vmid)).isEqualTo(INIT_FAILED);
        }
    }

    @Test
    void unknownAuthenticationIsRefused() {
        int vmid = bed.allocate();
        int handle = bed.lend(0, vmid);
        assertThat(bed.call(VM_CONFIG_IMAGE, vmid | 3 << 16, handle, 0, 0, 0, 0, 0, 0, 0, 0)
                        .error())
                .isEqualTo(ARGUMENT_INVALID);
        assertThat(bed.state(vmid)).isEqualTo(INIT_FAILED);
    }

    // ---- VM_INIT ----

    @Test
    void reservedBitsOfVmInitMustBeZero() {
        int vmid = bed.allocate();
        bed.prepare(vmid, 0, tree.blob());
        assertThat(bed.call(VM_INIT, vmid | 1 << 16).error()).isEqualTo(MSG_INVALID);
        bed.ok(VM_INIT, vmid);
    }

    @Test
    void garbageInPlaceOfADevicetreeIsRefused() {
        int vmid = bed.allocate();
        bed.prepare(vmid, 0, new byte[] {1, 2, 3, 4});
        initFails(vmid, MEM_INVALID);
    }

    @Test
    void devicetreeOfEveryBrokenBytePatternGetsOneReply() {
        byte[] sound = tree.blob();
        Census before = bed.census();
        for (int i = 0; i < sound.length; i += 3) {
            byte[] broken = sound.clone();
            broken[i] ^= (byte) 0xA5;
            int vmid = bed.allocate();
            int handle = bed.prepare(vmid, 0, broken);
            if (bed.call(VM_INIT, vmid).error() == 0 && bed.call(VM_START, vmid).error() == 0) {
                bed.ok(VM_STOP, vmid | FORCE << 16, 3);
            }
            bed.ok(VM_RESET, vmid);
            bed.ok(RmTestBed.MEM_RECLAIM, handle, 0);
            bed.ok(VM_DEALLOC, vmid);
        }
        bed.notifications();
        assertThat(bed.census()).isEqualTo(before);
    }

    @Test
    void initThatFailsWhileDevicesAreMadeKeepsThoseAndResetTakesThemBack() {
        Census before = bed.census();
        tree.device(
                "z",
                device -> device.property("vdevice-type", "message-queue-pair")
                        .flag("peer-default")
                        .property("message-size", 1024));
        int vmid = bed.allocate();
        int handle = bed.prepare(vmid, 0, tree.blob());

        initFails(vmid, NORESOURCE);
        assertThat(bed.resources(vmid)).as("one vCPU, two queue pairs").isEqualTo(5);

        bed.ok(VM_RESET, vmid);
        assertThat(bed.state(vmid)).isEqualTo(RESET);
        assertThat(bed.census()).isEqualTo(before);
        bed.write(1, TestTree.minimal().queuePair(1).blob());
        int second = bed.lend(1, vmid);
        assertThat(bed.configure(vmid, second).error()).isZero();
        bed.ok(VM_INIT, vmid);
        assertThat(virqs(vmid)).as("numbers are used again").containsExactly(962, 963, 964);
        bed.ok(RmTestBed.MEM_RECLAIM, handle, 0);
    }

    @Test
    void vmThatTheHypervisorHasAlreadyFailsInit() {
        int vmid = bed.allocate();
        bed.prepare(vmid, 0, tree.blob());
        bed.hypervisor.createVm(vmid);
        initFails(vmid, NORESOURCE);
        bed.ok(VM_RESET, vmid);
    }

    @Test
    void memoryBeyondTheEndOfTheAddressSpaceFailsInit() {
        Census before = bed.census();
        int vmid = bed.allocate();
        bed.prepare(
                vmid,
                0,
                tree.config(config -> config.child("memory", memory -> memory.u64s("base-address", -0x1000L)))
                        .blob());
        initFails(vmid, ARGUMENT_INVALID);
        bed.ok(VM_RESET, vmid);
        assertThat(bed.census()).isEqualTo(before);
    }

    @Test
    void hostWithoutInterruptNumbersLeftFailsInitAndOthersGoOn() {
        TestTree many = TestTree.minimal();
        IntStream.range(0, 28).forEach(many::queuePair);
        int first = bed.allocate();
        bed.prepare(first, 0, many.blob());
        bed.ok(VM_INIT, first);
        int second = bed.allocate();
        bed.prepare(second, 1, tree.blob());
        initFails(second, NORESOURCE);

        bed.ok(VM_RESET, second);
        bed.ok(VM_RESET, first);
        bed.write(2, tree.blob());
        assertThat(bed.configure(second, bed.lend(2, second)).error()).isZero();
        bed.ok(VM_INIT, second);
    }

    @Test
    void interruptThatTheGuestUsesTwiceFailsInit() {
        tree.device("queue-16", device -> device.property("interrupts", 0, 100, 1, 0, 100, 1));
        int vmid = bed.allocate();
        bed.prepare(vmid, 0, tree.blob());
        initFails(vmid, NORESOURCE);
    }

    private void initFails(int vmid, int errorWord) {
        bed.notifications();
        assertThat(bed.call(VM_INIT, vmid).error()).isEqualTo(errorWord);
        assertThat(bed.news()).containsExactly("STATUS " + vmid + " " + INIT_FAILED);
        assertThat(bed.state(vmid)).isEqualTo(INIT_FAILED);
    }

    // ---- VM_START ----

    @Test
    void startRefusesATreeItCannotComplete() {
        startFails(TestTree.minimal().root(root -> root.removeChild("chosen")));
        startFails(TestTree.minimal().root(root -> root.child("hypervisor", node -> {})));
        startFails(TestTree.minimal().device("to-rm", rm -> rm.property("generate", "/hypervisor/b\u0001d")));
    }

    @Test
    void startRefusesATreeThatGrowsBeyondItsRoom() {
        int vmid = bed.allocate();
        byte[] blob = tree.blob();
        bed.write(0, blob);
        int handle = bed.lend(0, vmid);
        bed.ok(VM_CONFIG_IMAGE, vmid, handle, 0, 0, RmTestBed.PARCEL_SIZE, 0, 0, 0, blob.length, 0);
        bed.ok(VM_INIT, vmid);
        startFails(vmid);
    }

    @Test
    void startOfAProgramThatCannotBeMadeFails() {
        RmTestBed fragile = new RmTestBed(
                new RmServerListener() {},
                options -> options.guestPrograms((vmid, image) -> {
                    throw new IllegalStateException("no program for " + image);
                }));
        int vmid = fragile.allocate();
        fragile.prepare(vmid, 0, tree.blob());
        fragile.ok(VM_INIT, vmid);
        assertThat(fragile.call(VM_START, vmid).error()).isEqualTo(NORESOURCE);
        assertThat(fragile.state(vmid)).isEqualTo(INIT_FAILED);
        fragile.ok(VM_RESET, vmid);
        assertThat(fragile.state(vmid)).isEqualTo(RESET);
    }

    @Test
    void programThatThrowsWhileStartingOrStoppingCanBeStoppedAndReset() {
        bed.atStart(vmid -> {
            throw new IllegalStateException("start");
        });
        bed.atStop(vmid -> {
            throw new IllegalStateException("stop");
        });
        Census before = bed.census();
        int vmid = bed.boot(0, tree.blob());
        bed.ok(VM_STOP, vmid | FORCE << 16, 3);
        bed.ok(VM_RESET, vmid);
        assertThat(bed.state(vmid)).isEqualTo(RESET);
        assertThat(bed.census()).isEqualTo(before);
    }

    private void startFails(TestTree broken) {
        int vmid = bed.allocate();
        bed.prepare(vmid, vmid - 128, broken.blob());
        bed.ok(VM_INIT, vmid);
        startFails(vmid);
    }

    private void startFails(int vmid) {
        assertThat(bed.call(VM_START, vmid).error()).isEqualTo(NORESOURCE);
        assertThat(bed.state(vmid)).isEqualTo(INIT_FAILED);
        bed.ok(VM_RESET, vmid);
    }

    // ---- stopping ----

    @Test
    void vmThatStopsRefusesToBeStoppedAgainAndEndsOnce() {
        int vmid = bed.boot(0, tree.blob());
        RawGuest guest = bed.guest(vmid);
        bed.notifications();
        bed.send(bed.hostEnd, VM_STOP, RmTestBed.words(vmid | FORCE << 16, 3));
        bed.send(bed.hostEnd, VM_STOP, RmTestBed.words(vmid | FORCE << 16, 3));
        bed.send(bed.hostEnd, VM_RESET, RmTestBed.words(vmid));
        bed.send(guest, VM_EXIT, RmTestBed.words(0));
        bed.atStop(bed.server::vcpuPoweredOff);
        bed.scheduler.runUntilIdle();

        List<String> replies = new ArrayList<>();
        List<Integer> notified = new ArrayList<>();
        for (RawGuest.Message message : List.copyOf(bed.hostEnd.receive())) {
            if (message.type() == 2) {
                replies.add("%x %d".formatted(message.id(), message.content()[0]));
            } else {
                notified.add(message.id());
            }
        }
        assertThat(replies).containsExactlyInAnyOrder("56000005 0", "56000005 20", "56000006 20");
        assertThat(notified).containsExactly(RmTestBed.VM_STATUS, RmTestBed.VM_EXITED);
        assertThat(guest.receive())
                .singleElement()
                .satisfies(reply -> assertThat(reply.content()[0]).isEqualTo((byte) VM_STATE));
    }

    @Test
    void exitIsAnsweredAndEndsTheVmOnce() {
        int vmid = bed.boot(0, tree.blob());
        bed.notifications();
        assertThat(bed.call(bed.guest(vmid), VM_EXIT, RmTestBed.words(1 << 16)).error())
                .isZero();
        assertThat(bed.news()).containsExactly("STATUS " + vmid + " 9", "EXITED " + vmid + " type 0");
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 0x8000, 2 << 16, 5 << 16, 0xFF << 16})
    void exitWithUnknownFlagsOrCodeIsRefused(int flagsAndCode) {
        int vmid = bed.boot(0, tree.blob());
        assertThat(bed.callAs(vmid, VM_EXIT, flagsAndCode).error()).isEqualTo(ARGUMENT_INVALID);
        assertThat(bed.state(vmid)).isEqualTo(RUNNING);
    }

    @Test
    void hostCannotExit() {
        assertThat(bed.call(VM_EXIT, 0).error()).isEqualTo(DENIED);
    }

    @Test
    void pleaseStopIsOnlyANotification() {
        int vmid = bed.boot(0, tree.blob());
        bed.ok(VM_STOP, vmid, 7);
        assertThat(bed.guest(vmid).receive()).singleElement().satisfies(message -> {
            assertThat(message.id()).isEqualTo(RmTestBed.VM_SHUTDOWN);
            assertThat(message.content()).isEqualTo(RmTestBed.words(7));
        });
        assertThat(bed.state(vmid)).isEqualTo(RUNNING);
    }

    @Test
    void poweredOffVcpuEndsTheVmWhateverItsNumber() {
        int vmid = bed.boot(0, tree.blob());
        bed.notifications();
        bed.server.vcpuPoweredOff(vmid);
        bed.server.vcpuPoweredOff(vmid);
        bed.server.vcpuPoweredOff(190);
        assertThat(bed.news()).containsExactly("STATUS " + vmid + " 9", "EXITED " + vmid + " type 1");
    }

    // ---- reset ----

    @Test
    void readyVmIsResetAndItsNumberGivenBack() {
        int vmid = bed.allocate();
        bed.prepare(vmid, 0, tree.blob());
        bed.ok(VM_INIT, vmid);
        bed.notifications();
        bed.ok(VM_RESET, vmid);
        assertThat(bed.news())
                .containsExactly("STATUS " + vmid + " 10", "RELEASED 0 by " + vmid, "STATUS " + vmid + " 11");
        bed.ok(VM_DEALLOC, vmid);
        assertThat(bed.allocate()).isEqualTo(vmid);
        assertThat(bed.state(vmid)).isEqualTo(LOAD);
    }

    @Test
    void requestOfALifeThatIsOverHasNoEffectOnTheNext() {
        bed.ok(VM_ALLOC, 4);
        bed.prepare(4, 0, tree.blob());
        bed.ok(VM_INIT, 4);
        bed.ok(VM_START, 4);
        RawGuest guest = bed.guest(4);
        bed.ok(VM_STOP, 4 | FORCE << 16, 3);
        bed.notifications();

        // Both arrive before the reset is carried out.
        bed.send(bed.hostEnd, VM_RESET, RmTestBed.words(4));
        bed.scheduler.execute(() -> bed.send(guest, VM_SET_STATUS, RmTestBed.words(0x5555_0400)));
        bed.scheduler.execute(() -> bed.send(guest, VM_SET_STATUS, RmTestBed.words(0x5555_0400)));
        bed.scheduler.runUntilIdle();
        bed.hostEnd.receive().removeIf(message -> message.type() == 2);
        bed.notifications();

        assertThat(bed.ok(RmTestBed.VM_GET_STATE, 4).data()).containsExactly(RESET, 0, 0, 0);
    }

    @Test
    void censusIsTheSameAfterAHundredLives() {
        tree.device("bell", bell -> bell.property("vdevice-type", "doorbell").flag("peer-default"))
                .device(
                        "source",
                        source -> source.property("vdevice-type", "doorbell-source")
                                .flag("peer-default"))
                .device(
                        "out",
                        out -> out.property("vdevice-type", "message-queue")
                                .flag("peer-default")
                                .flag("is-sender"));
        Census before = bed.census();
        int[] ends = {VM_STOP, VM_EXIT, VM_RESET};
        for (int life = 0; life < 100; life++) {
            int vmid = bed.allocate();
            assertThat(vmid).isEqualTo(128);
            int handle = bed.prepare(vmid, 0, tree.blob());
            bed.ok(VM_INIT, vmid);
            assertThat(virqs(vmid)).containsExactly(962, 0, 963, 964, 965, 966, 967, 968);
            int end = ends[life % 3];
            if (end != VM_RESET) {
                bed.ok(VM_START, vmid);
                bed.send(bed.guest(vmid), RmTestBed.VM_GET_VMID, new byte[0]);
                bed.scheduler.runUntilIdle();
                bed.guest(vmid).receive().clear();
            }
            if (end == VM_STOP) {
                bed.ok(VM_STOP, vmid | FORCE << 16, 3);
            } else if (end == VM_EXIT) {
                bed.call(bed.guest(vmid), VM_EXIT, RmTestBed.words(0));
            }
            bed.notifications();
            bed.ok(VM_RESET, vmid);
            bed.ok(RmTestBed.MEM_RECLAIM, handle, 0);
            bed.ok(VM_DEALLOC, vmid);
            bed.notifications();
            assertThat(bed.census()).as("life %d", life).isEqualTo(before);
        }
    }

    /** The host's interrupts in the resource list of a VM. */
    private int[] virqs(int vmid) {
        byte[] data = bed.ok(RmTestBed.VM_GET_RESOURCES, vmid).data();
        return IntStream.range(0, (data.length - 4) / 44)
                .map(i -> (data[4 + 44 * i + 24] & 0xff) | (data[4 + 44 * i + 25] & 0xff) << 8)
                .toArray();
    }
}
