// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm.server;

import dev.hwmailbox.gunyah.rm.protocol.HostTypeReply;
import dev.hwmailbox.gunyah.rm.protocol.HypResource;
import dev.hwmailbox.gunyah.rm.protocol.HypResourceList;
import dev.hwmailbox.gunyah.rm.protocol.LookupGuidRequest;
import dev.hwmailbox.gunyah.rm.protocol.RmError;
import dev.hwmailbox.gunyah.rm.protocol.RmMessage;
import dev.hwmailbox.gunyah.rm.protocol.RmMessageId;
import dev.hwmailbox.gunyah.rm.protocol.RmText;
import dev.hwmailbox.gunyah.rm.protocol.VmIdentifier;
import dev.hwmailbox.gunyah.rm.protocol.VmIdentifiersReply;
import dev.hwmailbox.gunyah.rm.protocol.VmRequest;
import dev.hwmailbox.gunyah.rm.protocol.VmState;
import dev.hwmailbox.gunyah.rm.protocol.VmStatus;
import dev.hwmailbox.gunyah.rm.protocol.VmidListReply;
import dev.hwmailbox.gunyah.rm.protocol.VmidReply;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Predicate;

/** The requests that ask and change nothing. */
final class QueryRequests {
    private static final UUID NO_GUID = new UUID(0, 0);
    private static final String NO_AUTHORITY = "N/A";
    private static final int PROTOCOL_VERSION = 1;

    private final VmRegistry vms;

    QueryRequests(VmRegistry vms) {
        this.vms = vms;
    }

    void addTo(Map<Integer, RequestHandler> handlers) {
        handlers.put(RmMessageId.VM_GET_VMID, this::getVmid);
        handlers.put(RmMessageId.VM_GET_OWNER, this::getOwner);
        handlers.put(RmMessageId.VM_GET_PEERS, this::getPeers);
        handlers.put(RmMessageId.VM_HOST_GET_TYPE, this::getHostType);
        handlers.put(RmMessageId.VM_GET_STATE, this::getState);
        handlers.put(RmMessageId.VM_GET_ID, this::getIdentifiers);
        handlers.put(RmMessageId.VM_LOOKUP_NAME, this::lookUpName);
        handlers.put(RmMessageId.VM_LOOKUP_URI, this::lookUpUri);
        handlers.put(RmMessageId.VM_LOOKUP_GUID, this::lookUpGuid);
        handlers.put(RmMessageId.VM_GET_HYP_RESOURCES, this::getResources);
        handlers.put(RmMessageId.VM_GET_CRASH_MSG, this::getCrashMessage);
    }

    private void getVmid(ManagedVm caller, RmMessage request, Reply reply) {
        request.requireNoData();
        reply.ok(new VmidReply(caller.vmid()));
    }

    private void getOwner(ManagedVm caller, RmMessage request, Reply reply) {
        request.requireNoData();
        reply.ok(new VmidReply(caller.owner()));
    }

    private void getPeers(ManagedVm caller, RmMessage request, Reply reply) {
        request.requireNoData();
        reply.ok(new VmidListReply(
                vms.peersOf(caller).stream().map(ManagedVm::vmid).toList()));
    }

    private void getHostType(ManagedVm caller, RmMessage request, Reply reply) {
        request.requireNoData();
        reply.ok(new HostTypeReply(
                HostTypeReply.ARCHITECTURE_AARCH64, HostTypeReply.HYPERVISOR_GUNYAH, PROTOCOL_VERSION));
    }

    private void getState(ManagedVm caller, RmMessage request, Reply reply) {
        ManagedVm vm = subject(caller, request, RmError.NORESOURCE);
        requireVisible(vm, caller, RmError.DENIED);
        reply.ok(new VmStatus(vm.state().value(), vm.osState(), vm.applicationState()));
    }

    private void getIdentifiers(ManagedVm caller, RmMessage request, Reply reply) {
        ManagedVm vm = subject(caller, request, RmError.NORESOURCE);
        requireVisible(vm, caller, RmError.NORESOURCE);
        vm.requireState(VmState.READY, VmState.RUNNING, VmState.PAUSED);
        List<VmIdentifier> identifiers = new ArrayList<>();
        vm.identity().ifPresent(identity -> {
            identifiers.add(VmIdentifier.of(guid(identity)));
            identifiers.add(VmIdentifier.of(VmIdentifier.NAME, identity.name()));
            identity.uri().ifPresent(uri -> identifiers.add(VmIdentifier.of(VmIdentifier.URI, uri)));
        });
        identifiers.add(VmIdentifier.of(VmIdentifier.SIGN_AUTHORITY, NO_AUTHORITY));
        reply.ok(new VmIdentifiersReply(identifiers));
    }

