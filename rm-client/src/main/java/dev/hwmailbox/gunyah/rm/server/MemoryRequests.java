// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm.server;

import dev.hwmailbox.gunyah.GunyahException;
import dev.hwmailbox.gunyah.hypervisor.GuestAddressSpace;
import dev.hwmailbox.gunyah.hypervisor.MemoryExtent;
import dev.hwmailbox.gunyah.rm.protocol.MemAcceptRequest;
import dev.hwmailbox.gunyah.rm.protocol.MemAclEntry;
import dev.hwmailbox.gunyah.rm.protocol.MemAppendRequest;
import dev.hwmailbox.gunyah.rm.protocol.MemHandleNotification;
import dev.hwmailbox.gunyah.rm.protocol.MemHandleRequest;
import dev.hwmailbox.gunyah.rm.protocol.MemLookupRequest;
import dev.hwmailbox.gunyah.rm.protocol.MemParcelRequest;
import dev.hwmailbox.gunyah.rm.protocol.MemRange;
import dev.hwmailbox.gunyah.rm.protocol.MemRecallNotification;
import dev.hwmailbox.gunyah.rm.protocol.MemSharedNotification;
import dev.hwmailbox.gunyah.rm.protocol.RmError;
import dev.hwmailbox.gunyah.rm.protocol.RmHandle;
import dev.hwmailbox.gunyah.rm.protocol.RmMessage;
import dev.hwmailbox.gunyah.rm.protocol.RmMessageId;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What the owner of memory does with it: donating, lending and sharing it, and taking it back.
 *
 * <p>Memory is in one parcel at a time, and what came out of a parcel cannot be put into another. Rights are compared,
 * not enforced: what is mapped here can be written.
 */
final class MemoryRequests {
    /** Ranges a parcel may have; so many can be told of in one notification. */
    static final int MAX_RANGES = MemSharedNotification.MAX_SIZES;

    private static final Logger LOG = LoggerFactory.getLogger(MemoryRequests.class);

    private static final int KNOWN_FLAGS = MemParcelRequest.FLAG_SANITIZE | MemParcelRequest.FLAG_MORE_RANGES;

    private final VmRegistry vms;
    private final Notifier notifier;
    private final MemoryParcels parcels = new MemoryParcels();

    MemoryRequests(VmRegistry vms, Notifier notifier) {
        this.vms = vms;
        this.notifier = notifier;
    }

    void addTo(Map<Integer, RequestHandler> handlers) {
        handlers.put(RmMessageId.MEM_DONATE, (vm, message, reply) -> pass(MemAcceptRequest.DONATE, vm, message, reply));
        handlers.put(RmMessageId.MEM_LEND, (vm, message, reply) -> pass(MemAcceptRequest.LEND, vm, message, reply));
        handlers.put(RmMessageId.MEM_SHARE, (vm, message, reply) -> pass(MemAcceptRequest.SHARE, vm, message, reply));
        handlers.put(RmMessageId.MEM_APPEND, this::append);
        handlers.put(RmMessageId.MEM_RECLAIM, this::reclaim);
        handlers.put(RmMessageId.MEM_QCOM_LOOKUP_SGL, this::lookUp);
        new MemoryAcceptRequests(vms, parcels).addTo(handlers);
        new MemoryNotifyRequests(vms, parcels, notifier).addTo(handlers);
    }

    /**
     * The parcel with a handle, if a VM can be made of it. It must be the owner's: what anybody else has lent goes when
     * the lender ends, and nobody can take a VM's image away from it.
     */
    MemoryParcel require(int handle, ManagedVm owner, ManagedVm borrower) {
        return parcels.all().stream()
                .filter(parcel -> parcel.handle() == handle
                        && parcel.lender() == owner
                        && parcel.isLentTo(borrower)
                        && parcel.isComplete())
                .findFirst()
                .orElseThrow(() -> new RmRefusal(
                        RmError.MEM_INVALID,
                        "no memory 0x%x of its owner is lent to VM %d".formatted(handle, borrower.vmid())));
    }

    /** The memory of a device of a VM: the parcel with the device's label that its owner has shared with the VM. */
    Optional<MemoryParcel> sharedWith(ManagedVm vm, int label) {
        return parcels.all().stream()
                .filter(parcel -> parcel.transaction() == MemAcceptRequest.SHARE
                        && parcel.terms().label() == label
                        && vm.isOwnedBy(parcel.lender())
                        && parcel.isLentTo(vm)
                        && parcel.isComplete())
                .findFirst();
    }

    /** Gives a VM memory in one piece, as if it had accepted it. */
    void map(ManagedVm vm, MemoryParcel parcel, MemRange where) {
        parcel.map(vm, new MemoryParcel.Mapping(List.of(where), false));
        parcels.claims().add(vm, where);
    }

