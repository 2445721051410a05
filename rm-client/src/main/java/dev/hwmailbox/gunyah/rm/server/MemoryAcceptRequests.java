// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm.server;

import dev.hwmailbox.gunyah.hypervisor.GuestAddressSpace;
import dev.hwmailbox.gunyah.rm.protocol.MemAcceptReply;
import dev.hwmailbox.gunyah.rm.protocol.MemAcceptRequest;
import dev.hwmailbox.gunyah.rm.protocol.MemHandleRequest;
import dev.hwmailbox.gunyah.rm.protocol.MemParcelRequest;
import dev.hwmailbox.gunyah.rm.protocol.MemRange;
import dev.hwmailbox.gunyah.rm.protocol.RmError;
import dev.hwmailbox.gunyah.rm.protocol.RmMessage;
import dev.hwmailbox.gunyah.rm.protocol.RmMessageId;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** What a recipient does with somebody else's memory: mapping it, and giving it up. */
final class MemoryAcceptRequests {
    /** Where parcels go that a recipient wants anywhere: above all memory a VM has from its start. */
    static final long FIRST_FREE_CHOICE = 0x10_0000_0000L;

    private static final int KNOWN_FLAGS = MemAcceptRequest.FLAG_SANITIZED
            | MemAcceptRequest.FLAG_CHECK_ACCESS
            | MemAcceptRequest.FLAG_CHECK_LABEL
            | MemAcceptRequest.FLAG_MAP_OTHER
            | MemAcceptRequest.FLAG_CONTIGUOUS
            | MemAcceptRequest.FLAG_SANITIZE
            | MemAcceptRequest.FLAG_DONE;

    private final VmRegistry vms;
    private final MemoryParcels parcels;

    MemoryAcceptRequests(VmRegistry vms, MemoryParcels parcels) {
        this.vms = vms;
        this.parcels = parcels;
    }

    void addTo(Map<Integer, RequestHandler> handlers) {
        handlers.put(RmMessageId.MEM_ACCEPT, this::accept);
        handlers.put(RmMessageId.MEM_RELEASE, this::release);
    }

    static void requirePages(MemRange range) {
        if (range.address() % GuestAddressSpace.PAGE_SIZE != 0
                || range.size() % GuestAddressSpace.PAGE_SIZE != 0
                || range.size() <= 0) {
            throw new RmRefusal(RmError.ARGUMENT_INVALID, range + " is not made of pages");
        }
    }

    static boolean isClearing(MemHandleRequest request) {
        if ((request.flags() & ~MemHandleRequest.FLAG_CLEAR) != 0) {
            throw new RmRefusal(RmError.ARGUMENT_INVALID, "flags 0x%x are unknown".formatted(request.flags()));
        }
        return request.flags() == MemHandleRequest.FLAG_CLEAR;
    }

    /** Takes a parcel out of a recipient's address space. */
    static void unmap(MemoryParcel parcel, ManagedVm vm, MemoryClaims claims) {
        List<MemRange> ranges = parcel.mapping(vm).orElseThrow().ranges();
        parcel.unmap(vm);
        ranges.forEach(range -> claims.remove(vm, range));
    }

    private void accept(ManagedVm caller, RmMessage message, Reply reply) {
        MemAcceptRequest request = MemAcceptRequest.decode(message);
        ManagedVm vm = user(caller, request);
        MemoryParcel parcel = parcels.ofRecipient(request.handle(), vm);
        check(request, parcel);
        boolean sanitize = (request.flags() & MemAcceptRequest.FLAG_SANITIZE) != 0;
        if (sanitize) {
            requireWritable(parcel, vm);
        }
        if (parcel.isUsedBy(vm)) {
            throw new RmRefusal(
                    RmError.MEM_INUSE, "VM %d uses memory 0x%x already".formatted(vm.vmid(), parcel.handle()));
        }
        if (request.ranges().isEmpty()) {
            long address = vm.machine().vm().memory().firstFree(FIRST_FREE_CHOICE, parcel.size());
            var chosen = List.of(new MemRange(address, parcel.size()));
            map(parcel, vm, new MemoryParcel.Mapping(chosen, sanitize));
            reply.ok(new MemAcceptReply(0, chosen));
        } else {
            requireAllOf(parcel, request);
            map(parcel, vm, new MemoryParcel.Mapping(request.ranges(), sanitize));
            reply.ok();
        }
    }

