// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm.server;

import dev.hwmailbox.gunyah.rm.protocol.MemHandleNotification;
import dev.hwmailbox.gunyah.rm.protocol.MemNotifyRequest;
import dev.hwmailbox.gunyah.rm.protocol.MemParcelRequest;
import dev.hwmailbox.gunyah.rm.protocol.MemRecallNotification;
import dev.hwmailbox.gunyah.rm.protocol.MemSharedNotification;
import dev.hwmailbox.gunyah.rm.protocol.RmError;
import dev.hwmailbox.gunyah.rm.protocol.RmMessage;
import dev.hwmailbox.gunyah.rm.protocol.RmMessageId;
import dev.hwmailbox.gunyah.rm.protocol.RmPayload;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** What owner and recipients of memory tell each other about it; the Resource Manager says nothing by itself. */
final class MemoryNotifyRequests {
    private final VmRegistry vms;
    private final MemoryParcels parcels;
    private final Notifier notifier;

    MemoryNotifyRequests(VmRegistry vms, MemoryParcels parcels, Notifier notifier) {
        this.vms = vms;
        this.parcels = parcels;
        this.notifier = notifier;
    }

    void addTo(Map<Integer, RequestHandler> handlers) {
        handlers.put(RmMessageId.MEM_NOTIFY, this::tell);
    }

    private void tell(ManagedVm caller, RmMessage message, Reply reply) {
        MemNotifyRequest request = MemNotifyRequest.decode(message);
        MemoryParcel parcel = parcels.ofEither(request.handle(), caller);
        switch (request.flags()) {
            case MemNotifyRequest.FLAG_SHARED ->
                tellRecipients(caller, parcel, request, RmMessageId.NOTIFY_MEM_SHARED, shared(parcel, request.tag()));
            case MemNotifyRequest.FLAG_RECALL ->
                tellRecipients(
                        caller,
                        parcel,
                        request,
                        RmMessageId.NOTIFY_MEM_RECALL,
                        new MemRecallNotification(parcel.handle(), request.tag()));
            case MemNotifyRequest.FLAG_RELEASED -> tellLender(caller, parcel, request, RmMessageId.NOTIFY_MEM_RELEASED);
            case MemNotifyRequest.FLAG_ACCEPTED -> tellLender(caller, parcel, request, RmMessageId.NOTIFY_MEM_ACCEPTED);
            default ->
                throw new RmRefusal(
                        RmError.ARGUMENT_INVALID, "flags 0x%x are not exactly one".formatted(request.flags()));
        }
        reply.ok();
    }

    private void tellRecipients(
            ManagedVm caller, MemoryParcel parcel, MemNotifyRequest request, int messageId, RmPayload news) {
        if (parcel.lender() != caller) {
            throw new RmRefusal(
                    RmError.DENIED, "memory 0x%x is not of VM %d".formatted(parcel.handle(), caller.vmid()));
        }
        if (!parcel.isComplete()) {
            throw new RmRefusal(RmError.MEM_INVALID, "memory 0x%x is not complete".formatted(parcel.handle()));
        }
        List<ManagedVm> receivers = new ArrayList<>();
        for (int vmid : request.vmids()) {
            ManagedVm receiver = vms.require(vmid, RmError.ARGUMENT_INVALID);
            if (!parcel.isLentTo(receiver) || receivers.contains(receiver)) {
                throw new RmRefusal(
                        RmError.ARGUMENT_INVALID,
                        "VM %d is no recipient of memory 0x%x, or named twice".formatted(vmid, parcel.handle()));
            }
            receivers.add(receiver);
        }
        receivers.forEach(receiver -> notifier.notify(receiver, messageId, news));
    }

    private void tellLender(ManagedVm caller, MemoryParcel parcel, MemNotifyRequest request, int messageId) {
        boolean accepted = messageId == RmMessageId.NOTIFY_MEM_ACCEPTED;
        if (parcel.lender() == caller) {
            throw new RmRefusal(RmError.DENIED, "memory 0x%x is the caller's own".formatted(parcel.handle()));
        }
        if (parcel.isUsedBy(caller) != accepted) {
            throw accepted
                    ? new RmRefusal(RmError.MEM_RELEASED, "memory 0x%x is not accepted".formatted(parcel.handle()))
                    : new RmRefusal(RmError.MEM_INUSE, "memory 0x%x is not released".formatted(parcel.handle()));
        }
        notifier.notify(
                parcel.lender(), messageId, new MemHandleNotification(parcel.handle(), caller.vmid(), request.tag()));
    }

    private static MemSharedNotification shared(MemoryParcel parcel, int tag) {
        MemParcelRequest terms = parcel.terms();
        return new MemSharedNotification(
                parcel.handle(),
                terms.memoryType(),
                parcel.transaction(),
                terms.flags() & MemParcelRequest.FLAG_SANITIZE,
                parcel.lender().vmid(),
                terms.label(),
                tag,
                terms.acl(),
                parcel.ranges().stream()
                        .map(range -> (long) range.extent().size())
                        .toList(),
                terms.attributes());
    }
}
