// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm.server;

import dev.hwmailbox.gunyah.CapabilityId;
import dev.hwmailbox.gunyah.GunyahRights;
import dev.hwmailbox.gunyah.hypervisor.GuestAddressSpace;
import dev.hwmailbox.gunyah.hypervisor.MemoryExtent;
import dev.hwmailbox.gunyah.hypervisor.ObjectType;
import dev.hwmailbox.gunyah.msgq.MsgqEndpoint;
import dev.hwmailbox.gunyah.rm.protocol.MemRange;
import dev.hwmailbox.gunyah.rm.server.DeviceConfiguration.Flag;
import dev.hwmailbox.gunyah.rm.server.VirtualDevice.End;
import dev.hwmailbox.gunyah.rm.server.VirtualDevice.Side;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/**
 * Makes the devices between a guest and its owner or the Resource Manager. They get capabilities to send or to receive,
 * nothing more.
 */
final class DeviceFactory {
    /** Where registers and shared memory go in a guest that does not say where. */
    static final long FIRST_ADDRESS_OF_GUEST = 0x2000_1000L;

    private static final long FIRST_ADDRESS_OF_HOST = 0x3000_1000L;

    private static final int ALL_RIGHTS = ~GunyahRights.OBJECT_ACTIVATE;

    private final ManagedVm manager;
    private final HypervisorObjects objects;
    private final MemoryClaims claims;
    private int nextHandle;

    DeviceFactory(ManagedVm manager, HypervisorObjects objects, MemoryClaims claims) {
        this.manager = manager;
        this.objects = objects;
        this.claims = claims;
    }

    /** The number of the next device, over all VMs. */
    int nextHandle() {
        return nextHandle++;
    }

    VirtualDevice create(ManagedVm guest, DeviceConfiguration configuration, ManagedVm peer) {
        int handle = configuration.kind() == DeviceKind.RM_CHANNEL ? 0 : nextHandle();
        return orNothing(teardown -> switch (configuration.kind()) {
            case RM_CHANNEL, MESSAGE_QUEUE_PAIR -> queuePair(guest, configuration, peer, handle, teardown);
            case MESSAGE_QUEUE -> queue(guest, configuration, peer, handle, teardown);
            case DOORBELL, DOORBELL_SOURCE -> doorbell(guest, configuration, peer, handle, teardown);
            case SHARED_MEMORY, SHARED_MEMORY_WITH_DOORBELLS ->
                new VirtualDevice(configuration, handle, End.NONE, End.NONE, Optional.empty(), teardown);
            case VIRTIO -> virtio(guest, configuration, peer, handle, teardown);
        });
    }

    /** The channel of a VM that was there first: its capabilities and interrupts are dictated by its devicetree. */
    VirtualDevice bootChannel(ManagedVm host, MsgqEndpoint endpoint, DeviceConfiguration configuration) {
        return orNothing(teardown -> {
            long fromHost = objects.makeQueue(configuration, teardown);
            long toHost = objects.makeQueue(configuration, teardown);
            Side send = objects.installQueueSide(
                    host, fromHost, GunyahRights.MSGQ_SEND, endpoint.txCapability(), endpoint.txVirq(), teardown);
            Side receive = objects.installQueueSide(
                    host, toHost, GunyahRights.MSGQ_RECEIVE, endpoint.rxCapability(), endpoint.rxVirq(), teardown);
            End peer = objects.queueEnd(manager, toHost, fromHost, List.of(), teardown);
            return new VirtualDevice(
                    configuration,
                    0,
                    new End(Optional.of(send), Optional.of(receive)),
                    peer,
                    Optional.empty(),
                    teardown);
        });
    }

    Vcpu vcpu(int index, ManagedVm owner, boolean interruptsOwner, int otherwise) {
        return orNothing(teardown -> {
            long master = objects.makeOpaque(ObjectType.THREAD, teardown);
            CapabilityId capability = objects.copy(owner, master, ALL_RIGHTS, teardown);
            int virq = interruptsOwner ? objects.allocate(owner, teardown) : otherwise;
            return new Vcpu(index, capability, virq, teardown);
        });
    }

    private static <T> T orNothing(Function<Teardown, T> construction) {
        Teardown teardown = new Teardown();
        try {
            return construction.apply(teardown);
        } catch (RuntimeException e) {
            teardown.run();
            throw e;
        }
    }