    private void map(MemoryParcel parcel, ManagedVm vm, MemoryParcel.Mapping mapping) {
        parcel.map(vm, mapping);
        mapping.ranges().forEach(range -> parcels.claims().add(vm, range));
    }

    /** The caller, or a VM of its own for which it acts. */
    private ManagedVm user(ManagedVm caller, MemAcceptRequest request) {
        if ((request.flags() & MemAcceptRequest.FLAG_MAP_OTHER) == 0) {
            return caller;
        }
        ManagedVm other = vms.require(request.mapVmid(), RmError.ARGUMENT_INVALID);
        if (!other.isOwnedBy(caller)) {
            throw new RmRefusal(RmError.DENIED, "VM " + other.vmid() + " is not owned by VM " + caller.vmid());
        }
        return other;
    }

    private static void check(MemAcceptRequest request, MemoryParcel parcel) {
        int flags = request.flags();
        if ((flags & ~KNOWN_FLAGS) != 0) {
            throw new RmRefusal(RmError.ARGUMENT_INVALID, "flags 0x%x are unknown".formatted(flags));
        }
        if (!parcel.isComplete()) {
            throw new RmRefusal(RmError.MEM_INVALID, "memory 0x%x is not complete".formatted(parcel.handle()));
        }
        MemParcelRequest terms = parcel.terms();
        requireAsExpected(parcel, "kind", request.memoryType() == terms.memoryType());
        requireAsExpected(parcel, "transaction", request.transaction() == parcel.transaction());
        if ((flags & MemAcceptRequest.FLAG_SANITIZED) != 0) {
            requireAsExpected(parcel, "clearing", (terms.flags() & MemParcelRequest.FLAG_SANITIZE) != 0);
        }
        if ((flags & MemAcceptRequest.FLAG_CHECK_LABEL) != 0) {
            requireAsExpected(parcel, "label", request.label() == terms.label());
        }
        if ((flags & MemAcceptRequest.FLAG_CHECK_ACCESS) != 0) {
            requireAsExpected(parcel, "rights", Set.copyOf(request.acl()).equals(Set.copyOf(terms.acl())));
            requireAsExpected(
                    parcel, "attributes", Set.copyOf(request.attributes()).equals(Set.copyOf(terms.attributes())));
        }
    }

    private static void requireAsExpected(MemoryParcel parcel, String what, boolean asExpected) {
        if (!asExpected) {
            throw new RmRefusal(
                    RmError.VALIDATE_FAILED,
                    "%s of memory 0x%x is not the expected one".formatted(what, parcel.handle()));
        }
    }

    private static void requireAllOf(MemoryParcel parcel, MemAcceptRequest request) {
        request.ranges().forEach(MemoryAcceptRequests::requirePages);
        long rest = parcel.size();
        for (MemRange range : request.ranges()) {
            rest -= Math.min(rest + 1, range.size());
        }
        if (rest != 0) {
            throw new RmRefusal(
                    RmError.ARGUMENT_INVALID,
                    "the ranges do not hold the 0x%x bytes of memory 0x%x".formatted(parcel.size(), parcel.handle()));
        }
    }

    private void release(ManagedVm caller, RmMessage message, Reply reply) {
        MemHandleRequest request = MemHandleRequest.decode(message);
        MemoryParcel parcel = parcels.ofRecipient(request.handle(), caller);
        boolean clear = isClearing(request);
        if (clear) {
            requireWritable(parcel, caller);
        }
        if (parcel.mapping(caller).isEmpty()) {
            throw parcel.isUsedBy(caller)
                    ? new RmRefusal(RmError.MEM_INUSE, "VM " + caller.vmid() + " lives in it")
                    : new RmRefusal(RmError.MEM_RELEASED, "VM " + caller.vmid() + " has not accepted it");
        }
        if (parcel.transaction() == MemAcceptRequest.DONATE) {
            throw new RmRefusal(RmError.DENIED, "memory 0x%x is a gift".formatted(parcel.handle()));
        }
        unmap(parcel, caller, parcels.claims());
        if (clear) {
            parcel.clear();
        }
        reply.ok();
    }

    private static void requireWritable(MemoryParcel parcel, ManagedVm vm) {
        if (!parcel.mayWrite(vm)) {
            throw new RmRefusal(
                    RmError.DENIED, "VM %d may not clear memory 0x%x".formatted(vm.vmid(), parcel.handle()));
        }
    }
}
