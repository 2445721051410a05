// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.hypervisor;

import static dev.hwmailbox.gunyah.hypervisor.HypervisorBed.ok;
import static org.assertj.core.api.Assertions.assertThat;

import dev.hwmailbox.gunyah.GuestMemory;
import dev.hwmailbox.gunyah.GunyahError;
import dev.hwmailbox.gunyah.GunyahRights;
import dev.hwmailbox.gunyah.hypervisor.HypervisorBed.Pipe;
import dev.hwmailbox.gunyah.hypervisor.RegisterCalls.Conduit;
import dev.hwmailbox.gunyah.hypervisor.SoftwareHypervisor.Mode;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A VM that executes HVC and SMC with anything in its registers, half of the time in each mode. The seed can be set
 * with {@code hwmailbox.seed}, the number of calls with {@code hwmailbox.calls}.
 */
class RegisterCallsPropertyTest {
    private static final Logger TALLY = LoggerFactory.getLogger("conformance");
    private static final int BATCH = 2000;
    private static final int RAM = 0x1000;
    private static final int DENIED_PAGE = 0x4000;
    private static final int BROKEN_PAGE = 0x5000;
    private static final int[] FUNCTIONS = {
        0x00, 0x07, 0x0C, 0x17, 0x18, 0x19, 0x1A, 0x1B, 0x1B, 0x1B, 0x1B, 0x1C, 0x1C, 0x1C, 0x1C, 0x1D, 0x1E, 0x1F,
        0x20, 0x21, 0x22, 0x23, 0x24, 0x59
    };
    private static final long[] EDGES = {
        0,
        1,
        2,
        31,
        32,
        33,
        34,
        255,
        256,
        1019,
        1020,
        1023,
        1024,
        -1,
        -2,
        -3,
        0xffff_ffffL,
        0xffff_fffeL,
        1L << 32,
        (1L << 32) + 4,
        Integer.MAX_VALUE,
        Integer.MIN_VALUE,
        Long.MAX_VALUE,
        Long.MIN_VALUE
    };

    private final long seed = Long.getLong("hwmailbox.seed", 20260303);
    private final int calls = Integer.getInteger("hwmailbox.calls", 1_000_000);
    private final SplittableRandom random = new SplittableRandom(seed);
    private final Map<Long, Integer> statuses = new TreeMap<>();
    private final List<Long> capabilities = new ArrayList<>();
    private final long[] x = new long[8];
    private long partition;
    private long cspace;
    private long vic;

    @Test
    @Timeout(120)
    void anyRegistersGiveAStatusAndTouchNobodyElse() {
        try (var log = new LogCapture(RegisterCalls.class)) {
            attack(Mode.STRICT, calls / 2);
            attack(Mode.COMPAT, calls - calls / 2);
            assertThat(log.lines()).allMatch(line -> line.startsWith("ERROR guest memory failed (vm 66)"));
        }

        assertThat(statuses.keySet())
                .as("seed %d: the calls reach every corner: %s", seed, statuses)
                .contains(0L, -1L, 1L, 2L, 10L, 20L, 22L, 30L, 31L, 33L, 34L, 40L, 50L, 51L, 52L, 53L, 54L, 60L, 61L);
        TALLY.info(
                "register calls: {} random calls, {} answered OK, {} kinds of status",
                calls,
                statuses.get(0L),
                statuses.size());
    }

