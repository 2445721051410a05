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
import dev.hwmailbox.gunyah.msgq.MsgqEndpoint;
import dev.hwmailbox.gunyah.rm.server.VirtualDevice.End;
import dev.hwmailbox.gunyah.rm.server.VirtualDevice.Side;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes devices by hypercalls of the Resource Manager's VM. Guests get capabilities to send or to receive, nothing
 * more; the Resource Manager keeps the master capabilities and does all binding.
 */
final class DeviceFactory {
    private static final Logger LOG = LoggerFactory.getLogger(DeviceFactory.class);
    private static final int ALL_RIGHTS = ~GunyahRights.OBJECT_ACTIVATE;

    private final ManagedVm manager;
    private final GunyahHypercalls hypercalls;
    private final long partition;
    private final long ownCspace;
    private int nextHandle;

    DeviceFactory(ManagedVm manager) {
        this.manager = manager;
        this.hypercalls = manager.machine().vm().hypercalls();
        this.partition = manager.machine().vm().partitionCapability().value();
        this.ownCspace = manager.machine().cspace();
    }

    VirtualDevice create(ManagedVm guest, DeviceConfiguration configuration, ManagedVm peer) {
        int handle = configuration.kind() == DeviceKind.RM_CHANNEL ? 0 : nextHandle++;
        Teardown teardown = new Teardown();
        try {
            return switch (configuration.kind()) {
                case RM_CHANNEL, MESSAGE_QUEUE_PAIR -> queuePair(guest, configuration, peer, handle, teardown);
                case MESSAGE_QUEUE -> queue(guest, configuration, peer, handle, teardown);
                case DOORBELL, DOORBELL_SOURCE -> doorbell(guest, configuration, peer, handle, teardown);
            };
        } catch (RuntimeException e) {
            teardown.run();
            throw e;
        }
    }

    /** The channel of a VM that was there first: its capabilities and interrupts are dictated by its devicetree. */
    VirtualDevice bootChannel(ManagedVm host, MsgqEndpoint endpoint, DeviceConfiguration configuration) {
        Teardown teardown = new Teardown();
        try {
            long fromHost = makeQueue(configuration, teardown);
            long toHost = makeQueue(configuration, teardown);
            Side send = install(
                    host, fromHost, GunyahRights.MSGQ_SEND, endpoint.txCapability(), endpoint.txVirq(), teardown);
            Side receive = install(
                    host, toHost, GunyahRights.MSGQ_RECEIVE, endpoint.rxCapability(), endpoint.rxVirq(), teardown);
            End peer = end(manager, toHost, fromHost, List.of(), teardown);
            return new VirtualDevice(
                    configuration, 0, new End(Optional.of(send), Optional.of(receive)), peer, teardown);
        } catch (RuntimeException e) {
            teardown.run();
            throw e;
        }
    }

    Vcpu vcpu(int index, ManagedVm owner, boolean interruptsOwner, int otherwise) {
        Teardown teardown = new Teardown();
        try {
            long master = makeOpaque(ObjectType.THREAD, teardown);
            CapabilityId capability = copy(owner, master, ALL_RIGHTS, teardown);
            int virq = interruptsOwner ? allocate(owner, teardown) : otherwise;
            return new Vcpu(index, capability, virq, teardown);
        } catch (RuntimeException e) {
            teardown.run();
            throw e;
        }
    }

    private VirtualDevice queuePair(
            ManagedVm guest, DeviceConfiguration configuration, ManagedVm peer, int handle, Teardown teardown) {
        long fromGuest = makeQueue(configuration, teardown);
        long toGuest = makeQueue(configuration, teardown);
        End guestEnd = end(guest, fromGuest, toGuest, configuration.interrupts(), teardown);
        End peerEnd = end(peer, toGuest, fromGuest, List.of(), teardown);
        return new VirtualDevice(configuration, handle, guestEnd, peerEnd, teardown);
    }

    private VirtualDevice queue(
            ManagedVm guest, DeviceConfiguration configuration, ManagedVm peer, int handle, Teardown teardown) {
        long master = makeQueue(configuration, teardown);
        End sender;
        End receiver;
        if (configuration.guestSends()) {
            sender = sender(guest, master, configuration.interrupts(), teardown);
            receiver = receiver(peer, master, List.of(), teardown);
            return new VirtualDevice(configuration, handle, sender, receiver, teardown);
        }
        receiver = receiver(guest, master, configuration.interrupts(), teardown);
        sender = sender(peer, master, List.of(), teardown);
        return new VirtualDevice(configuration, handle, receiver, sender, teardown);
    }

    private VirtualDevice doorbell(
            ManagedVm guest, DeviceConfiguration configuration, ManagedVm peer, int handle, Teardown teardown) {
        long master = makeOpaque(ObjectType.DOORBELL, teardown);
        boolean guestIsRung = configuration.kind() == DeviceKind.DOORBELL;
        ManagedVm rung = guestIsRung ? guest : peer;
        ManagedVm ringing = guestIsRung ? peer : guest;
        Line line = line(rung, guestIsRung ? configuration.interrupts() : List.of(), 0, teardown);
        End receiver = new End(
                Optional.empty(),
                Optional.of(new Side(copy(rung, master, ALL_RIGHTS, teardown), line.virq(), line.level())));
        End sender = new End(
                Optional.of(new Side(copy(ringing, master, ALL_RIGHTS, teardown), Side.NO_VIRQ, false)),
                Optional.empty());
        return new VirtualDevice(
                configuration, handle, guestIsRung ? receiver : sender, guestIsRung ? sender : receiver, teardown);
    }

