// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm.server;

import dev.hwmailbox.MailboxException;
import dev.hwmailbox.gunyah.CapabilityId;
import dev.hwmailbox.gunyah.GunyahRights;
import dev.hwmailbox.gunyah.hypervisor.GuestAddressSpace;
import dev.hwmailbox.gunyah.hypervisor.SoftwareHypervisor;
import dev.hwmailbox.gunyah.hypervisor.VirtualMachine;
import dev.hwmailbox.gunyah.msgq.GunyahMsgqController;
import dev.hwmailbox.gunyah.rm.protocol.MemRange;
import dev.hwmailbox.gunyah.rm.protocol.RmError;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.Function;

/**
 * Makes the hypervisor's side of a VM (the machine, its memory, its vCPUs, its devices, its channel to the Resource
 * Manager) and takes it back.
 *
 * <p>Differs: a host that runs out of interrupt numbers ends the original when it happens on a queue pair or on a
 * doorbell that the guest rings; here VM_INIT is refused with NORESOURCE as for everything else.
 */
final class VmFactory {
    private static final int CSPACE_RIGHTS = GunyahRights.CSPACE_CAP_CREATE | GunyahRights.CSPACE_CAP_DELETE;

    private final SoftwareHypervisor hypervisor;
    private final ManagedVm manager;
    private final HypervisorObjects objects;
    private final DeviceFactory devices;
    private final PeerDevices peers;
    private final MemoryRequests memory;
    private final GunyahMsgqController controller;
    private final Function<ManagedVm, VmConnection> connections;

    VmFactory(
            SoftwareHypervisor hypervisor,
            ManagedVm manager,
            HypervisorObjects objects,
            DeviceFactory devices,
            PeerDevices peers,
            MemoryRequests memory,
            GunyahMsgqController controller,
            Function<ManagedVm, VmConnection> connections) {
        this.hypervisor = hypervisor;
        this.manager = manager;
        this.objects = objects;
        this.devices = devices;
        this.peers = peers;
        this.memory = memory;
        this.controller = controller;
        this.connections = connections;
    }

    /** Makes everything a configuration asks for. What a failure leaves behind stays with the VM until it is reset. */
    void build(ManagedVm vm, VmConfiguration configuration, ManagedVm owner) {
        VirtualMachine machine = hypervisor.createVm(vm.vmid());
        Teardown teardown = new Teardown();
        teardown.add(() -> VmStopper.destroy(machine));
        adopt(vm, machine, teardown);
        mapImage(vm, configuration.baseAddress());
        for (int i = 0; i < configuration.vcpus(); i++) {
            vm.vcpus().add(devices.vcpu(i, owner, configuration.proxyScheduled(), Vcpu.NOT_SCHEDULED_BY_OWNER));
        }
        List<DeviceConfiguration> inOrder = new ArrayList<>(configuration.devices());
        inOrder.sort(Comparator.comparingInt(device -> device.kind().rank()));
        inOrder.forEach(device -> make(vm, device, owner));
    }

    private void make(ManagedVm vm, DeviceConfiguration device, ManagedVm owner) {
        switch (device.kind()) {
            case RM_CHANNEL -> {
                VirtualDevice channel = devices.create(vm, device, manager);
                vm.devices().add(channel);
                connect(vm, channel);
            }
            case SHARED_MEMORY_WITH_DOORBELLS -> {
                vm.devices().add(devices.create(vm, device.doorbell(DeviceKind.DOORBELL), owner));
                vm.devices().add(devices.create(vm, device.doorbell(DeviceKind.DOORBELL_SOURCE), owner));
                vm.devices().add(devices.create(vm, device, owner));
            }
            default ->
                vm.devices()
                        .add(device.peer()
                                .map(peer -> peers.create(vm, device, peer))
                                .orElseGet(() -> devices.create(vm, device, owner)));
        }
    }

