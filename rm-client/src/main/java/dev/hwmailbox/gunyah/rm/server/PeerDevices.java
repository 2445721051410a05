// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm.server;

import dev.hwmailbox.gunyah.GunyahRights;
import dev.hwmailbox.gunyah.hypervisor.ObjectType;
import dev.hwmailbox.gunyah.rm.protocol.RmError;
import dev.hwmailbox.gunyah.rm.server.VirtualDevice.End;
import dev.hwmailbox.gunyah.rm.server.VirtualDevice.Side;
import java.util.Optional;
import java.util.function.IntSupplier;

/**
 * Makes the devices between two guests, each of which names the other. A guest whose initialisation has failed counts
 * as not there until it has been reset and initialised again.
 */
final class PeerDevices {
    private static final int RUNG = 0;
    private static final int RINGING = 1;

    private final VmRegistry vms;
    private final HypervisorObjects objects;
    private final IntSupplier handles;

    PeerDevices(VmRegistry vms, HypervisorObjects objects, IntSupplier handles) {
        this.vms = vms;
        this.objects = objects;
        this.handles = handles;
    }

    /** Makes a guest's end: the first of a new link, or the second of the one that its peer has made. */
    VirtualDevice create(ManagedVm guest, DeviceConfiguration configuration, PeerName name) {
        if (guest.identity().filter(name::names).isPresent()) {
            throw refused(configuration, name, "is this VM itself");
        }
        Optional<ManagedVm> peer = vms.guests().stream()
                .filter(vm ->
                        vm.isInitialised() && vm.identity().filter(name::names).isPresent())
                .findFirst();
        Teardown teardown = new Teardown();
        try {
            PeerLink link =
                    peer.map(vm -> offeredBy(vm, guest, configuration, name)).orElseGet(() -> newLink(configuration));
            return end(guest, configuration, link, teardown);
        } catch (RuntimeException e) {
            teardown.run();
            throw e;
        }
    }

    private static PeerLink offeredBy(ManagedVm peer, ManagedVm guest, DeviceConfiguration wanted, PeerName name) {
        return peer.devices().stream()
                .filter(device -> matches(device.configuration(), guest, wanted))
                .flatMap(device -> device.link().stream())
                .filter(link -> link.partnerOf(peer).isEmpty())
                .findFirst()
                .orElseThrow(() -> refused(wanted, name, "has no such device to this VM"));
    }

    private static boolean matches(DeviceConfiguration offered, ManagedVm guest, DeviceConfiguration wanted) {
        return offered.kind() == wanted.kind().counterpart()
                && offered.label() == wanted.label()
                && offered.messageSize() == wanted.messageSize()
                && offered.queueDepth() == wanted.queueDepth()
                && offered.peer()
                        .filter(back -> guest.identity().filter(back::names).isPresent())
                        .isPresent();
    }

    private PeerLink newLink(DeviceConfiguration configuration) {
        Teardown made = new Teardown();
        try {
            if (configuration.kind().isDoorbell()) {
                long[] bell = {objects.makeOpaque(ObjectType.DOORBELL, made)};
                return new PeerLink(handles.getAsInt(), bell, made, nothing -> {});
            }
            long[] queues = {objects.makeQueue(configuration, made), objects.makeQueue(configuration, made)};
            return new PeerLink(handles.getAsInt(), queues, made, objects::flush);
        } catch (RuntimeException e) {
            made.run();
            throw e;
        }
    }

    private VirtualDevice end(ManagedVm guest, DeviceConfiguration configuration, PeerLink link, Teardown teardown) {
        int end = switch (configuration.kind()) {
            case DOORBELL -> RUNG;
            case DOORBELL_SOURCE -> RINGING;
            default -> link.freeEnd();
        };
        link.take(end, guest, teardown);
        End made = switch (configuration.kind()) {
            case DOORBELL ->
                End.receiving(objects.side(
                        guest, link.master(0), GunyahRights.DOORBELL_RECEIVE, configuration.interrupts(), 0, teardown));
            case DOORBELL_SOURCE ->
                End.sending(Side.withoutInterrupt(
                        objects.copy(guest, link.master(0), DeviceFactory.ringingRights(configuration), teardown)));
            default ->
                objects.queueEnd(guest, link.master(end), link.master(1 - end), configuration.interrupts(), teardown);
        };
        return new VirtualDevice(configuration, link.handle(), made, End.NONE, Optional.of(link), teardown);
    }

    private static RmRefusal refused(DeviceConfiguration configuration, PeerName name, String fact) {
        return new RmRefusal(
                RmError.NORESOURCE, "%s: peer \"%s\" %s".formatted(configuration.path(), name.text(), fact));
    }
}