    private End end(
            ManagedVm holder,
            long sendMaster,
            long receiveMaster,
            List<DeviceConfiguration.Interrupt> interrupts,
            Teardown teardown) {
        Line sendLine = line(holder, interrupts, 0, teardown);
        Line receiveLine = line(holder, interrupts, 1, teardown);
        return new End(
                Optional.of(side(holder, sendMaster, GunyahRights.MSGQ_SEND, sendLine, teardown)),
                Optional.of(side(holder, receiveMaster, GunyahRights.MSGQ_RECEIVE, receiveLine, teardown)));
    }

    private End sender(
            ManagedVm holder, long master, List<DeviceConfiguration.Interrupt> interrupts, Teardown teardown) {
        Line line = line(holder, interrupts, 0, teardown);
        return new End(Optional.of(side(holder, master, GunyahRights.MSGQ_SEND, line, teardown)), Optional.empty());
    }

    private End receiver(
            ManagedVm holder, long master, List<DeviceConfiguration.Interrupt> interrupts, Teardown teardown) {
        Line line = line(holder, interrupts, 0, teardown);
        return new End(Optional.empty(), Optional.of(side(holder, master, GunyahRights.MSGQ_RECEIVE, line, teardown)));
    }

    /** An interrupt line set aside for one end of a queue. */
    private record Line(int virq, boolean level) {}

    private static Line line(
            ManagedVm holder, List<DeviceConfiguration.Interrupt> interrupts, int index, Teardown teardown) {
        if (interrupts.isEmpty()) {
            return new Line(allocate(holder, teardown), false);
        }
        DeviceConfiguration.Interrupt fixed = interrupts.get(index);
        int virq = holder.virqs().take(fixed.number());
        teardown.add(() -> holder.virqs().free(virq));
        return new Line(virq, fixed.level());
    }

    private static int allocate(ManagedVm holder, Teardown teardown) {
        int virq = holder.virqs().allocate();
        teardown.add(() -> holder.virqs().free(virq));
        return virq;
    }

    private Side side(ManagedVm holder, long master, int right, Line line, Teardown teardown) {
        CapabilityId capability = copy(holder, master, right, teardown);
        holder.machine().vm().interrupts().trigger(line.virq(), line.level() ? Trigger.LEVEL : Trigger.EDGE);
        bind(holder, master, right, line.virq(), teardown);
        return new Side(capability, line.virq(), line.level());
    }

    private Side install(ManagedVm holder, long master, int right, CapabilityId at, int virq, Teardown teardown) {
        ManagedVm.Machine machine = holder.machine();
        machine.vm().installCapability(at, manager.machine().vm(), CapabilityId.of(master), right);
        teardown.add(() -> delete(machine.cspace(), at.value()));
        holder.virqs().take(virq);
        teardown.add(() -> holder.virqs().free(virq));
        bind(holder, master, right, virq, teardown);
        return new Side(at, virq, false);
    }

    private void bind(ManagedVm holder, long master, int right, int virq, Teardown teardown) {
        long vic = holder.machine().vic();
        if (right == GunyahRights.MSGQ_SEND) {
            check(hypercalls.msgqBindSendVirq(master, vic, virq), "bind interrupt " + virq + " of " + holder);
            teardown.add(() -> expect(hypercalls.msgqUnbindSendVirq(master), "unbind interrupt " + virq));
        } else {
            check(hypercalls.msgqBindReceiveVirq(master, vic, virq), "bind interrupt " + virq + " of " + holder);
            teardown.add(() -> expect(hypercalls.msgqUnbindReceiveVirq(master), "unbind interrupt " + virq));
        }
    }

    private long makeQueue(DeviceConfiguration configuration, Teardown teardown) {
        NewCapability master = new NewCapability();
        check(hypercalls.partitionCreateMsgq(partition, ownCspace, master), "create a queue");
        long queue = master.value();
        teardown.add(() -> delete(ownCspace, queue));
        check(
                hypercalls.msgqConfigure(queue, configuration.queueDepth(), configuration.messageSize()),
                "%s: queue of %d messages of %d bytes"
                        .formatted(configuration.path(), configuration.queueDepth(), configuration.messageSize()));
        check(hypercalls.objectActivate(queue), configuration.path() + ": activate the queue");
        return queue;
    }

    private long makeOpaque(ObjectType type, Teardown teardown) {
        long master = manager.machine().vm().createOpaqueObject(type).value();
        teardown.add(() -> delete(ownCspace, master));
        return master;
    }

    private CapabilityId copy(ManagedVm holder, long master, int rights, Teardown teardown) {
        NewCapability copy = new NewCapability();
        long cspace = holder.machine().cspace();
        check(
                hypercalls.cspaceCopyCapability(ownCspace, master, cspace, rights, copy),
                "copy a capability to " + holder);
        long capability = copy.value();
        teardown.add(() -> delete(cspace, capability));
        return CapabilityId.of(capability);
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