    private VirtualDevice queuePair(
            ManagedVm guest, DeviceConfiguration configuration, ManagedVm peer, int handle, Teardown teardown) {
        long fromGuest = objects.makeQueue(configuration, teardown);
        long toGuest = objects.makeQueue(configuration, teardown);
        End guestEnd = objects.queueEnd(guest, fromGuest, toGuest, configuration.interrupts(), teardown);
        End peerEnd = objects.queueEnd(peer, toGuest, fromGuest, List.of(), teardown);
        return new VirtualDevice(configuration, handle, guestEnd, peerEnd, Optional.empty(), teardown);
    }

    private VirtualDevice queue(
            ManagedVm guest, DeviceConfiguration configuration, ManagedVm peer, int handle, Teardown teardown) {
        long master = objects.makeQueue(configuration, teardown);
        boolean guestSends = configuration.has(Flag.GUEST_SENDS);
        End guestEnd = queueSide(guest, master, guestSends, configuration.interrupts(), teardown);
        End peerEnd = queueSide(peer, master, !guestSends, List.of(), teardown);
        return new VirtualDevice(configuration, handle, guestEnd, peerEnd, Optional.empty(), teardown);
    }

    private End queueSide(
            ManagedVm holder,
            long master,
            boolean sends,
            List<DeviceConfiguration.Interrupt> interrupts,
            Teardown teardown) {
        return sends
                ? End.sending(objects.queueSide(holder, master, GunyahRights.MSGQ_SEND, interrupts, 0, teardown))
                : End.receiving(objects.queueSide(holder, master, GunyahRights.MSGQ_RECEIVE, interrupts, 0, teardown));
    }

    private VirtualDevice doorbell(
            ManagedVm guest, DeviceConfiguration configuration, ManagedVm peer, int handle, Teardown teardown) {
        long master = objects.makeOpaque(ObjectType.DOORBELL, teardown);
        boolean guestIsRung = configuration.kind() == DeviceKind.DOORBELL;
        ManagedVm rung = guestIsRung ? guest : peer;
        ManagedVm ringing = guestIsRung ? peer : guest;
        End receiver = End.receiving(objects.side(
                rung,
                master,
                GunyahRights.DOORBELL_RECEIVE,
                guestIsRung ? configuration.interrupts() : List.of(),
                0,
                teardown));
        End sender = End.sending(
                Side.withoutInterrupt(objects.copy(ringing, master, ringingRights(configuration), teardown)));
        return new VirtualDevice(
                configuration,
                handle,
                guestIsRung ? receiver : sender,
                guestIsRung ? sender : receiver,
                Optional.empty(),
                teardown);
    }

    /** Rights of the one who rings. */
    static int ringingRights(DeviceConfiguration configuration) {
        boolean canClear =
                configuration.kind() == DeviceKind.DOORBELL_SOURCE && configuration.has(Flag.SOURCE_CAN_CLEAR);
        return canClear ? GunyahRights.DOORBELL_SEND | GunyahRights.DOORBELL_RECEIVE : GunyahRights.DOORBELL_SEND;
    }

    /** A page of registers that both see, and an interrupt for each. */
    private VirtualDevice virtio(
            ManagedVm guest, DeviceConfiguration configuration, ManagedVm peer, int handle, Teardown teardown) {
        MemoryExtent registers = MemoryExtent.allocate(VirtualDevice.REGISTERS_SIZE);
        Side front =
                objects.line(guest, configuration.interrupts(), 0, teardown).at(map(guest, registers, teardown));
        long master = objects.makeOpaque(ObjectType.VIRTIO_MMIO, teardown);
        Side back =
                objects.side(peer, master, ALL_RIGHTS, List.of(), 0, teardown).at(map(peer, registers, teardown));
        return new VirtualDevice(
                configuration, handle, End.receiving(front), End.receiving(back), Optional.empty(), teardown);
    }

    private long map(ManagedVm vm, MemoryExtent extent, Teardown teardown) {
        long first = vm.vmid() == VmRegistry.HOST ? FIRST_ADDRESS_OF_HOST : FIRST_ADDRESS_OF_GUEST;
        GuestAddressSpace memory = vm.machine().vm().memory();
        MemRange range = new MemRange(memory.firstFree(first, extent.size()), extent.size());
        memory.map(range.address(), extent);
        claims.add(vm, range);
        teardown.add(() -> {
            claims.remove(vm, range);
            memory.unmap(range.address(), range.size());
        });
        return range.address();
    }
}
