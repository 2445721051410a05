// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.hypervisor;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hwmailbox.gunyah.GunyahError;
import dev.hwmailbox.gunyah.GunyahHypercalls;
import dev.hwmailbox.gunyah.GunyahRights;
import dev.hwmailbox.gunyah.NewCapability;
import dev.hwmailbox.gunyah.hypervisor.SoftwareHypervisor.Mode;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Two hypervisors alike: one is called by registers and guest memory, the other by method and byte array, and both must
 * say the same. The seed can be set with {@code hwmailbox.seed}.
 */
class RegisterCallsDifferentialTest {
    private static final int STEPS = 60_000;
    private static final List<RegisterForm> FORMS = List.of(RegisterForm.values());
    private static final int RAM = 0x1000;
    private static final int RAM_END = RAM + 2 * GuestAddressSpace.PAGE_SIZE;

    private final long seed = Long.getLong("hwmailbox.seed", 20260202);
    private final SplittableRandom random = new SplittableRandom(seed);
    private final NewCapability made = new NewCapability();
    private final List<Long> capabilities = new ArrayList<>();

    /** What the memory of the registers' VM must hold from address 0 on. */
    private final byte[] model = new byte[RAM_END];

    // Replaced for each mode.
    private HypervisorBed one = new HypervisorBed();
    private HypervisorBed two = new HypervisorBed();
    private RegisterCalls registers = one.rm.registerCalls();
    private VmHypercalls methods = (VmHypercalls) two.rmCalls;

    private void build(Mode mode) {
        one = new HypervisorBed(SoftwareHypervisor.builder().mode(mode).partitionBytes(4000));
        two = new HypervisorBed(SoftwareHypervisor.builder().mode(mode).partitionBytes(4000));
        one.rm.memory().map(RAM + GuestAddressSpace.PAGE_SIZE, MemoryExtent.allocate(GuestAddressSpace.PAGE_SIZE));
        one.rm.memory().map(RAM, MemoryExtent.allocate(GuestAddressSpace.PAGE_SIZE));
        registers = one.rm.registerCalls();
        methods = (VmHypercalls) two.rmCalls;
        capabilities.add(two.rm.partitionCapability().value());
        capabilities.add(two.rm.cspaceCapability().value());
        capabilities.add(two.vicOfA);
        capabilities.add(two.cspaceOfA);
        for (int i = 0; i < 3; i++) {
            long queue = two.activeQueue(1 + i, 300);
            assertThat(one.activeQueue(1 + i, 300)).isEqualTo(queue);
            capabilities.add(queue);
        }
    }

    @ParameterizedTest
    @EnumSource
    void registersAndMethodsSayTheSame(Mode mode) {
        build(mode);
        Map<Long, Integer> statuses = new HashMap<>();

        for (int step = 0; step < STEPS; step++) {
            RegisterForm form = FORMS.get(random.nextInt(FORMS.size()));
            int which = random.nextInt(20);
            long status = which < 7 ? send(form) : which < 14 ? receive(form) : other(form, which);
            statuses.merge(status, 1, Integer::sum);
            if (one.tasks.size() != two.tasks.size()) {
                throw different("interrupts after step " + step);
            }
        }

        assertThat(one.hypervisor.census()).as("seed %d", seed).isEqualTo(two.hypervisor.census());
        byte[] memory = new byte[RAM_END - RAM];
        assertThat(one.rm.memory().read(RAM, memory, 0, memory.length)).isZero();
        assertThat(memory).isEqualTo(Arrays.copyOfRange(model, RAM, RAM_END));
        assertThat(statuses.keySet()).contains(0L, 1L, 10L, 31L, 33L, 40L, 52L, 60L, 61L);
        if (mode == Mode.STRICT) {
            assertThat(statuses.keySet()).contains(2L, 20L, 22L);
        }
    }

    private long send(RegisterForm form) {
        long capability = capability();
        long size = size();
        long address = address();
        boolean push = random.nextBoolean();
        if (size > 0 && fault(address, size) == GunyahError.OK) {
            byte[] fresh = new byte[(int) size];
            random.nextBytes(fresh);
            System.arraycopy(fresh, 0, model, (int) address, fresh.length);
            assertThat(one.rm.memory().write(address, fresh, 0, fresh.length)).isZero();
        }
        int offset = (int) Math.max(0, Math.min(address, RAM_END - size));
        int length = (int) Math.min(size, Integer.MAX_VALUE);
        long expected = methods.msgqSend(capability, model, offset, length, push, fault(address, size));
        int status = GunyahHypercalls.status(expected);
        long[] x = form.call(registers, 0x1B, capability, size, address, push ? 1 : 0, 0);

        expect("send", x, 2, status, GunyahHypercalls.notFull(expected) ? 1 : 0);
        return status;
    }

    private long receive(RegisterForm form) {
        long capability = capability();
        long room = size();
        long address = address();
        byte[] oldest = oldest(capability);
        int fault = oldest.length == 0 ? GunyahError.OK : fault(address, oldest.length);
        byte[] buffer = new byte[1023];
        int length = (int) Math.min(room, buffer.length);
        long expected = methods.msgqReceive(capability, buffer, 0, length, fault);
        int size = GunyahHypercalls.size(expected);
        if (oldest.length <= room && fault != GunyahError.ADDR_OVERFLOW && address >= RAM && address < RAM_END) {
            // A write that faults half-way has written the first half.
            System.arraycopy(oldest, 0, model, (int) address, (int) Math.min(oldest.length, RAM_END - address));
        }

        long[] x = form.call(registers, 0x1C, capability, address, room, 0);

        int status = GunyahHypercalls.status(expected);
        expect("receive", x, 3, status, size, GunyahHypercalls.notEmpty(expected) ? 1 : 0);
        return status;
    }