    /** Gives a VM the memory that its devices share with others, as it is started. */
    void mapSharedMemory(ManagedVm vm) {
        for (VirtualDevice device : vm.devices()) {
            DeviceConfiguration configuration = device.configuration();
            configuration
                    .memory()
                    .ifPresent(wanted -> memory.sharedWith(vm, configuration.label())
                            .ifPresentOrElse(
                                    parcel -> share(vm, parcel, wanted), () -> requireOptional(configuration, wanted)));
        }
    }

    /** Maps it unless the VM has it already: from another device, or accepted in its name. */
    private void share(ManagedVm vm, MemoryParcel parcel, DeviceConfiguration.SharedMemory wanted) {
        if (parcel.mapping(vm).isEmpty()) {
            GuestAddressSpace addresses = vm.machine().vm().memory();
            long address = wanted.base()
                    .orElseGet(() -> addresses.firstFree(DeviceFactory.FIRST_ADDRESS_OF_GUEST, parcel.size()));
            try {
                memory.map(vm, parcel, new MemRange(address, parcel.size()));
            } catch (RmRefusal e) {
                throw new RmRefusal(RmError.NORESOURCE, "memory of a device: " + e.reason());
            }
        }
        List<MemRange> ranges = parcel.mapping(vm).orElseThrow().ranges();
        if (ranges.size() != 1) {
            throw new RmRefusal(
                    RmError.NORESOURCE, "memory 0x%x of a device is not in one piece".formatted(parcel.handle()));
        }
        long address = ranges.get(0).address();
        ManagedVm.Mapping mapping = new ManagedVm.Mapping(parcel, address);
        if (!vm.mappings().contains(mapping)) {
            vm.mappings().add(mapping);
        }
    }

    private static void requireOptional(DeviceConfiguration configuration, DeviceConfiguration.SharedMemory wanted) {
        if (!configuration.kind().isSharedMemory() || !wanted.optional()) {
            throw new RmRefusal(
                    RmError.NORESOURCE,
                    "%s: no memory with label 0x%x is shared with the VM"
                            .formatted(configuration.path(), configuration.label()));
        }
    }

    /** Gets hold of a machine: from here on the Resource Manager can give it capabilities and interrupts. */
    void adopt(ManagedVm vm, VirtualMachine machine, Teardown teardown) {
        VirtualMachine own = manager.machine().vm();
        try {
            CapabilityId cspace = machine.grantCspaceTo(own, CSPACE_RIGHTS);
            teardown.add(() -> objects.deleteOwn(cspace.value()));
            CapabilityId vic = machine.grantVicTo(own, GunyahRights.VIC_BIND_SOURCE);
            teardown.add(() -> objects.deleteOwn(vic.value()));
            vm.machine(new ManagedVm.Machine(machine, cspace.value(), vic.value(), teardown));
        } catch (MailboxException e) {
            teardown.run();
            throw e;
        }
    }

    /** Opens the Resource Manager's end of a VM's channel. */
    void connect(ManagedVm vm, VirtualDevice device) {
        VmConnection connection = connections.apply(vm);
        vm.connections().add(connection);
        connection.open(controller.requestChannel(
                connection, device.peer().toEndpoint(device.configuration().messageSize())));
    }

    /** Takes back whatever was made of a VM. */
    void destroy(ManagedVm vm) {
        vm.connections().forEach(VmConnection::close);
        for (int i = vm.devices().size() - 1; i >= 0; i--) {
            vm.devices().get(i).teardown().run();
        }
        vm.vcpus().forEach(vcpu -> vcpu.teardown().run());
        if (vm.hasMachine()) {
            vm.machine().teardown().run();
        }
    }

    private static void mapImage(ManagedVm vm, long baseAddress) {
        long address = baseAddress;
        for (MemoryParcel.Range range : vm.image().parcel().ranges()) {
            vm.machine().vm().memory().map(address, range.extent());
            address += range.extent().size();
        }
        vm.mappings().add(new ManagedVm.Mapping(vm.image().parcel(), baseAddress));
    }
}