    private void lookUpName(ManagedVm caller, RmMessage request, Reply reply) {
        String name = lookedUp(request);
        reply.ok(matching(vm -> vm.identity().map(VmIdentity::name).equals(Optional.of(name))));
    }

    private void lookUpUri(ManagedVm caller, RmMessage request, Reply reply) {
        String uri = lookedUp(request);
        reply.ok(matching(vm -> vm.identity().flatMap(VmIdentity::uri).equals(Optional.of(uri))));
    }

    private void lookUpGuid(ManagedVm caller, RmMessage request, Reply reply) {
        requirePayload(request);
        UUID guid = LookupGuidRequest.decode(request).guid();
        reply.ok(matching(vm -> vm.identity().map(QueryRequests::guid).equals(Optional.of(guid))));
    }

    private void getResources(ManagedVm caller, RmMessage request, Reply reply) {
        VmRequest asked = VmRequest.decode(request);
        ManagedVm vm = vms.require(asked.vmid(), RmError.ARGUMENT_INVALID);
        List<HypResource> resources = new ArrayList<>();
        if (vm != caller) {
            if (vm.state() == VmState.LOAD || vm.state() == VmState.RESET) {
                throw new RmRefusal(RmError.NORESOURCE, "VM " + vm.vmid() + " is not configured");
            }
            if (vm.isOwnedBy(caller) || (vm.vmid() == VmRegistry.MANAGER && caller.vmid() == VmRegistry.HOST)) {
                vm.vcpus().forEach(vcpu -> resources.add(vcpu.resource()));
            }
            if (caller.isOwnedBy(vm)) {
                caller.devices().stream()
                        .filter(device -> device.link().isEmpty())
                        .forEach(device -> resources.addAll(device.resourcesOfGuest(vm.vmid())));
            }
            caller.linksTo(vm).forEach(device -> resources.addAll(device.resourcesOfGuest(vm.vmid())));
            if (vm.isOwnedBy(caller)) {
                vm.devices().forEach(device -> resources.addAll(device.resourcesOfPeer(vm.vmid())));
            }
        }
        if (resources.size() > HypResourceList.MAX_LENGTH) {
            throw new RmRefusal(RmError.NORESOURCE, resources.size() + " entries do not fit into a reply");
        }
        reply.ok(new HypResourceList(resources));
    }

    private void getCrashMessage(ManagedVm caller, RmMessage request, Reply reply) {
        ManagedVm vm = vms.require(VmRequest.decode(request).vmid(), RmError.VMID_INVALID);
        if (!vm.isOwnedBy(caller)) {
            throw new RmRefusal(RmError.VMID_INVALID, "VM " + vm.vmid() + " is not owned by VM " + caller.vmid());
        }
        reply.ok(vm.crashMessage());
    }

    private void requireVisible(ManagedVm vm, ManagedVm caller, int otherwise) {
        if (vm != caller && !vms.peersOf(caller).contains(vm)) {
            throw new RmRefusal(otherwise, "VM " + vm.vmid() + " is not visible to VM " + caller.vmid());
        }
    }

    /** The VM a request names, the caller itself for 0. */
    private ManagedVm subject(ManagedVm caller, RmMessage request, int unknown) {
        int vmid = VmRequest.decode(request).vmid();
        return vmid == VmRegistry.SELF ? caller : vms.require(vmid, unknown);
    }

    private static String lookedUp(RmMessage request) {
        requirePayload(request);
        // The length is judged before the shape.
        if (request.payloadLength() >= Short.BYTES
                && Short.toUnsignedInt(request.payloadBuffer().getShort(0)) > RmText.MAX_LOOKUP_LENGTH) {
            throw new RmRefusal(RmError.ARGUMENT_INVALID, "longer than " + RmText.MAX_LOOKUP_LENGTH + " bytes");
        }
        return RmText.decode(request).text();
    }

    private static UUID guid(VmIdentity identity) {
        return identity.guid().orElse(NO_GUID);
    }

    private static void requirePayload(RmMessage request) {
        if (request.payloadLength() == 0) {
            throw new RmRefusal(RmError.ARGUMENT_INVALID, "nothing to look up");
        }
    }

    private VmidListReply matching(Predicate<ManagedVm> criterion) {
        return new VmidListReply(
                vms.all().stream().filter(criterion).map(ManagedVm::vmid).toList());
    }
}
