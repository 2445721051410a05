// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.msgq;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hwmailbox.MailboxException;
import dev.hwmailbox.gunyah.CapabilityId;
import dev.hwmailbox.gunyah.GunyahError;
import dev.hwmailbox.gunyah.GunyahHypercalls;
import dev.hwmailbox.gunyah.GunyahRights;
import dev.hwmailbox.gunyah.InterruptController;
import dev.hwmailbox.gunyah.NewCapability;
import dev.hwmailbox.gunyah.hypervisor.QueueProbe;
import dev.hwmailbox.gunyah.hypervisor.SoftwareHypervisor;
import dev.hwmailbox.gunyah.hypervisor.VirtualInterruptController.Trigger;
import dev.hwmailbox.gunyah.hypervisor.VirtualMachine;
import dev.hwmailbox.gunyah.testing.QueuePairs;
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
    final VirtualMachine manager;
    private final GunyahHypercalls calls;
    private final QueuePairs pairs;

    QueuePairBed() {
        this(null);
    }

    /** Over another hypervisor builder, which has its schedulers already; {@link #scheduler} is idle then. */
    QueuePairBed(SoftwareHypervisor.@Nullable Builder builder) {
        hypervisor = (builder == null ? SoftwareHypervisor.builder().schedulers(vmid -> scheduler) : builder)
                .probe(this)
                .build();
        manager = hypervisor.createManagerVm(1);
        pairs = new QueuePairs(manager);
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
        QueuePairs.Pair made = pairs.make(near, far, depth, maxMessage, trigger);
        return new Pair(
                made.near(),
                made.far(),
                made.nearToFar().value(),
                made.farToNear().value());
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

    /** A queue that somebody still has to activate: the manager's capability. */
    long inactiveQueue() {
        var made = new NewCapability();
        ok(calls.partitionCreateMsgq(
                manager.partitionCapability().value(),
                manager.cspaceCapability().value(),
                made));
        ok(calls.msgqConfigure(made.value(), 1, MAX_MESSAGE));
        return made.value();
    }

    void activate(long queue) {
        ok(calls.objectActivate(queue));
    }

    /** Lets a VM use a queue in every way. */
    CapabilityId give(VirtualMachine vm, long queue) {
        var copy = new NewCapability();
        long space = vm.grantCspaceTo(manager, GunyahRights.CSPACE_CAP_CREATE).value();
        int rights = GunyahRights.MSGQ_SEND | GunyahRights.MSGQ_RECEIVE;
        ok(calls.cspaceCopyCapability(manager.cspaceCapability().value(), queue, space, rights, copy));
        return CapabilityId.of(copy.value());
    }

    /** Whether nobody has attached a handler to a line. */
    static boolean isFree(InterruptController interrupts, int virq) {
        try {
            interrupts.attach(virq, () -> {});
        } catch (MailboxException e) {
            return false;
        }
        interrupts.detach(virq);
        return true;
    }

    @Override
    public void after(int queue, Operation operation, long result) {
        if (operation == Operation.SEND) {
            sends.incrementAndGet();
        } else if (operation == Operation.RECEIVE) {
            receives.incrementAndGet();
        }
    }

    private static void ok(int status) {
        assertThat(GunyahError.name(status)).isEqualTo("OK");
    }
}
