// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.hypervisor;

import static dev.hwmailbox.gunyah.hypervisor.HypervisorBed.ok;
import static org.assertj.core.api.Assertions.assertThat;

import dev.hwmailbox.gunyah.GunyahError;
import dev.hwmailbox.gunyah.GunyahHypercalls;
import dev.hwmailbox.gunyah.GunyahRights;
import dev.hwmailbox.gunyah.NewCapability;
import dev.hwmailbox.gunyah.hypervisor.HypervisorBed.Pipe;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * A VM that has rights over its own space, controller and memory of the partition, and makes any call with any
 * arguments. The seed can be set with {@code hwmailbox.seed}.
 */
class HostileGuestTest {
    private static final int CALLS = 1_000_000;
    private static final int[] EDGES = {
        0, 1, 2, 3, 31, 32, 33, 34, 255, 256, 1019, 1020, 1023, 1024, -1, -2, -3, Integer.MIN_VALUE, Integer.MAX_VALUE
    };

    private final long seed = Long.getLong("hwmailbox.seed", 20260101);
    private final SplittableRandom random = new SplittableRandom(seed);
    private final HypervisorBed bed = new HypervisorBed();
    private VirtualMachine guest = bed.hypervisor.createVm(66);
    private GunyahHypercalls calls = guest.hypercalls();
    private final NewCapability made = new NewCapability();
    private final List<Long> capabilities = new ArrayList<>();
    private final byte[][] buffers = {new byte[0], new byte[1], new byte[64], new byte[2048]};

    @Test
    @Timeout(120)
    void anyArgumentsGiveAStatusAndTouchNobodyElse() {
        Pipe pipe = bed.pipe(3, 64);
        ok(bed.send(pipe.send(), "first"));
        ok(bed.send(pipe.send(), "second"));
        bed.hypervisor.objects().partition().availableBytes(1 << 14);
        int slotsOfOthers = slotsOfOthers();
        Set<Integer> statuses = new HashSet<>();

        for (int i = 0; i < CALLS; i++) {
            if (i % 2000 == 0) {
                renewGuest(pipe);
            }
            int status = call();
            statuses.add(status);
            if (GunyahError.name(status).startsWith("error ")) {
                throw new AssertionError("unknown status " + status + ", seed " + seed);
            }
        }

        assertThat(slotsOfOthers()).as("seed %d", seed).isEqualTo(slotsOfOthers);
        assertThat(pipe.queue().threshold(true)).isEqualTo(2);
        assertThat(pipe.queue().threshold(false)).isEqualTo(1);
        assertThat(bed.receive(pipe.receive())).isEqualTo("first");
        assertThat(bed.receive(pipe.receive())).isEqualTo("second");
        assertThat(bed.receive(pipe.receive())).isEqualTo("MSGQUEUE_EMPTY");
        assertThat(bed.tasks.size()).isZero();
        assertThat(statuses)
                .as("seed %d: the calls reach every corner", seed)
                .contains(
                        GunyahError.OK,
                        GunyahError.UNIMPLEMENTED,
                        GunyahError.ARGUMENT_INVALID,
                        GunyahError.ARGUMENT_SIZE,
                        GunyahError.NOMEM,
                        GunyahError.ADDR_OVERFLOW,
                        GunyahError.ADDR_INVALID,
                        GunyahError.BUSY,
                        GunyahError.OBJECT_STATE,
                        GunyahError.OBJECT_CONFIG,
                        GunyahError.VIRQ_BOUND,
                        GunyahError.CSPACE_CAP_NULL,
                        GunyahError.CSPACE_CAP_REVOKED,
                        GunyahError.CSPACE_WRONG_OBJECT_TYPE,
                        GunyahError.CSPACE_INSUFFICIENT_RIGHTS,
                        GunyahError.MSGQUEUE_EMPTY,
                        GunyahError.MSGQUEUE_FULL);
        guest.destroy();
        assertThat(bed.hypervisor.census().messageQueues()).isEqualTo(1);
        assertThat(bed.hypervisor.census().boundVirqs()).isEqualTo(2);
    }