    /** The message that a receive with a capability would find; nothing if it would find none. */
    private byte[] oldest(long capability) {
        Capability found = two.rm.space().find(capability);
        if (found.refusal(ObjectType.MSGQUEUE, GunyahRights.MSGQ_RECEIVE) != GunyahError.OK) {
            return new byte[0];
        }
        byte[] message = new byte[1023];
        return Arrays.copyOf(message, GunyahHypercalls.size(found.queue().peek(message, 1023, new long[1])));
    }

    private long other(RegisterForm form, int which) {
        long queue = capability();
        long second = capability();
        int number = random.nextInt(-3, 40);
        int delay = random.nextInt(5) == 0 ? number : -1;
        return switch (which) {
            case 14 -> same("flush", form.call(registers, 0x1D, queue, 0), methods.msgqFlush(queue));
            case 15 ->
                same(
                        "configure send",
                        form.call(registers, 0x1F, queue, number, delay, -1),
                        methods.msgqConfigureSend(queue, number, delay));
            case 16 ->
                same(
                        "configure receive",
                        form.call(registers, 0x20, queue, number, delay, -1),
                        methods.msgqConfigureReceive(queue, number, delay));
            case 17 -> bindOrUnbind(form, queue, capabilityOr(2), 30 + random.nextInt(6));
            case 18 -> configureOrActivate(form, queue, number);
            default -> name(form, second, number);
        };
    }

    private long bindOrUnbind(RegisterForm form, long queue, long vic, int virq) {
        return switch (random.nextInt(4)) {
            case 0 ->
                same(
                        "bind",
                        form.call(registers, 0x17, queue, vic, virq, 0),
                        methods.msgqBindSendVirq(queue, vic, virq));
            case 1 ->
                same(
                        "bind",
                        form.call(registers, 0x18, queue, vic, virq, 0),
                        methods.msgqBindReceiveVirq(queue, vic, virq));
            case 2 -> same("unbind", form.call(registers, 0x19, queue, 0), methods.msgqUnbindSendVirq(queue));
            default -> same("unbind", form.call(registers, 0x1A, queue, 0), methods.msgqUnbindReceiveVirq(queue));
        };
    }

    private long configureOrActivate(RegisterForm form, long queue, int number) {
        int depth = number & 0xff;
        return random.nextBoolean()
                ? same(
                        "configure",
                        form.call(registers, 0x21, queue, depth | 100 << 16, 0),
                        methods.msgqConfigure(queue, depth, 100))
                : same("activate", form.call(registers, 0x0C, queue, 0), methods.objectActivate(queue));
    }

    private long name(RegisterForm form, long other, int mask) {
        int kind = random.nextInt(10);
        boolean create = kind >= 2 && kind < 6;
        long one = capabilityOr(create ? 0 : 1);
        long two = create ? capabilityOr(1) : other;
        long three = capabilityOr(1);
        if (kind == 0 && capabilities.indexOf(two) > 6) {
            return same("delete", form.call(registers, 0x22, one, two, 0), methods.cspaceDeleteCapability(one, two));
        }
        if (kind == 1) {
            return same("revoke", form.call(registers, 0x59, one, two, 0), methods.cspaceRevokeCapabilities(one, two));
        }
        if (capabilities.size() > 60) {
            return 0;
        }
        int error = create
                ? methods.partitionCreateMsgq(one, two, made)
                : methods.cspaceCopyCapability(one, two, three, mask, made);
        long[] x =
                create ? form.call(registers, 0x07, one, two, 0) : form.call(registers, 0x23, one, two, three, mask, 0);
        boolean own = error == GunyahError.OK && (create ? two : three) == capabilities.get(1);
        if (own) {
            capabilities.add(made.value());
        }
        expect("new capability", x, 2, error, error == GunyahError.OK ? made.value() : -1);
        return error;
    }

    private long same(String what, long[] x, int error) {
        expect(what, x, 1, error);
        return error;
    }

    private void expect(String what, long[] x, int count, long... expected) {
        if (!Arrays.equals(x, 0, count, expected, 0, expected.length)) {
            throw different("%s: %s, not %s".formatted(what, Arrays.toString(x), Arrays.toString(expected)));
        }
    }

    private AssertionError different(String what) {
        return new AssertionError(what + ", seed " + seed);
    }

    private static int fault(long address, long size) {
        if (address < 0) {
            return address + size > 0 ? GunyahError.ADDR_OVERFLOW : GunyahError.ADDR_INVALID;
        }
        return address >= RAM && address + size <= RAM_END ? GunyahError.OK : GunyahError.ADDR_INVALID;
    }

    private long capabilityOr(int right) {
        return random.nextInt(4) > 0 ? capabilities.get(right) : capability();
    }

    private long capability() {
        int kind = random.nextInt(10);
        if (kind == 0) {
            return random.nextLong();
        }
        int index = kind < 6 ? 4 + random.nextInt(3) : random.nextInt(capabilities.size());
        return capabilities.get(index);
    }

    private long size() {
        return switch (random.nextInt(8)) {
            case 0 -> random.nextInt(3);
            case 1 -> 299 + random.nextInt(4);
            case 2 -> 1022 + random.nextInt(4);
            case 3 -> (1L << (32 + random.nextInt(30))) + 4;
            default -> random.nextInt(301);
        };
    }

    private long address() {
        int near = random.nextInt(-310, 310);
        return switch (random.nextInt(8)) {
            case 0 -> RAM + near;
            case 1 -> RAM_END + near;
            case 2 -> -1 - random.nextInt(310);
            case 3 -> RAM + GuestAddressSpace.PAGE_SIZE - Math.abs(near);
            default -> RAM + random.nextInt(RAM_END - RAM - 310);
        };
    }
}
