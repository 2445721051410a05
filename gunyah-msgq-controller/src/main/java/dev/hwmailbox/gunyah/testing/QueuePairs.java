// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.testing;

import dev.hwmailbox.gunyah.CapabilityId;
import dev.hwmailbox.gunyah.GunyahError;
import dev.hwmailbox.gunyah.GunyahException;
import dev.hwmailbox.gunyah.GunyahHypercalls;
import dev.hwmailbox.gunyah.GunyahRights;
import dev.hwmailbox.gunyah.NewCapability;
import dev.hwmailbox.gunyah.hypervisor.VirtualInterruptController.Trigger;
import dev.hwmailbox.gunyah.hypervisor.VirtualMachine;
import dev.hwmailbox.gunyah.msgq.MsgqEndpoint;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Makes queue pairs between virtual machines of a software hypervisor, the way a Resource Manager does it: a manager VM
 * creates the queues, binds their interrupts and gives each VM a capability to its ends.
 *
 * <p>Context: any thread.
 *
 * @since 0.1
 */
public final class QueuePairs {
    /** Interrupt numbers of the first pair, from here on. */
    public static final int FIRST_VIRQ = 40;

    private final VirtualMachine manager;
    private final GunyahHypercalls calls;
    private final AtomicInteger nextVirq = new AtomicInteger(FIRST_VIRQ);

    /**
     * Makes pairs on behalf of a manager.
     *
     * @param manager a VM made by
     *     {@link dev.hwmailbox.gunyah.hypervisor.SoftwareHypervisor#createManagerVm SoftwareHypervisor.createManagerVm}
     */
    public QueuePairs(VirtualMachine manager) {
        this.manager = Objects.requireNonNull(manager, "manager");
        calls = manager.hypercalls();
    }

    /**
     * Two queues between two VMs.
     *
     * @param near the pair as the first VM sees it
     * @param far the pair as the second VM sees it
     * @param nearToFar the manager's master capability of one queue
     * @param farToNear the manager's master capability of the other
     * @since 0.1
     */
    public record Pair(MsgqEndpoint near, MsgqEndpoint far, CapabilityId nearToFar, CapabilityId farToNear) {}

    /**
     * Makes a pair, active and with all interrupts bound. Both VMs have the same two interrupt numbers.
     *
     * @param near one VM
     * @param far the other VM
     * @param depth messages each queue holds, 1..255
     * @param maxMessageSize largest message in bytes, 1..1023
     * @param trigger how the interrupt lines follow the queues
     * @return the pair
     * @throws GunyahException whatever the hypervisor refuses
     */
    public Pair make(VirtualMachine near, VirtualMachine far, int depth, int maxMessageSize, Trigger trigger) {
        long out = queue(depth, maxMessageSize);
        long in = queue(depth, maxMessageSize);
        int tx = nextVirq.getAndAdd(2);
        int rx = tx + 1;
        MsgqEndpoint nearEnd = connect(near, out, in, tx, rx, maxMessageSize, trigger);
        MsgqEndpoint farEnd = connect(far, in, out, tx, rx, maxMessageSize, trigger);
        return new Pair(nearEnd, farEnd, CapabilityId.of(out), CapabilityId.of(in));
    }

    private long queue(int depth, int maxMessageSize) {
        var queue = new NewCapability();
        check(
                "create a queue",
                calls.partitionCreateMsgq(
                        manager.partitionCapability().value(),
                        manager.cspaceCapability().value(),
                        queue));
        check("configure a queue", calls.msgqConfigure(queue.value(), depth, maxMessageSize));
        check("activate a queue", calls.objectActivate(queue.value()));
        return queue.value();
    }

    private MsgqEndpoint connect(
            VirtualMachine vm, long sendTo, long receiveFrom, int tx, int rx, int maxMessageSize, Trigger trigger) {
        vm.interrupts().trigger(tx, trigger);
        vm.interrupts().trigger(rx, trigger);
        long vic = vm.grantVicTo(manager, GunyahRights.VIC_BIND_SOURCE).value();
        check("bind send virq " + tx, calls.msgqBindSendVirq(sendTo, vic, tx));
        check("bind receive virq " + rx, calls.msgqBindReceiveVirq(receiveFrom, vic, rx));
        long space = vm.grantCspaceTo(manager, GunyahRights.CSPACE_CAP_CREATE).value();
        return new MsgqEndpoint(
                give(space, sendTo, GunyahRights.MSGQ_SEND),
                tx,
                give(space, receiveFrom, GunyahRights.MSGQ_RECEIVE),
                rx,
                maxMessageSize);
    }

    private CapabilityId give(long space, long queue, int right) {
        var copy = new NewCapability();
        check(
                "copy a capability",
                calls.cspaceCopyCapability(manager.cspaceCapability().value(), queue, space, right, copy));
        return CapabilityId.of(copy.value());
    }

    private void check(String action, int error) {
        if (error != GunyahError.OK) {
            throw new GunyahException(error, "cannot " + action + " (" + manager + ")");
        }
    }

    @Override
    public String toString() {
        return "QueuePairs[" + manager + ", next virq " + nextVirq + "]";
    }
}