    private int slotsOfOthers() {
        return bed.rm.space().size() + bed.a.space().size() + bed.b.space().size();
    }

    /** Replaces the guest, which by now has destroyed what it had; tells it names of things that are not its own. */
    private void renewGuest(Pipe pipe) {
        guest.destroy();
        guest = bed.hypervisor.createVm(66);
        calls = guest.hypercalls();
        capabilities.clear();
        capabilities.add(pipe.send());
        capabilities.add(pipe.master());
        capabilities.add(bed.cspaceOfA);
        capabilities.add(
                guest.grantPartition(GunyahRights.PARTITION_OBJECT_CREATE).value());
        capabilities.add(guest.grantCspaceTo(guest, HypervisorBed.CSPACE_RIGHTS).value());
        capabilities.add(guest.grantCspaceTo(guest, HypervisorBed.CSPACE_RIGHTS).value());
        capabilities.add(guest.grantVicTo(guest, GunyahRights.VIC_BIND_SOURCE).value());
        capabilities.add(guest.grantVicTo(guest, GunyahRights.VIC_BIND_SOURCE).value());
        for (int i = 0; i < 4; i++) {
            if (calls.partitionCreateMsgq(capabilities.get(3), capabilities.get(4), made) == GunyahError.OK) {
                long queue = made.value();
                ok(calls.msgqConfigure(queue, 1 + random.nextInt(4), 1 + random.nextInt(100)));
                assertThat(calls.objectActivate(queue)).isIn(GunyahError.OK, GunyahError.NOMEM);
                capabilities.add(queue);
                capabilities.add(queue);
            }
        }
    }

    private int call() {
        long one = capability();
        long two = capability();
        byte[] buffer = buffers[random.nextInt(buffers.length)];
        int x = number();
        int y = number();
        int status = switch (random.nextInt(17)) {
            case 0, 1 -> GunyahHypercalls.status(calls.msgqSend(one, buffer, x, y, random.nextBoolean()));
            case 2 -> GunyahHypercalls.status(calls.msgqSend(one, buffer, 0, buffer.length, random.nextBoolean()));
            case 3, 4 -> GunyahHypercalls.status(calls.msgqReceive(one, buffer, x, y));
            case 5 -> calls.msgqFlush(one);
            case 6 -> calls.msgqConfigureSend(one, x, random.nextBoolean() ? -1 : y);
            case 7 -> calls.msgqConfigureReceive(one, x, random.nextBoolean() ? -1 : y);
            case 8 -> calls.msgqBindSendVirq(one, two, x);
            case 9 -> calls.msgqBindReceiveVirq(one, two, x);
            case 10 -> calls.msgqUnbindSendVirq(one);
            case 11 -> calls.msgqUnbindReceiveVirq(one);
            case 12 -> keep(calls.partitionCreateMsgq(one, two, made));
            case 13 -> calls.msgqConfigure(one, x, y);
            case 14 -> calls.objectActivate(one);
            case 15 -> keep(calls.cspaceCopyCapability(one, two, capability(), x, made));
            default ->
                random.nextInt(4) > 0
                        ? GunyahError.OK
                        : random.nextBoolean()
                                ? calls.cspaceDeleteCapability(one, two)
                                : calls.cspaceRevokeCapabilities(one, two);
        };
        return status;
    }

    private int keep(int error) {
        if (error == GunyahError.OK) {
            capabilities.add(made.value());
        }
        return error;
    }

    private long capability() {
        return switch (random.nextInt(12)) {
            case 0 -> random.nextLong();
            case 1 -> number();
            case 2 -> capabilities.get(random.nextInt(capabilities.size())) ^ (1L << random.nextInt(64));
            default -> capabilities.get(random.nextInt(capabilities.size()));
        };
    }

    private int number() {
        return switch (random.nextInt(4)) {
            case 0 -> EDGES[random.nextInt(EDGES.length)];
            case 1 -> random.nextInt();
            default -> random.nextInt(80);
        };
    }
}
