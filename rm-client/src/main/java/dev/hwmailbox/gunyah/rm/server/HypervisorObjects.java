// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm.server;

import dev.hwmailbox.gunyah.CapabilityId;
import dev.hwmailbox.gunyah.GunyahError;
import dev.hwmailbox.gunyah.GunyahException;
import dev.hwmailbox.gunyah.GunyahHypercalls;
import dev.hwmailbox.gunyah.GunyahRights;
import dev.hwmailbox.gunyah.NewCapability;
import dev.hwmailbox.gunyah.hypervisor.ObjectType;
import dev.hwmailbox.gunyah.hypervisor.VirtualInterruptController.Trigger;
import dev.hwmailbox.gunyah.rm.server.VirtualDevice.End;
import dev.hwmailbox.gunyah.rm.server.VirtualDevice.Side;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The hypercalls of the Resource Manager's VM by which devices come into being. The Resource Manager keeps the master
 * capabilities and does all binding; each step adds to a {@link Teardown} how it is taken back.
 */
final class HypervisorObjects {
    private static final Logger LOG = LoggerFactory.getLogger(HypervisorObjects.class);

    private final ManagedVm manager;
    private final GunyahHypercalls hypercalls;
    private final long partition;
    private final long ownCspace;

    HypervisorObjects(ManagedVm manager) {
        this.manager = manager;
        this.hypercalls = manager.machine().vm().hypercalls();
        this.partition = manager.machine().vm().partitionCapability().value();
        this.ownCspace = manager.machine().cspace();
    }

    long makeQueue(DeviceConfiguration configuration, Teardown teardown) {
        NewCapability master = new NewCapability();
        check(hypercalls.partitionCreateMsgq(partition, ownCspace, master), "create a queue");
        long queue = master.value();
        teardown.add(() -> deleteOwn(queue));
        check(
                hypercalls.msgqConfigure(queue, configuration.queueDepth(), configuration.messageSize()),
                "%s: queue of %d messages of %d bytes"
                        .formatted(configuration.path(), configuration.queueDepth(), configuration.messageSize()));
        check(hypercalls.objectActivate(queue), configuration.path() + ": activate the queue");
        return queue;
    }

    /** Drops the messages in a queue. */
    void flush(long queue) {
        expect(hypercalls.msgqFlush(queue), "flush queue " + CapabilityId.toString(queue));
    }

    /** Makes an object that the hypervisor only names. */
    long makeOpaque(ObjectType type, Teardown teardown) {
        long master = manager.machine().vm().createOpaqueObject(type).value();
        teardown.add(() -> deleteOwn(master));
        return master;
    }

    /** Gives a VM one end of a queue pair: interrupts for "room again" and "something to read", in this order. */
    End queueEnd(
            ManagedVm holder,
            long sendQueue,
            long receiveQueue,
            List<DeviceConfiguration.Interrupt> interrupts,
            Teardown teardown) {
        Side send = queueSide(holder, sendQueue, GunyahRights.MSGQ_SEND, interrupts, 0, teardown);
        Side receive = queueSide(holder, receiveQueue, GunyahRights.MSGQ_RECEIVE, interrupts, 1, teardown);
        return new End(Optional.of(send), Optional.of(receive));
    }

    /** Gives a VM one side of a queue, with the interrupt of that side. */
    Side queueSide(
            ManagedVm holder,
            long queue,
            int right,
            List<DeviceConfiguration.Interrupt> interrupts,
            int index,
            Teardown teardown) {
        Side side = side(holder, queue, right, interrupts, index, teardown);
        Trigger trigger = side.level() ? Trigger.LEVEL : Trigger.EDGE;
        holder.machine().vm().interrupts().trigger(side.virq(), trigger);
        bind(holder, queue, right, side.virq(), teardown);
        return side;
    }

    /** Gives a VM a capability and sets an interrupt aside for it: the fixed one, or one of the VM's free ones. */
    Side side(
            ManagedVm holder,
            long master,
            int rights,
            List<DeviceConfiguration.Interrupt> interrupts,
            int index,
            Teardown teardown) {
        Side line = line(holder, interrupts, index, teardown);
        return new Side(copy(holder, master, rights, teardown), line.virq(), line.level());
    }

    /** Sets an interrupt aside for a side that needs no capability. */
    Side line(ManagedVm holder, List<DeviceConfiguration.Interrupt> interrupts, int index, Teardown teardown) {
        if (interrupts.isEmpty()) {
            return new Side(CapabilityId.INVALID, allocate(holder, teardown), false);
        }
        DeviceConfiguration.Interrupt fixed = interrupts.get(index);
        return new Side(CapabilityId.INVALID, take(holder, fixed.number(), teardown), fixed.level());
    }

    /** Gives a VM one side of a queue at the capability ID and the interrupt that its devicetree dictates. */
    Side installQueueSide(ManagedVm holder, long queue, int right, CapabilityId at, int virq, Teardown teardown) {
        ManagedVm.Machine machine = holder.machine();
        machine.vm().installCapability(at, manager.machine().vm(), CapabilityId.of(queue), right);
        teardown.add(() -> delete(machine.cspace(), at.value()));
        take(holder, virq, teardown);
        bind(holder, queue, right, virq, teardown);
        return new Side(at, virq, false);
    }

    int allocate(ManagedVm holder, Teardown teardown) {
        int virq = holder.virqs().allocate();
        teardown.add(() -> holder.virqs().free(virq));
        return virq;
    }

    private static int take(ManagedVm holder, int virq, Teardown teardown) {
        holder.virqs().take(virq);
        teardown.add(() -> holder.virqs().free(virq));
        return virq;
    }

    CapabilityId copy(ManagedVm holder, long master, int rights, Teardown teardown) {
        NewCapability copy = new NewCapability();
        long cspace = holder.machine().cspace();
        check(
                hypercalls.cspaceCopyCapability(ownCspace, master, cspace, rights, copy),
                "copy a capability to " + holder);
        long capability = copy.value();
        teardown.add(() -> delete(cspace, capability));
        return CapabilityId.of(capability);
    }

    private void bind(ManagedVm holder, long queue, int right, int virq, Teardown teardown) {
        long vic = holder.machine().vic();
        if (right == GunyahRights.MSGQ_SEND) {
            check(hypercalls.msgqBindSendVirq(queue, vic, virq), "bind interrupt " + virq + " of " + holder);
            teardown.add(() -> expect(hypercalls.msgqUnbindSendVirq(queue), "unbind interrupt " + virq));
        } else {
            check(hypercalls.msgqBindReceiveVirq(queue, vic, virq), "bind interrupt " + virq + " of " + holder);
            teardown.add(() -> expect(hypercalls.msgqUnbindReceiveVirq(queue), "unbind interrupt " + virq));
        }
    }

    /** Deletes a capability of the Resource Manager's own. */
    void deleteOwn(long capability) {
        delete(ownCspace, capability);
    }

    private void delete(long cspace, long capability) {
        expect(
                hypercalls.cspaceDeleteCapability(cspace, capability),
                "delete capability " + CapabilityId.toString(capability));
    }

    private static void check(int status, String what) {
        if (status != GunyahError.OK) {
            throw new GunyahException(status, what);
        }
    }

    private static void expect(int status, String what) {
        if (status != GunyahError.OK) {
            LOG.warn("cannot {}: hypervisor says {}", what, GunyahError.name(status));
        }
    }
}
