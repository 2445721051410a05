// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.msgq;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hwmailbox.gunyah.CapabilityId;
import dev.hwmailbox.gunyah.GunyahError;
import dev.hwmailbox.gunyah.GunyahHypercalls;
import dev.hwmailbox.gunyah.GunyahRights;
import dev.hwmailbox.gunyah.NewCapability;
import dev.hwmailbox.gunyah.hypervisor.QueueProbe;
import dev.hwmailbox.gunyah.hypervisor.SoftwareHypervisor;
import dev.hwmailbox.gunyah.hypervisor.VirtualInterruptController.Trigger;
import dev.hwmailbox.gunyah.hypervisor.VirtualMachine;
import dev.hwmailbox.testing.VirtualScheduler;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** Two VMs and a manager that makes queue pairs between them, in virtual time unless told otherwise. */
final class QueuePairBed implements QueueProbe {
    static final int MAX_MESSAGE = 240;

    final VirtualScheduler scheduler = new VirtualScheduler();
    final AtomicInteger sends = new AtomicInteger();
    final AtomicInteger receives = new AtomicInteger();
    final SoftwareHypervisor hypervisor;
    final VirtualMachine near;
    final VirtualMachine far;
    private final VirtualMachine manager;
    private final GunyahHypercalls calls;
    private int nextVirq = 40;

    QueuePairBed() {
        this(null);
    }

    /** Over another hypervisor builder, which has its schedulers already; {@link #scheduler} is idle then. */
    QueuePairBed(SoftwareHypervisor.@Nullable Builder builder) {
        hypervisor = (builder == null ? SoftwareHypervisor.builder().schedulers(vmid -> scheduler) : builder)
                .probe(this)
                .build();
        manager = hypervisor.createManagerVm(1);
        near = hypervisor.createVm(2);
        far = hypervisor.createVm(3);
        calls = manager.hypercalls();
    }

    /** One queue pair: what each VM holds of it, and the manager's capabilities. */
    record Pair(MsgqEndpoint near, MsgqEndpoint far, long nearToFar, long farToNear) {}

    Pair pair(int depth) {
        return pair(depth, MAX_MESSAGE, Trigger.EDGE);
    }

    Pair pair(int depth, int maxMessage, Trigger trigger) {
        long out = queue(depth, maxMessage);
        long in = queue(depth, maxMessage);
        int tx = nextVirq++;
        int rx = nextVirq++;
        for (VirtualMachine vm : new VirtualMachine[] {near, far}) {
            vm.interrupts().trigger(tx, trigger);
            vm.interrupts().trigger(rx, trigger);
        }
        bindSend(out, near, tx);
        bindReceive(in, near, rx);
        bindSend(in, far, tx);
        bindReceive(out, far, rx);
        return new Pair(
                new MsgqEndpoint(
                        give(near, out, GunyahRights.MSGQ_SEND),
                        tx,
                        give(near, in, GunyahRights.MSGQ_RECEIVE),
                        rx,
                        maxMessage),
                new MsgqEndpoint(
                        give(far, in, GunyahRights.MSGQ_SEND),
                        tx,
                        give(far, out, GunyahRights.MSGQ_RECEIVE),
                        rx,
                        maxMessage),
                out,
                in);
    }

    GunyahMsgqController.Builder controller(VirtualMachine vm) {
        return GunyahMsgqController.builder(vm.hypercalls(), vm.interrupts(), vm.scheduler());
    }

    /** Sends beside the controller, with the manager's capability. */
    void rawSend(long queue, byte[] message) {
        assertThat(GunyahHypercalls.status(calls.msgqSend(queue, message, 0, message.length, false)))
                .isEqualTo(GunyahError.OK);
    }

    /** Receives beside the controller, with the manager's capability. */
    byte[] rawReceive(long queue) {
        byte[] buffer = new byte[MsgqEndpoint.MAX_MESSAGE_SIZE];
        long result = calls.msgqReceive(queue, buffer, 0, buffer.length);
        assertThat(GunyahHypercalls.status(result)).isEqualTo(GunyahError.OK);
        return Arrays.copyOf(buffer, GunyahHypercalls.size(result));
    }

    void unbindSendVirq(long queue) {
        ok(calls.msgqUnbindSendVirq(queue));
    }

    void revokeAll(long queue) {
        ok(calls.cspaceRevokeCapabilities(manager.cspaceCapability().value(), queue));
    }

    @Override
    public void after(int queue, Operation operation, long result) {
        if (operation == Operation.SEND) {
            sends.incrementAndGet();
        } else if (operation == Operation.RECEIVE) {
            receives.incrementAndGet();
        }
    }

    private long queue(int depth, int maxMessage) {
        NewCapability queue = new NewCapability();
        ok(calls.partitionCreateMsgq(
                manager.partitionCapability().value(),
                manager.cspaceCapability().value(),
                queue));
        ok(calls.msgqConfigure(queue.value(), depth, maxMessage));
        ok(calls.objectActivate(queue.value()));
        return queue.value();
    }

    private CapabilityId give(VirtualMachine vm, long queue, int right) {
        NewCapability copy = new NewCapability();
        CapabilityId space = vm.grantCspaceTo(manager, GunyahRights.CSPACE_CAP_CREATE);
        ok(calls.cspaceCopyCapability(manager.cspaceCapability().value(), queue, space.value(), right, copy));
        return CapabilityId.of(copy.value());
    }

    private void bindSend(long queue, VirtualMachine vm, int virq) {
        ok(calls.msgqBindSendVirq(
                queue, vm.grantVicTo(manager, GunyahRights.VIC_BIND_SOURCE).value(), virq));
    }

    private void bindReceive(long queue, VirtualMachine vm, int virq) {
        ok(calls.msgqBindReceiveVirq(
                queue, vm.grantVicTo(manager, GunyahRights.VIC_BIND_SOURCE).value(), virq));
    }

    private static void ok(int status) {
        assertThat(GunyahError.name(status)).isEqualTo("OK");
    }
}