    private void attack(Mode mode, int count) {
        try (var bed = new HypervisorBed(
                SoftwareHypervisor.builder().mode(mode).partitionBytes(6000).capabilityLimit(24))) {
            Pipe pipe = bed.pipe(3, 64);
            bed.b.interrupts().mask(HypervisorBed.RX_VIRQ);
            ok(bed.send(pipe.send(), "first"));
            ok(bed.send(pipe.send(), "second"));
            String before = neighbours(bed, pipe);
            for (int done = 0; done < count; done += BATCH) {
                VirtualMachine guest = bed.hypervisor.createVm(66);
                RegisterCalls entry = prepare(guest, bed, pipe);
                for (int i = done; i < Math.min(done + BATCH, count); i++) {
                    call(entry);
                }
                guest.destroy();
                assertThat(neighbours(bed, pipe))
                        .as("seed %d, batch at %d", seed, done)
                        .isEqualTo(before);
            }
            assertThat(bed.receive(pipe.receive())).isEqualTo("first");
            assertThat(bed.receive(pipe.receive())).isEqualTo("second");
            assertThat(bed.receive(pipe.receive())).isEqualTo("MSGQUEUE_EMPTY");
        }
    }

    /** All that the guest could have harmed. What it made itself has died with it. */
    private static String neighbours(HypervisorBed bed, Pipe pipe) {
        var text = new StringBuilder();
        text.append(bed.hypervisor.census())
                .append(pipe.queue().state())
                .append(pipe.queue().threshold(true))
                .append(' ')
                .append(pipe.queue().threshold(false));
        for (VirtualMachine vm : List.of(bed.rm, bed.a, bed.b)) {
            text.append(vm).append(vm.space().size());
            vm.interrupts().forEachLine(line -> text.append(line).append(line.source()));
        }
        return text.append(bed.tasks.size()).toString();
    }

    /** Gives a new guest rights over itself, some queues, and names of things that are not its own. */
    private RegisterCalls prepare(VirtualMachine guest, HypervisorBed bed, Pipe pipe) {
        guest.memory().map(RAM, MemoryExtent.allocate(2 * GuestAddressSpace.PAGE_SIZE));
        guest.memory().map(-GuestAddressSpace.PAGE_SIZE, MemoryExtent.allocate(GuestAddressSpace.PAGE_SIZE));
        RegisterCalls entry = guest.registerCalls(new HostileMemory(guest.memory()));
        partition = guest.grantPartition(GunyahRights.PARTITION_OBJECT_CREATE).value();
        cspace = guest.grantCspaceTo(guest, HypervisorBed.CSPACE_RIGHTS).value();
        vic = guest.grantVicTo(guest, GunyahRights.VIC_BIND_SOURCE).value();
        capabilities.clear();
        capabilities.addAll(List.of(pipe.send(), pipe.receive(), pipe.master(), bed.cspaceOfA, bed.vicOfB));
        capabilities.addAll(List.of(partition, cspace, cspace, vic, vic));
        for (int i = 0; i < 4; i++) {
            long[] answer = RegisterForm.HVC.call(entry, 0x07, partition, cspace, 0);
            ok((int) answer[0]);
            int info = 1 + random.nextInt(4) | (1 + random.nextInt(100)) << 16;
            ok((int) RegisterForm.HVC.error(entry, 0x21, answer[1], info, 0));
            ok((int) RegisterForm.HVC.error(entry, 0x0C, answer[1], 0));
            capabilities.addAll(List.of(answer[1], answer[1], answer[1]));
        }
        return entry;
    }

    private void call(RegisterCalls entry) {
        for (int i = 0; i < x.length; i++) {
            x[i] = number();
        }
        Conduit conduit = random.nextInt(4) == 0 ? Conduit.SMC : Conduit.HVC;
        int function = FUNCTIONS[random.nextInt(FUNCTIONS.length)];
        if ((function == 0x22 || function == 0x59) && random.nextInt(4) > 0) {
            function = 0x1B; // or the guest has soon nothing left
        }
        int immediate = 0x6000 + function;
        int first = 0;
        if (conduit == Conduit.SMC || random.nextBoolean()) {
            immediate = 0;
            first = 1;
            x[0] = 0xC600_8000L + function;
        }
        fillArguments(function, first);
        if (random.nextInt(50) == 0) {
            immediate = (int) number();
        }
        if (random.nextInt(50) == 0) {
            x[0] = number();
        }
        try {
            entry.call(conduit, immediate, x);
        } catch (RuntimeException e) {
            throw new AssertionError("seed " + seed, e);
        }
        count(function, immediate);
    }