    /** Where VMs have what is not theirs alone. */
    MemoryClaims claims() {
        return parcels.claims();
    }

    /** A VM's life has ended: it uses nothing of others any more, and others nothing of it. */
    void release(ManagedVm vm) {
        for (MemoryParcel parcel : parcels.all()) {
            if (parcel.isUsedBy(vm)) {
                parcel.forgetUse(vm);
                notifier.notify(
                        parcel.lender(),
                        RmMessageId.NOTIFY_MEM_RELEASED,
                        new MemHandleNotification(parcel.handle(), vm.vmid(), 0));
            }
            if (parcel.lender() == vm) {
                revoke(parcel);
            }
        }
        parcels.claims().forget(vm);
    }

    /** The memory goes, whether its users are ready or not; they are told that it has been asked back. */
    private void revoke(MemoryParcel parcel) {
        for (ManagedVm user : parcel.mappedBy()) {
            MemoryAcceptRequests.unmap(parcel, user, parcels.claims());
            notifier.notify(user, RmMessageId.NOTIFY_MEM_RECALL, new MemRecallNotification(parcel.handle(), 0));
        }
        parcels.remove(parcel);
    }

    /** Nobody uses anything any more: a VM that stays gets back all that it has passed on. */
    void giveBackAll(ManagedVm lender) {
        for (MemoryParcel parcel : parcels.all()) {
            if (parcel.lender() == lender) {
                try {
                    giveBack(parcel, parcel.ranges());
                } catch (RmRefusal e) {
                    LOG.warn("VM {} has something else where memory 0x{} was", lender.vmid(), parcel.handle(), e);
                }
                parcels.remove(parcel);
            }
        }
    }

    /** A VM goes for good: nothing is lent to the next one with its number. */
    void forget(ManagedVm vm) {
        parcels.all().forEach(parcel -> parcel.forgetRecipient(vm));
    }

    private void pass(int transaction, ManagedVm caller, RmMessage message, Reply reply) {
        MemParcelRequest request = MemParcelRequest.decode(message);
        if ((request.flags() & ~KNOWN_FLAGS) != 0) {
            throw new RmRefusal(RmError.ARGUMENT_INVALID, "flags 0x%x are unknown".formatted(request.flags()));
        }
        if (request.acl().isEmpty() || request.ranges().isEmpty()) {
            throw new RmRefusal(RmError.ARGUMENT_INVALID, "nobody or nothing to pass on to");
        }
        int handle = parcels.newHandle(caller);
        Set<ManagedVm> recipients = recipients(transaction, caller, request);
        var parcel = new MemoryParcel(handle, caller, transaction, request, recipients);
        take(parcel, request.ranges());
        if ((request.flags() & MemParcelRequest.FLAG_MORE_RANGES) == 0) {
            complete(parcel);
        }
        parcels.add(parcel);
        reply.ok(new RmHandle(handle));
    }

    private Set<ManagedVm> recipients(int transaction, ManagedVm caller, MemParcelRequest request) {
        Set<ManagedVm> recipients = new HashSet<>();
        for (MemAclEntry entry : request.acl()) {
            if (!entry.isAllowed()) {
                throw new RmRefusal(RmError.ARGUMENT_INVALID, "rights " + entry.rights() + " are not allowed");
            }
            if (entry.vmid() == VmRegistry.MANAGER
                    || !recipients.add(vms.require(entry.vmid(), RmError.ARGUMENT_INVALID))) {
                throw new RmRefusal(
                        RmError.ARGUMENT_INVALID, "VM " + entry.vmid() + " cannot be a recipient, or twice");
            }
        }
        boolean ownerToo = recipients.remove(caller);
        if (transaction != MemAcceptRequest.SHARE && (ownerToo || recipients.isEmpty())) {
            throw new RmRefusal(RmError.ARGUMENT_INVALID, "the owner cannot keep what it gives away");
        }
        if (transaction == MemAcceptRequest.DONATE && recipients.size() != 1) {
            throw new RmRefusal(RmError.ARGUMENT_INVALID, "one VM at a time can be given memory");
        }
        return recipients;
    }

    private void append(ManagedVm caller, RmMessage message, Reply reply) {
        MemAppendRequest request = MemAppendRequest.decode(message);
        MemoryParcel parcel = parcels.ofLender(request.handle(), caller);
        if ((request.flags() & ~MemAppendRequest.FLAG_LAST) != 0) {
            throw new RmRefusal(RmError.ARGUMENT_INVALID, "flags 0x%x are unknown".formatted(request.flags()));
        }
        if (parcel.isComplete()) {
            throw new RmRefusal(RmError.DENIED, "memory 0x%x is complete".formatted(parcel.handle()));
        }
        take(parcel, request.ranges());
        if ((request.flags() & MemAppendRequest.FLAG_LAST) != 0) {
            complete(parcel);
        }
        reply.ok();
    }

