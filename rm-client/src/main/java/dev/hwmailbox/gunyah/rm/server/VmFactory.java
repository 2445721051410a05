// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm.server;

import dev.hwmailbox.MailboxException;
import dev.hwmailbox.gunyah.CapabilityId;
import dev.hwmailbox.gunyah.GunyahRights;
import dev.hwmailbox.gunyah.hypervisor.SoftwareHypervisor;
import dev.hwmailbox.gunyah.hypervisor.VirtualMachine;
import dev.hwmailbox.gunyah.msgq.GunyahMsgqController;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.Function;

/**
 * Makes the hypervisor's side of a VM (the machine, its memory, its vCPUs, its devices, its channel to the Resource
 * Manager) and takes it back.
 */
final class VmFactory {
    private static final int CSPACE_RIGHTS = GunyahRights.CSPACE_CAP_CREATE | GunyahRights.CSPACE_CAP_DELETE;

    private final SoftwareHypervisor hypervisor;
    private final ManagedVm manager;
    private final DeviceFactory devices;
    private final GunyahMsgqController controller;
    private final Function<ManagedVm, VmConnection> connections;

    VmFactory(
            SoftwareHypervisor hypervisor,
            ManagedVm manager,
            DeviceFactory devices,
            GunyahMsgqController controller,
            Function<ManagedVm, VmConnection> connections) {
        this.hypervisor = hypervisor;
        this.manager = manager;
        this.devices = devices;
        this.controller = controller;
        this.connections = connections;
    }

    /** Makes everything a configuration asks for. What a failure leaves behind stays with the VM until it is reset. */
    void build(ManagedVm vm, VmConfiguration configuration, ManagedVm owner) {
        VirtualMachine machine = hypervisor.createVm(vm.vmid());
        Teardown teardown = new Teardown();
        teardown.add(machine::destroy);
        adopt(vm, machine, teardown);
        mapMemory(vm, configuration.baseAddress());
        for (int i = 0; i < configuration.vcpus(); i++) {
            vm.vcpus().add(devices.vcpu(i, owner, configuration.proxyScheduled(), Vcpu.NOT_SCHEDULED_BY_OWNER));
        }
        List<DeviceConfiguration> inOrder = new ArrayList<>(configuration.devices());
        inOrder.sort(Comparator.comparingInt(device -> device.kind().rank()));
        for (DeviceConfiguration device : inOrder) {
            ManagedVm peer = device.kind() == DeviceKind.RM_CHANNEL ? manager : owner;
            VirtualDevice made = devices.create(vm, device, peer);
            vm.devices().add(made);
            if (device.kind() == DeviceKind.RM_CHANNEL && vm.connection().isEmpty()) {
                connect(vm, made);
            }
        }
    }

    /** Gets hold of a machine: from here on the Resource Manager can give it capabilities and interrupts. */
    void adopt(ManagedVm vm, VirtualMachine machine, Teardown teardown) {
        VirtualMachine own = manager.machine().vm();
        try {
            CapabilityId cspace = machine.grantCspaceTo(own, CSPACE_RIGHTS);
            teardown.add(() -> devices.deleteOwn(cspace.value()));
            CapabilityId vic = machine.grantVicTo(own, GunyahRights.VIC_BIND_SOURCE);
            teardown.add(() -> devices.deleteOwn(vic.value()));
            vm.machine(new ManagedVm.Machine(machine, cspace.value(), vic.value(), teardown));
        } catch (MailboxException e) {
            teardown.run();
            throw e;
        }
    }

    /** Opens the Resource Manager's end of a VM's channel. */
    void connect(ManagedVm vm, VirtualDevice device) {
        VmConnection connection = connections.apply(vm);
        vm.connection(connection);
        connection.open(controller.requestChannel(
                connection, device.peer().toEndpoint(device.configuration().messageSize())));
    }

    /** Takes back whatever was made of a VM. */
    void destroy(ManagedVm vm) {
        vm.connection().ifPresent(VmConnection::close);
        for (int i = vm.devices().size() - 1; i >= 0; i--) {
            vm.devices().get(i).teardown().run();
        }
        vm.vcpus().forEach(vcpu -> vcpu.teardown().run());
        if (vm.hasMachine()) {
            vm.machine().teardown().run();
        }
    }

    private static void mapMemory(ManagedVm vm, long baseAddress) {
        long address = baseAddress;
        for (MemoryParcel.Range range : vm.image().parcel().ranges()) {
            vm.machine().vm().memory().map(address, range.extent());
            address += range.extent().size();
        }
    }
}