    private void count(int function, int immediate) {
        long status = x[0];
        boolean uid = status == 0xcd8fd5c1L;
        if (!uid && (status != (int) status || GunyahError.name((int) status).startsWith("error "))) {
            throw new AssertionError("status 0x%x of call 0x%x, seed %d".formatted(status, function, seed));
        }
        statuses.merge(uid ? 0 : status, 1, Integer::sum);
        boolean makes = function == 0x07 || function == 0x23;
        if (makes && status == 0 && (immediate == 0 || immediate >= 0x6000) && capabilities.size() < 60) {
            capabilities.add(x[1]);
        }
    }

    private void fillArguments(int function, int first) {
        x[first] = capability();
        switch (function) {
            case 0x1B -> {
                x[first + 1] = random.nextInt(4) > 0 ? random.nextInt(110) : number();
                x[first + 2] = address();
                reserved(first + 4, 0);
            }
            case 0x1C -> {
                x[first + 1] = address();
                x[first + 2] = random.nextInt(4) > 0 ? random.nextInt(300) : number();
                reserved(first + 3, 0);
            }
            case 0x1F, 0x20 -> {
                reserved(first + 2, -1);
                reserved(first + 3, -1);
            }
            case 0x0C, 0x19, 0x1A, 0x1D -> reserved(first + 1, 0);
            case 0x17, 0x18 -> {
                x[first + 1] = capabilityOr(vic);
                x[first + 2] = random.nextInt(4) > 0 ? 30 + random.nextInt(8) : number();
                reserved(first + 3, 0);
            }
            case 0x21 -> {
                x[first + 1] = (number() << 16) | (number() & 0xffff);
                reserved(first + 2, 0);
            }
            default -> nameArguments(function, first);
        }
    }

    private void nameArguments(int function, int first) {
        x[first] = capabilityOr(function == 0x07 ? partition : cspace);
        x[first + 1] = function == 0x07 ? capabilityOr(cspace) : capability();
        x[first + 2] = capabilityOr(cspace);
        reserved(first + (function == 0x23 ? 4 : 2), 0);
    }

    private long capabilityOr(long right) {
        return random.nextInt(4) > 0 ? right : capability();
    }

    private void reserved(int index, long value) {
        if (random.nextInt(10) > 0) {
            x[index] = value;
        }
    }

    private long capability() {
        return switch (random.nextInt(14)) {
            case 0 -> random.nextLong();
            case 1 -> number();
            case 2 -> capabilities.get(random.nextInt(capabilities.size())) ^ (1L << random.nextInt(64));
            default -> capabilities.get(random.nextInt(capabilities.size()));
        };
    }

    private long address() {
        return switch (random.nextInt(8)) {
            case 0 -> number();
            case 1 -> DENIED_PAGE;
            case 2 -> BROKEN_PAGE;
            case 3 -> -random.nextInt(100);
            default -> RAM - 50 + random.nextInt(2 * GuestAddressSpace.PAGE_SIZE + 50);
        };
    }

    private long number() {
        return switch (random.nextInt(4)) {
            case 0 -> EDGES[random.nextInt(EDGES.length)];
            case 1 -> random.nextLong();
            default -> random.nextInt(80);
        };
    }

    /** A VM's memory with a page that may not be touched, and one where the embedder's code fails. */
    private record HostileMemory(GuestMemory memory) implements GuestMemory {
        @Override
        public int read(long address, byte[] target, int offset, int length) {
            return address == DENIED_PAGE ? GunyahError.DENIED : memory.read(checked(address), target, offset, length);
        }

        @Override
        public int write(long address, byte[] source, int offset, int length) {
            return address == DENIED_PAGE ? GunyahError.DENIED : memory.write(checked(address), source, offset, length);
        }

        private static long checked(long address) {
            if (address == BROKEN_PAGE) {
                throw new IllegalStateException("broken");
            }
            return address;
        }
    }
}
