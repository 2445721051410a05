// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm.server;

import dev.hwmailbox.gunyah.GunyahException;
import dev.hwmailbox.gunyah.hypervisor.GuestAddressSpace;
import dev.hwmailbox.gunyah.hypervisor.MemoryExtent;
import dev.hwmailbox.gunyah.rm.protocol.MemAclEntry;
import dev.hwmailbox.gunyah.rm.protocol.MemHandleRequest;
import dev.hwmailbox.gunyah.rm.protocol.MemParcelRequest;
import dev.hwmailbox.gunyah.rm.protocol.MemRange;
import dev.hwmailbox.gunyah.rm.protocol.RmError;
import dev.hwmailbox.gunyah.rm.protocol.RmHandle;
import dev.hwmailbox.gunyah.rm.protocol.RmMessage;
import dev.hwmailbox.gunyah.rm.protocol.RmMessageId;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Lending memory and taking it back. */
final class MemoryRequests {
    /** Parcels one VM may have lent at a time. */
    static final int MAX_PARCELS = 64;

    private static final long PAGE_MASK = 0xfff;

    private final Map<Integer, MemoryParcel> parcels = new LinkedHashMap<>();
    private int nextHandle;

    void addTo(Map<Integer, RequestHandler> handlers) {
        handlers.put(RmMessageId.MEM_LEND, this::lend);
        handlers.put(RmMessageId.MEM_RECLAIM, this::reclaim);
    }

    /** The parcel with a handle, if it is lent to a VM. */
    MemoryParcel require(int handle, ManagedVm borrower) {
        MemoryParcel parcel = parcels.get(handle);
        if (parcel == null || !parcel.isLentTo(borrower)) {
            throw new RmRefusal(
                    RmError.MEM_INVALID, "no memory 0x%x is lent to VM %d".formatted(handle, borrower.vmid()));
        }
        return parcel;
    }

    /** Forgets what a VM has lent, as its memory goes; a borrower that lives in it keeps it. */
    void forgetLentBy(ManagedVm lender) {
        parcels.values().removeIf(parcel -> parcel.lender() == lender);
    }

    private void lend(ManagedVm caller, RmMessage message, Reply reply) {
        MemParcelRequest request = MemParcelRequest.decode(message);
        check(request);
        if (parcels.values().stream()
                        .filter(parcel -> parcel.lender() == caller)
                        .count()
                >= MAX_PARCELS) {
            throw new RmRefusal(RmError.NORESOURCE, "VM " + caller.vmid() + " has lent " + MAX_PARCELS + " parcels");
        }
        GuestAddressSpace memory = caller.machine().vm().memory();
        List<MemoryParcel.Range> ranges = new ArrayList<>();
        try {
            for (MemRange range : request.ranges()) {
                MemoryExtent extent = memory.extent(range.address(), range.size());
                memory.unmap(range.address(), range.size());
                ranges.add(new MemoryParcel.Range(range.address(), extent));
            }
        } catch (GunyahException e) {
            ranges.forEach(range -> memory.map(range.lenderAddress(), range.extent()));
            throw new RmRefusal(RmError.MEM_INVALID, e);
        }
        List<Integer> borrowers = request.acl().stream().map(MemAclEntry::vmid).toList();
        MemoryParcel parcel = new MemoryParcel(nextHandle++, caller, request.label(), borrowers, ranges);
        parcels.put(parcel.handle(), parcel);
        reply.ok(new RmHandle(parcel.handle()));
    }

    private static void check(MemParcelRequest request) {
        if (request.memoryType() != MemParcelRequest.TYPE_NORMAL || request.flags() != 0) {
            throw new RmRefusal(RmError.ARGUMENT_INVALID, "only normal memory in one message can be lent");
        }
        if (request.acl().isEmpty() || request.ranges().isEmpty()) {
            throw new RmRefusal(RmError.ARGUMENT_INVALID, "nobody or nothing to lend to");
        }
        for (MemAclEntry entry : request.acl()) {
            if (!entry.isAllowed()) {
                throw new RmRefusal(RmError.ARGUMENT_INVALID, "rights " + entry.rights() + " are not allowed");
            }
        }
        for (MemRange range : request.ranges()) {
            if (((range.address() | range.size()) & PAGE_MASK) != 0 || range.size() <= 0) {
                throw new RmRefusal(RmError.ARGUMENT_INVALID, range + " is not made of pages");
            }
        }
    }

    private void reclaim(ManagedVm caller, RmMessage message, Reply reply) {
        int handle = MemHandleRequest.decode(message).handle();
        MemoryParcel parcel = parcels.get(handle);
        if (parcel == null || parcel.lender() != caller) {
            throw new RmRefusal(
                    RmError.HANDLE_INVALID, "VM %d has lent no memory 0x%x".formatted(caller.vmid(), handle));
        }
        if (parcel.inUse()) {
            throw new RmRefusal(RmError.MEM_INUSE, "memory 0x%x is in use".formatted(handle));
        }
        mapBack(caller.machine().vm().memory(), parcel);
        parcels.remove(handle);
        reply.ok();
    }

    /** All of it or nothing: the lender may have put something else in its place. */
    private static void mapBack(GuestAddressSpace memory, MemoryParcel parcel) {
        List<MemoryParcel.Range> mapped = new ArrayList<>();
        try {
            for (MemoryParcel.Range range : parcel.ranges()) {
                memory.map(range.lenderAddress(), range.extent());
                mapped.add(range);
            }
        } catch (GunyahException e) {
            mapped.forEach(
                    range -> memory.unmap(range.lenderAddress(), range.extent().size()));
            throw new RmRefusal(RmError.MAP_FAILED, e);
        }
    }
}