    private static void complete(MemoryParcel parcel) {
        parcel.complete();
        if ((parcel.terms().flags() & MemParcelRequest.FLAG_SANITIZE) != 0) {
            parcel.clear();
        }
    }

    /** Puts memory of the lender into a parcel: all of it or nothing. */
    private void take(MemoryParcel parcel, List<MemRange> wanted) {
        wanted.forEach(MemoryAcceptRequests::requirePages);
        if (parcel.ranges().size() + wanted.size() > MAX_RANGES) {
            throw new RmRefusal(RmError.NORESOURCE, "a parcel has at most " + MAX_RANGES + " ranges");
        }
        List<MemoryParcel.Range> taken = new ArrayList<>();
        try {
            for (MemRange range : wanted) {
                taken.add(take(parcel, range));
            }
        } catch (GunyahException e) {
            giveBack(parcel, taken);
            throw new RmRefusal(RmError.MEM_INVALID, e);
        } catch (RmRefusal e) {
            giveBack(parcel, taken);
            throw e;
        }
        parcel.append(taken);
    }

    private MemoryParcel.Range take(MemoryParcel parcel, MemRange range) {
        ManagedVm lender = parcel.lender();
        GuestAddressSpace memory = lender.machine().vm().memory();
        MemoryExtent extent = memory.extent(range.address(), range.size());
        if (parcels.claims().overlaps(lender, range)) {
            throw new RmRefusal(RmError.MEM_INUSE, range + " is shared or somebody else's");
        }
        if (parcel.transaction() == MemAcceptRequest.SHARE) {
            parcels.claims().add(lender, range);
        } else {
            memory.unmap(range.address(), range.size());
        }
        return new MemoryParcel.Range(range.address(), extent);
    }

    /** All of it or nothing: the lender may have put something else in its place. */
    private void giveBack(MemoryParcel parcel, List<MemoryParcel.Range> ranges) {
        ManagedVm lender = parcel.lender();
        if (parcel.transaction() == MemAcceptRequest.SHARE) {
            ranges.forEach(range -> parcels.claims().remove(lender, range.toMemRange()));
            return;
        }
        GuestAddressSpace memory = lender.machine().vm().memory();
        List<MemRange> mapped = new ArrayList<>();
        try {
            for (MemoryParcel.Range range : ranges) {
                memory.map(range.lenderAddress(), range.extent());
                mapped.add(range.toMemRange());
            }
        } catch (GunyahException e) {
            mapped.forEach(range -> memory.unmap(range.address(), range.size()));
            throw new RmRefusal(RmError.MAP_FAILED, e);
        }
    }

    private void reclaim(ManagedVm caller, RmMessage message, Reply reply) {
        MemHandleRequest request = MemHandleRequest.decode(message);
        MemoryParcel parcel = parcels.ofLender(request.handle(), caller);
        boolean clear = MemoryAcceptRequests.isClearing(request);
        if (parcel.inUse()) {
            throw new RmRefusal(RmError.MEM_INUSE, "memory 0x%x is in use".formatted(parcel.handle()));
        }
        giveBack(parcel, parcel.ranges());
        if (clear) {
            parcel.clear();
        }
        parcels.remove(parcel);
        reply.ok();
    }

    private void lookUp(ManagedVm caller, RmMessage message, Reply reply) {
        MemLookupRequest request = MemLookupRequest.decode(message);
        MemoryParcel found = parcels.all().stream()
                .filter(parcel -> matches(parcel, caller, request))
                .findFirst()
                .orElseThrow(() -> new RmRefusal(
                        RmError.LOOKUP_FAILED,
                        "VM %d has no such memory with label 0x%x".formatted(caller.vmid(), request.label())));
        reply.ok(new RmHandle(found.handle()));
    }

    private static boolean matches(MemoryParcel parcel, ManagedVm caller, MemLookupRequest request) {
        MemParcelRequest terms = parcel.terms();
        return terms.memoryType() == request.memoryType()
                && terms.label() == request.label()
                && Set.copyOf(terms.acl()).equals(Set.copyOf(request.acl()))
                && (request.attributes().isEmpty() || terms.attributes().equals(request.attributes()))
                && rangesOf(caller, parcel).equals(request.ranges());
    }

    /** Where a VM has a parcel's memory; nowhere if it has nothing to do with it. */
    private static List<MemRange> rangesOf(ManagedVm vm, MemoryParcel parcel) {
        return vm == parcel.lender()
                ? parcel.ranges().stream().map(MemoryParcel.Range::toMemRange).toList()
                : parcel.mapping(vm).map(MemoryParcel.Mapping::ranges).orElse(List.of());
    }
}
