// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.hypervisor;

import static dev.hwmailbox.gunyah.hypervisor.HypervisorBed.ok;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hwmailbox.gunyah.GuestMemory;
import dev.hwmailbox.gunyah.GunyahError;
import dev.hwmailbox.gunyah.hypervisor.HypervisorBed.Pipe;
import dev.hwmailbox.gunyah.hypervisor.RegisterCalls.Conduit;
import dev.hwmailbox.gunyah.hypervisor.SoftwareHypervisor.Mode;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.IntSupplier;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class RegisterCallsTest {
    private static final long RAM = 0x8000_0000L;
    private static final long HOLE = RAM + 2 * GuestAddressSpace.PAGE_SIZE;
    private static final long GARBAGE = -2;

    @AutoClose
    private final HypervisorBed bed = new HypervisorBed();

    private final RegisterCalls rm = bed.rm.registerCalls();
    private final RegisterCalls a = bed.a.registerCalls();
    private final RegisterCalls b = bed.b.registerCalls();
    private final long partition = bed.rm.partitionCapability().value();
    private final long cspace = bed.rm.cspaceCapability().value();

    RegisterCallsTest() {
        giveMemory(bed);
    }

    /** Two pages that are no neighbours in the host. */
    private static void giveMemory(HypervisorBed bed) {
        for (VirtualMachine vm : new VirtualMachine[] {bed.a, bed.b}) {
            vm.memory().map(RAM + GuestAddressSpace.PAGE_SIZE, MemoryExtent.allocate(GuestAddressSpace.PAGE_SIZE));
            vm.memory().map(RAM, MemoryExtent.allocate(GuestAddressSpace.PAGE_SIZE));
        }
    }

    private static void poke(VirtualMachine vm, long address, String text) {
        ok(vm.memory().write(address, text.getBytes(US_ASCII), 0, text.length()));
    }

    private static String peek(VirtualMachine vm, long address, int length) {
        byte[] bytes = new byte[length];
        ok(vm.memory().read(address, bytes, 0, length));
        return new String(bytes, US_ASCII);
    }

    // ---- the table ----

    @ParameterizedTest
    @EnumSource
    void everyCallOfTheTableDoesWhatItSays(RegisterForm form) {
        long[] x = form.call(rm, 0x07, partition, cspace, 0);
        long queue = x[1];

        assertThat(x[0]).isZero();
        assertThat(form.error(rm, 0x21, queue, 2 | 64 << 16, 0)).isZero();
        assertThat(form.error(rm, 0x0C, queue, 0)).isZero();
        assertThat(form.error(rm, 0x17, queue, bed.vicOfA, 33, 0)).isZero();
        assertThat(form.error(rm, 0x18, queue, bed.vicOfB, 34, 0)).isZero();
        x = form.call(rm, 0x23, cspace, queue, bed.cspaceOfA, 1, 0);
        long send = x[1];
        assertThat(x[0]).isZero();
        long receive = form.call(rm, 0x23, cspace, queue, bed.cspaceOfB, 2, 0)[1];

        poke(bed.a, RAM, "hello");
        assertThat(form.call(a, 0x1B, send, 5, RAM, 0, 0)).startsWith(0, 1);
        assertThat(form.call(a, 0x1B, send, 4, RAM, 1, 0)).startsWith(0, 0);
        assertThat(form.call(a, 0x1B, send, 4, RAM, 1, 0)).startsWith(61, 0);
        assertThat(form.call(b, 0x1C, receive, RAM + 8, 240, 0)).startsWith(0, 5, 1);
        assertThat(peek(bed.b, RAM + 8, 6)).isEqualTo("hello\0");
        assertThat(form.error(a, 0x1F, send, 0, -1, -1)).isZero();
        assertThat(form.error(b, 0x20, receive, 2, -1, -1)).isZero();
        assertThat(bed.queue(queue).threshold(true)).isZero();
        assertThat(bed.queue(queue).threshold(false)).isEqualTo(2);
        assertThat(form.call(b, 0x1C, receive, RAM + 8, 240, 0)).startsWith(0, 4, 0);
        assertThat(form.call(b, 0x1C, receive, RAM + 8, 240, 0)).startsWith(60, 0, 0);
        assertThat(form.call(a, 0x1B, send, 5, RAM, 0, 0)).startsWith(0, 1);
        assertThat(form.error(b, 0x1D, receive, 0)).isZero();
        assertThat(bed.queue(queue).count()).isZero();

        assertThat(form.error(rm, 0x19, queue, 0)).isZero();
        assertThat(form.error(rm, 0x1A, queue, 0)).isZero();
        assertThat(bed.hypervisor.census().boundVirqs()).isZero();
        assertThat(form.error(rm, 0x22, bed.cspaceOfB, receive, 0)).isZero();
        assertThat(form.error(b, 0x1D, receive, 0)).isEqualTo(50);
        assertThat(form.error(rm, 0x59, cspace, queue, 0)).isZero();
        assertThat(form.call(a, 0x1B, send, 5, RAM, 0, 0)).startsWith(51, 0);
    }

    @ParameterizedTest
    @EnumSource
    void everyCallGivesItsErrors(RegisterForm form) {
        long fresh = bed.newQueue();
        long master = bed.activeQueue(2, 16);
        ok(bed.rmCalls.msgqBindSendVirq(master, bed.vicOfA, 40));

        assertThat(form.call(rm, 0x07, cspace, cspace, 0)).startsWith(52, -1);
        assertThat(form.call(rm, 0x07, partition, GARBAGE, 0)).startsWith(1, -1);
        assertThat(form.call(rm, 0x23, cspace, master, bed.cspaceOfA, 0, 0)).startsWith(53, -1);
        assertThat(form.error(rm, 0x0C, fresh, 0)).isEqualTo(34);
        assertThat(form.error(rm, 0x0C, master, 0)).isEqualTo(33);
        assertThat(form.error(rm, 0x21, master, 1 | 1 << 16, 0)).isEqualTo(33);
        long other = bed.newQueue();
        assertThat(form.error(rm, 0x21, other, 256 | 1 << 16, 0)).isEqualTo(1);
        assertThat(form.error(rm, 0x21, other, 255 | 1024 << 16, 0)).isEqualTo(1);
        assertThat(form.error(rm, 0x21, other, 255 | 1023 << 16, 0)).isZero();
        assertThat(form.error(rm, 0x17, master, bed.vicOfA, 5, 0)).isEqualTo(40);
        assertThat(form.error(rm, 0x18, master, bed.vicOfA, 31, 0)).isEqualTo(1);
        assertThat(form.error(rm, 0x18, master, bed.vicOfA, 40, 0)).isEqualTo(31);
        assertThat(form.error(rm, 0x18, master, cspace, 41, 0)).isEqualTo(52);
        assertThat(form.error(rm, 0x19, other, 0)).isEqualTo(33);
        assertThat(form.error(rm, 0x1A, cspace, 0)).isEqualTo(52);
        assertThat(form.call(rm, 0x1B, other, 1, 0, 0, 0)).startsWith(33, 0);
        assertThat(form.call(rm, 0x1C, other, 0, 1, 0)).startsWith(33, 0, 0);
        assertThat(form.call(rm, 0x1C, cspace, 0, 1, 0)).startsWith(52, 0, 0);
        assertThat(form.error(rm, 0x1D, GARBAGE, 0)).isEqualTo(1);
        assertThat(form.error(rm, 0x1F, master, 2, -1, -1)).isEqualTo(1);
        assertThat(form.error(rm, 0x1F, master, 2, 0, -1)).isEqualTo(-1);
        assertThat(form.error(rm, 0x20, master, 0, -1, -1)).isEqualTo(1);
        assertThat(form.error(rm, 0x20, master, 1, 7, -1)).isEqualTo(-1);
        assertThat(form.error(rm, 0x22, master, master, 0)).isEqualTo(52);
        assertThat(form.error(rm, 0x22, cspace, GARBAGE, 0)).isEqualTo(1);
        assertThat(form.error(rm, 0x59, cspace, GARBAGE, 0)).isEqualTo(1);
    }

    @ParameterizedTest
    @EnumSource
    void reservedArgumentsAreCheckedInTheHvcFormOnly(RegisterForm form) {
        int[][] reserved = { // function, position, required value
            {0x07, 2, 0}, {0x0C, 1, 0}, {0x17, 3, 0}, {0x18, 3, 0}, {0x19, 1, 0}, {0x1A, 1, 0},
            {0x1B, 4, 0}, {0x1C, 3, 0}, {0x1D, 1, 0}, {0x1F, 3, -1}, {0x20, 3, -1}, {0x21, 2, 0},
            {0x22, 2, 0}, {0x23, 4, 0}, {0x59, 2, 0}
        };

        for (int[] row : reserved) {
            long[] arguments = {0, 0, 0, 0, 0};
            arguments[0] = bed.vicOfA; // of the wrong type for all of them
            for (long wrong : new long[] {row[2] + 1L, row[2] ^ (1L << 63), row[2] ^ (1L << 32)}) {
                arguments[row[1]] = wrong;
                assertThat(form.error(rm, row[0], arguments))
                        .as("call 0x%x with reserved 0x%x", row[0], wrong)
                        .isEqualTo(form.isSmccc() ? unreserved(row[0]) : 1);
            }
            arguments[row[1]] = row[2];
            assertThat(form.error(rm, row[0], arguments))
                    .as("call 0x%x", row[0])
                    .isEqualTo(unreserved(row[0]));
        }
    }

    private static int unreserved(int function) {
        // Activation does not ask for a type: the controller's capability lacks the right.
        return function == 0x0C || function == 0x21 ? 53 : 52;
    }

    @Test
    void aRefusedReservedArgumentChangesX0Only() {
        long[] x = {1, 2, 3, 4, 5, 6, 7, 8};

        rm.call(Conduit.HVC, 0x601B, x);

        assertThat(x).containsExactly(1, 2, 3, 4, 5, 6, 7, 8);
        rm.call(Conduit.HVC, 0x6007, x);
        assertThat(x).containsExactly(1, 2, 3, 4, 5, 6, 7, 8);
    }

    @ParameterizedTest
    @EnumSource
    void unknownFunctionsAnswerMinusOneAndNothingElse(RegisterForm form) {
        for (int function : new int[] {0x01, 0x08, 0x16, 0x1E, 0x24, 0x25, 0x58, 0x5A, 0x3fff}) {
            assertThat(form.error(rm, function, cspace, cspace, 0)).isEqualTo(-1);
        }
    }

    @Test
    void otherSmcccFunctionsAndOtherImmediatesAreUnknown() {
        for (long function : new long[] {
            0,
            -1,
            0x8000_0000L,
            0x8400_0000L,
            0x8600_FF00L,
            0x8600_FF02L,
            0xC600_FF01L,
            0x8600_8000L,
            0x4600_8000L,
            0xC500_801BL,
            0xC600_401BL,
            0xC600_C01BL
        }) {
            expectUnknown(Conduit.HVC, 0, function);
            expectUnknown(Conduit.SMC, 0, function);
        }
        for (int immediate : new int[] {1, -1, 0x5fff, 0x6001, 0xA000, 0xffff, 0x1_6000, Integer.MIN_VALUE}) {
            expectUnknown(Conduit.HVC, immediate, 0xC600_8000L);
        }
        expectUnknown(Conduit.SMC, 0x6000, 0xC600_8000L);
    }

    private void expectUnknown(Conduit conduit, int immediate, long function) {
        long[] x = {function, 11, 12, 13, 14, 15, 16, 17};
        rm.call(conduit, immediate, x);
        assertThat(x).containsExactly(-1, 11, 12, 13, 14, 15, 16, 17);
    }

    @ParameterizedTest
    @EnumSource
    void identifiesItselfWithMessageQueues(RegisterForm form) {
        assertThat(form.call(a, 0x00)).startsWith(0, 4);
    }

    @Test
    void answersTheHypervisorsUidInFourWords() {
        for (Conduit conduit : Conduit.values()) {
            long[] x = {0xdead_beef_8600_FF01L, 1, 2, 3, 4, 5, 6, 7};

            a.call(conduit, 0, x);

            assertThat(x).containsExactly(0xcd8fd5c1L, 0xdb5f53a4L, 0x36ce6592L, 0x145f3d67L, 4, 5, 6, 7);
        }
    }

    @Test
    void theUpperHalfOfTheFunctionIsIgnored() {
        long[] x = {0x1234_5678_C600_8000L, 0, 0, 0, 0, 0, 0, 0};

        a.call(Conduit.HVC, 0, x);

        assertThat(x).startsWith(0, 4);
    }

    @Test
    void theExampleOfTheReadmeSends() {
        Pipe pipe = bed.pipe(2, 16);
        VirtualMachine vm = bed.a;
        GuestMemory vcpuMemory = vm.memory();
        long capability = pipe.send();
        long address = RAM;
        poke(vm, address, "hello");

        RegisterCalls calls = vm.registerCalls(vcpuMemory);
        long[] x = {0xC600801BL, capability, 5, address, 0, 0, 0, 0};
        calls.call(RegisterCalls.Conduit.HVC, 0, x);

        assertThat(x).startsWith(0, 1);
        assertThat(bed.receive(pipe.receive())).isEqualTo("hello");
    }

    // ---- widths ----

    @ParameterizedTest
    @EnumSource
    void narrowArgumentsAreTruncatedAndSizesAreNot(RegisterForm form) {
        long wide = 0x7_0000_0000L;
        long master = bed.newQueue();
        ok(bed.rmCalls.msgqConfigure(master, 9, 9));

        assertThat(form.error(rm, 0x21, master, wide | 4 | 16 << 16, 0)).isZero();
        ok(bed.rmCalls.objectActivate(master));
        assertThat(form.error(rm, 0x17, master, bed.vicOfA, wide | 50, 0)).isZero();
        assertThat(form.error(rm, 0x1F, master, wide | 2, 0xffff_ffffL, -1)).isZero();
        assertThat(form.error(rm, 0x20, master, wide | 0xffff_fffeL, wide | 0xffff_ffffL, -1))
                .isZero();
        assertThat(bed.queue(master).threshold(true)).isEqualTo(2);
        assertThat(bed.queue(master).threshold(false)).isEqualTo(4);
        long send = form.call(rm, 0x23, cspace, master, bed.cspaceOfA, wide | 3, 0)[1];

        assertThat(form.call(a, 0x1B, send, (1L << 32) + 4, RAM, 0, 0)).startsWith(2, 1);
        assertThat(form.call(a, 0x1B, send, -4, RAM, 0, 0)).startsWith(2, 1);
        assertThat(form.call(a, 0x1B, send, Long.MIN_VALUE + 4, RAM, 0, 0)).startsWith(2, 1);
        assertThat(form.call(a, 0x1B, send, 4, RAM, 0, 0)).startsWith(0, 1);
        assertThat(form.call(a, 0x1C, send, RAM, 1L << 32, 0)).startsWith(0, 4, 0);
        assertThat(form.call(a, 0x1B, send, 4, RAM, 0, 0)).startsWith(0, 1);
        assertThat(form.call(a, 0x1C, send, RAM, -1, 0)).startsWith(0, 4, 0);
        assertThat(form.call(a, 0x1B, send, 4, RAM, 0, 0)).startsWith(0, 1);
        assertThat(form.call(a, 0x1C, send, RAM, Long.MIN_VALUE, 0)).startsWith(0, 4, 0);
    }

    @ParameterizedTest
    @EnumSource
    void onlyBitZeroOfTheFlagsPushes(RegisterForm form) {
        Pipe pipe = bed.pipe(8, 16);
        bed.b.interrupts().attach(HypervisorBed.RX_VIRQ, () -> {});
        ok(bed.send(pipe.send(), "first"));
        bed.tasks.runAll();

        form.call(a, 0x1B, pipe.send(), 1, RAM, 0xffff_ffff_ffff_fffeL, 0);
        assertThat(bed.tasks.size()).isZero();
        form.call(a, 0x1B, pipe.send(), 1, RAM, 0xf_0000_0001L, 0);
        assertThat(bed.tasks.size()).isOne();
    }

    // ---- memory ----

    @ParameterizedTest
    @EnumSource
    void messagesMayCrossPages(RegisterForm form) {
        Pipe pipe = bed.pipe(2, 1023);
        long address = RAM + GuestAddressSpace.PAGE_SIZE - 3;
        poke(bed.a, address, "across");

        assertThat(form.call(a, 0x1B, pipe.send(), 1023, address, 0, 0)).startsWith(0, 1);
        assertThat(form.call(b, 0x1C, pipe.receive(), address - 1, 1023, 0)).startsWith(0, 1023, 0);
        assertThat(peek(bed.b, address - 1, 6)).isEqualTo("across");
    }

    @ParameterizedTest
    @EnumSource
    void aFullQueueHidesABadSizeAndABadSizeHidesABadAddress(RegisterForm form) {
        Pipe pipe = bed.pipe(1, 16);

        assertThat(form.call(a, 0x1B, pipe.send(), 17, HOLE, 0, 0)).startsWith(2, 1);
        assertThat(form.call(a, 0x1B, pipe.send(), 0, HOLE, 0, 0)).startsWith(2, 1);
        assertThat(form.call(a, 0x1B, pipe.send(), 16, HOLE, 0, 0)).startsWith(22, 1);
        assertThat(form.call(a, 0x1B, pipe.send(), 16, HOLE - 15, 0, 0)).startsWith(22, 1);
        assertThat(form.call(a, 0x1B, pipe.send(), 16, -15, 0, 0)).startsWith(20, 1);
        assertThat(form.call(a, 0x1B, pipe.send(), 16, HOLE - 16, 0, 0)).startsWith(0, 0);
        assertThat(form.call(a, 0x1B, pipe.send(), 17, HOLE, 0, 0)).startsWith(61, 0);
        assertThat(form.call(a, 0x1B, pipe.send(), 16, HOLE, 0, 0)).startsWith(61, 0);
    }

    @ParameterizedTest
    @EnumSource
    void aFaultOfTheReceiverLeavesTheMessage(RegisterForm form) {
        Pipe pipe = bed.pipe(2, 16);
        assertThat(form.call(b, 0x1C, pipe.receive(), HOLE, 16, 0)).startsWith(60, 0, 0);
        ok(bed.send(pipe.send(), "stays"));

        assertThat(form.call(b, 0x1C, pipe.receive(), HOLE, 4, 0)).startsWith(20, 0, 1);
        assertThat(form.call(b, 0x1C, pipe.receive(), HOLE, 5, 0)).startsWith(22, 0, 1);
        assertThat(form.call(b, 0x1C, pipe.receive(), HOLE - 4, 5, 0)).startsWith(22, 0, 1);
        assertThat(form.call(b, 0x1C, pipe.receive(), -4, 5, 0)).startsWith(20, 0, 1);
        assertThat(form.call(b, 0x1C, pipe.receive(), HOLE - 5, 16, 0)).startsWith(0, 5, 0);
        assertThat(peek(bed.b, HOLE - 5, 5)).isEqualTo("stays");
    }

    @ParameterizedTest
    @EnumSource
    void compatModeSwallowsFaultsAndSizes(RegisterForm form) {
        try (var compat = new HypervisorBed(SoftwareHypervisor.builder().mode(Mode.COMPAT))) {
            giveMemory(compat);
            Pipe pipe = compat.pipe(1, 16);
            RegisterCalls sender = compat.a.registerCalls();
            RegisterCalls receiver = compat.b.registerCalls();

            assertThat(form.call(sender, 0x1B, pipe.send(), 0, RAM, 0, 0)).startsWith(0, 1);
            assertThat(form.call(sender, 0x1B, pipe.send(), -1, RAM, 0, 0)).startsWith(0, 1);
            assertThat(form.call(sender, 0x1B, pipe.send(), 5, HOLE, 0, 0)).startsWith(0, 1);
            assertThat(pipe.queue().count()).isZero();
            ok(compat.send(pipe.send(), "stays"));
            assertThat(form.call(receiver, 0x1C, pipe.receive(), RAM, 4, 0)).startsWith(0, 0, 1);
            assertThat(form.call(receiver, 0x1C, pipe.receive(), HOLE, 5, 0)).startsWith(0, 0, 1);
            assertThat(form.call(receiver, 0x1C, pipe.receive(), RAM, 5, 0)).startsWith(0, 5, 0);
        }
    }

    @Test
    void theFaultOfAnEmbeddersMemoryIsPassedOn() {
        Pipe pipe = bed.pipe(2, 16);
        ok(bed.send(pipe.send(), "stays"));

        for (int fault : new int[] {1, 22, 30, 77, -1, -2}) {
            GuestMemory memory = new HookedMemory(() -> fault);
            assertThat(RegisterForm.HVC.call(bed.a.registerCalls(memory), 0x1B, pipe.send(), 1, RAM, 0, 0))
                    .startsWith(fault, 1);
            assertThat(RegisterForm.HVC.call(bed.b.registerCalls(memory), 0x1C, pipe.receive(), RAM, 16, 0))
                    .startsWith(fault, 0, 1);
        }
        assertThat(bed.receive(pipe.receive())).isEqualTo("stays");
    }

    @Test
    void memoryThatThrowsIsNotMappedAndLoggedOnce() {
        Pipe pipe = bed.pipe(2, 16);
        ok(bed.send(pipe.send(), "stays"));
        GuestMemory memory = new HookedMemory(() -> {
            throw new IllegalStateException("no memory today");
        });
        RegisterCalls receiver = bed.b.registerCalls(memory);

        try (var log = new LogCapture(RegisterCalls.class)) {
            for (int i = 0; i < 3; i++) {
                assertThat(RegisterForm.HVC.call(receiver, 0x1C, pipe.receive(), RAM, 16, 0))
                        .startsWith(GunyahError.ADDR_INVALID, 0, 1);
            }
            assertThat(log.lines())
                    .containsExactly("ERROR guest memory failed (vm 4), further failures are not logged");
            assertThat(RegisterForm.HVC.call(bed.a.registerCalls(memory), 0x1B, pipe.send(), 1, RAM, 0, 0))
                    .startsWith(GunyahError.ADDR_INVALID, 1);
            assertThat(log.lines()).hasSize(2);
        }
        assertThat(bed.receive(pipe.receive())).isEqualTo("stays");
    }

    @Test
    void aReceiverThatIsOvertakenGetsTheNextMessage() {
        Pipe pipe = bed.pipe(3, 16);
        ok(bed.send(pipe.send(), "one"));
        ok(bed.send(pipe.send(), "second"));
        var rivals = new HookedMemory(() -> {
            if (pipe.queue().count() == 2) {
                assertThat(bed.receive(pipe.receive())).isEqualTo("one");
            }
            return GunyahError.OK;
        });

        assertThat(RegisterForm.HVC.call(bed.b.registerCalls(rivals), 0x1C, pipe.receive(), RAM, 16, 0))
                .startsWith(0, 6, 0);
        assertThat(rivals.text()).isEqualTo("second");
    }

    @Test
    void aReceiverIsNotFooledByAFlushAndAMessageLikeTheOldOne() {
        Pipe pipe = bed.pipe(3, 16);
        ok(bed.send(pipe.send(), "one"));
        int[] writes = new int[1];
        var rivals = new HookedMemory(() -> {
            if (writes[0]++ == 0) {
                ok(bed.b.hypercalls().msgqFlush(pipe.receive()));
                ok(bed.send(pipe.send(), "two"));
            }
            return GunyahError.OK;
        });

        assertThat(RegisterForm.HVC.call(bed.b.registerCalls(rivals), 0x1C, pipe.receive(), RAM, 16, 0))
                .startsWith(0, 3, 0);
        assertThat(rivals.text()).isEqualTo("two");
        assertThat(writes[0]).isEqualTo(2);
    }

    @Test
    void aReceiverWhoseQueueEndsMeanwhileIsTold() {
        Pipe pipe = bed.pipe(3, 16);
        ok(bed.send(pipe.send(), "one"));
        var memory = new HookedMemory(() -> {
            bed.rmCalls.cspaceRevokeCapabilities(cspace, pipe.master());
            bed.rmCalls.cspaceDeleteCapability(cspace, pipe.master());
            return GunyahError.OK;
        });

        assertThat(RegisterForm.HVC.call(bed.b.registerCalls(memory), 0x1C, pipe.receive(), RAM, 16, 0))
                .startsWith(GunyahError.OBJECT_STATE, 0, 0);
    }

    @Test
    void memoryMayMakeCallsOnTheSameEntry() {
        Pipe pipe = bed.pipe(3, 16);
        ok(bed.send(pipe.send(), "one"));
        ok(bed.send(pipe.send(), "second"));
        RegisterCalls[] entry = new RegisterCalls[1];
        int[] writes = new int[1];
        var memory = new HookedMemory(() -> {
            int write = writes[0]++;
            if (write == 0) {
                RegisterForm.HVC.call(entry[0], 0x1C, pipe.receive(), RAM, 16, 0);
                RegisterForm.HVC.call(entry[0], 0x1C, pipe.receive(), RAM, 16, 0);
            }
            return write == 2 ? GunyahError.DENIED : GunyahError.OK;
        });
        entry[0] = bed.b.registerCalls(memory);

        assertThat(RegisterForm.HVC.call(entry[0], 0x1C, pipe.receive(), RAM, 16, 0))
                .startsWith(0, 6, 0);
        assertThat(memory.text()).isEqualTo("second");
        assertThat(writes[0]).isEqualTo(4);
    }

    @Test
    void aCallFromInsideMemoryDoesNotSpoilTheMessageBeingRead() {
        Pipe pipe = bed.pipe(3, 16);
        RegisterCalls[] entry = new RegisterCalls[1];
        entry[0] = bed.a.registerCalls(new GuestMemory() {
            @Override
            public int read(long address, byte[] target, int offset, int length) {
                target[offset] = (byte) address;
                if (address == 'o') {
                    RegisterForm.HVC.call(entry[0], 0x1B, pipe.send(), 1, 'i', 0, 0);
                }
                return GunyahError.OK;
            }

            @Override
            public int write(long address, byte[] source, int offset, int length) {
                return GunyahError.DENIED;
            }
        });

        RegisterForm.HVC.call(entry[0], 0x1B, pipe.send(), 1, 'o', 0, 0);

        assertThat(bed.receive(pipe.receive())).isEqualTo("i");
        assertThat(bed.receive(pipe.receive())).isEqualTo("o");
    }

    @Test
    void aReceiveFromAFullQueueTellsTheSender() {
        Pipe pipe = bed.pipe(1, 16);
        bed.a.interrupts().attach(HypervisorBed.TX_VIRQ, () -> {});
        ok(bed.send(pipe.send(), "one"));

        assertThat(RegisterForm.HVC.call(b, 0x1C, pipe.receive(), RAM, 16, 0)).startsWith(0, 3, 0);
        assertThat(bed.tasks.size()).isOne();
    }

    @Test
    void noLockIsHeldWhileMemoryIsReached() {
        Pipe pipe = bed.pipe(3, 16);
        ok(bed.send(pipe.send(), "one"));
        var memory = new HookedMemory(() -> {
            CompletableFuture<Integer> other = CompletableFuture.supplyAsync(() -> bed.send(pipe.send(), "more"));
            try {
                return other.get(10, TimeUnit.SECONDS);
            } catch (Exception e) {
                throw new IllegalStateException(e);
            }
        });

        assertThat(RegisterForm.HVC.call(bed.b.registerCalls(memory), 0x1C, pipe.receive(), RAM, 16, 0))
                .startsWith(0, 3, 1);
        assertThat(RegisterForm.HVC.call(bed.a.registerCalls(memory), 0x1B, pipe.send(), 1, RAM, 0, 0))
                .startsWith(0, 0);
    }

    // ---- misuse ----

    @Test
    void refusesTooFewRegistersAndNulls() {
        assertThatThrownBy(() -> a.call(Conduit.HVC, 0, new long[7])).isInstanceOf(IllegalArgumentException.class);
        assertThat(a).hasToString("RegisterCalls[vm 3 CREATED]");
        assertThatNullPointerException().isThrownBy(() -> bed.a.registerCalls(nothing()));
    }

    @SuppressWarnings({"NullAway", "TypeParameterUnusedInFormals"})
    private static <T> T nothing() {
        return null;
    }

    /** Memory at all addresses, which remembers what was written last and does something before each access. */
    private static final class HookedMemory implements GuestMemory {
        private final IntSupplier hook;
        private byte[] written = new byte[0];

        HookedMemory(IntSupplier hook) {
            this.hook = hook;
        }

        @Override
        public int read(long address, byte[] target, int offset, int length) {
            return hook.getAsInt();
        }

        @Override
        public int write(long address, byte[] source, int offset, int length) {
            int fault = hook.getAsInt();
            written = Arrays.copyOfRange(source, offset, offset + length);
            return fault;
        }

        String text() {
            return new String(written, US_ASCII);
        }
    }
}
