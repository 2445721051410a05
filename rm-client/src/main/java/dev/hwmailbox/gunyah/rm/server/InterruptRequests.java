// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm.server;

import dev.hwmailbox.gunyah.rm.protocol.RmError;
import dev.hwmailbox.gunyah.rm.protocol.RmHandle;
import dev.hwmailbox.gunyah.rm.protocol.RmMessage;
import dev.hwmailbox.gunyah.rm.protocol.RmMessageId;
import dev.hwmailbox.gunyah.rm.protocol.VmIrqAcceptReply;
import dev.hwmailbox.gunyah.rm.protocol.VmIrqAcceptRequest;
import dev.hwmailbox.gunyah.rm.protocol.VmIrqLendRequest;
import dev.hwmailbox.gunyah.rm.protocol.VmIrqLentNotification;
import dev.hwmailbox.gunyah.rm.protocol.VmIrqNotifyRequest;
import dev.hwmailbox.gunyah.rm.protocol.VmIrqUnmapRequest;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;

/**
 * Lending hardware interrupts, which all belong to the host at first.
 *
 * <pre>
 *  with the owner ── lend ─▶ lent ── accept ─▶ accepted
 *        ▲                    │ ▲                 │
 *        └──── reclaim ───────┘ └── release, unmap, reset of the borrower
 * </pre>
 */
final class InterruptRequests {
    /** The handle of interrupt 0; the published Resource Manager draws it anew at each boot. */
    static final int FIRST_HANDLE = 0x4952_0000;

    private final VmRegistry vms;
    private final Notifier notifier;
    private final int first;
    private final int last;
    private final Map<Integer, InterruptLoan> loans = new LinkedHashMap<>();

    InterruptRequests(VmRegistry vms, Notifier notifier, int first, int last) {
        this.vms = vms;
        this.notifier = notifier;
        this.first = first;
        this.last = last;
    }

    void addTo(Map<Integer, RequestHandler> handlers) {
        handlers.put(RmMessageId.VM_IRQ_LEND, this::lend);
        handlers.put(RmMessageId.VM_IRQ_ACCEPT, this::accept);
        handlers.put(RmMessageId.VM_IRQ_RELEASE, this::release);
        handlers.put(RmMessageId.VM_IRQ_RECLAIM, this::reclaim);
        handlers.put(RmMessageId.VM_IRQ_NOTIFY, this::tell);
        handlers.put(RmMessageId.VM_IRQ_UNMAP, this::unmap);
    }

    void requireOfHost(int interrupt) {
        if (!isOfHost(interrupt)) {
            throw new IllegalArgumentException(
                    "the host has interrupts %d to %d, not %d".formatted(first, last, interrupt));
        }
    }

    private boolean isOfHost(int interrupt) {
        return interrupt >= first && interrupt <= last;
    }

    /** The hardware raises an interrupt: whoever has it gets it. Lent and not accepted, it waits for the next one. */
    void raise(int interrupt) {
        InterruptLoan loan = loans.get(FIRST_HANDLE + interrupt);
        if (loan == null) {
            vms.find(VmRegistry.HOST).ifPresent(host -> assertLine(host, interrupt));
        } else if (loan.isAccepted()) {
            assertLine(loan.borrower(), loan.virq().getAsInt());
        } else {
            loan.pend();
        }
    }

    /** A VM's life has ended: what it has accepted is lent and no more. */
    void release(ManagedVm vm) {
        for (InterruptLoan loan : loans.values()) {
            if (loan.borrower() == vm && loan.isAccepted()) {
                loan.released();
                notifier.notify(loan.owner(), RmMessageId.NOTIFY_VM_IRQ_RELEASED, new RmHandle(loan.handle()));
            }
        }
    }

    /** Nobody has anything any more: all of them are with the host again. */
    void giveBackAll() {
        for (InterruptLoan loan : List.copyOf(loans.values())) {
            takeBack(loan);
        }
    }

    private void lend(ManagedVm caller, RmMessage message, Reply reply) {
        VmIrqLendRequest request = VmIrqLendRequest.decode(message);
        int interrupt = request.virq();
        if (caller.vmid() != VmRegistry.HOST || !isOfHost(interrupt)) {
            throw new RmRefusal(
                    RmError.IRQ_INVALID,
                    "interrupt %s is not of VM %d".formatted(Integer.toUnsignedString(interrupt), caller.vmid()));
        }
        ManagedVm borrower = vms.require(request.borrower(), RmError.ARGUMENT_INVALID);
        if (borrower == caller || borrower.vmid() == VmRegistry.MANAGER) {
            throw new RmRefusal(RmError.ARGUMENT_INVALID, "VM " + borrower.vmid() + " cannot borrow");
        }
        int handle = FIRST_HANDLE + interrupt;
        var loan = new InterruptLoan(handle, caller, interrupt, borrower, request.label());
        if (loans.putIfAbsent(handle, loan) != null) {
            throw new RmRefusal(RmError.IRQ_INUSE, "interrupt " + interrupt + " is lent already");
        }
        reply.ok(new RmHandle(handle));
    }

    private void accept(ManagedVm caller, RmMessage message, Reply reply) {
        VmIrqAcceptRequest request = VmIrqAcceptRequest.decode(message);
        InterruptLoan loan = require(request.handle(), candidate -> candidate.borrower() == caller);
        if (loan.isAccepted()) {
            throw new RmRefusal(RmError.IN_USE, "interrupt " + loan.interrupt() + " is accepted already");
        }
        int virq = number(caller, loan, request.virq());
        loan.accepted(virq);
        reply.ok(new VmIrqAcceptReply(virq));
        raiseIfPending(loan, caller, virq);
    }

    /** Left to choose, it is the hardware's number if the borrower has not got that yet. */
    private static int number(ManagedVm vm, InterruptLoan loan, int wanted) {
        VirqAllocator virqs = vm.virqs();
        if (wanted == VmIrqAcceptRequest.CHOOSE) {
            return virqs.isFree(loan.interrupt()) ? virqs.take(loan.interrupt()) : virqs.allocate();
        }
        if (!virqs.isFree(wanted)) {
            throw new RmRefusal(
                    RmError.ARGUMENT_INVALID,
                    "VM %d cannot have an interrupt %s".formatted(vm.vmid(), Integer.toUnsignedString(wanted)));
        }
        return virqs.take(wanted);
    }

    private void release(ManagedVm caller, RmMessage message, Reply reply) {
        InterruptLoan loan = require(RmHandle.decode(message).handle(), candidate -> candidate.borrower() == caller);
        if (!loan.isAccepted()) {
            throw new RmRefusal(RmError.IRQ_INVALID, "interrupt " + loan.interrupt() + " is not accepted");
        }
        giveUp(loan);
        reply.ok();
    }

    private void reclaim(ManagedVm caller, RmMessage message, Reply reply) {
        InterruptLoan loan = require(RmHandle.decode(message).handle(), candidate -> candidate.owner() == caller);
        if (loan.isAccepted()) {
            throw new RmRefusal(RmError.IN_USE, "interrupt " + loan.interrupt() + " is accepted");
        }
        reply.ok();
        takeBack(loan);
    }

    private void takeBack(InterruptLoan loan) {
        loans.remove(loan.handle());
        raiseIfPending(loan, loan.owner(), loan.interrupt());
    }

    private void tell(ManagedVm caller, RmMessage message, Reply reply) {
        VmIrqNotifyRequest request = VmIrqNotifyRequest.decode(message);
        InterruptLoan loan =
                require(request.handle(), candidate -> candidate.owner() == caller || candidate.borrower() == caller);
        switch (request.flags()) {
            case VmIrqNotifyRequest.FLAG_LENT -> tellBorrower(caller, loan, request);
            case VmIrqNotifyRequest.FLAG_ACCEPTED ->
                tellOwner(caller, loan, true, RmMessageId.NOTIFY_VM_IRQ_ACCEPTED, RmError.IRQ_RELEASED);
            case VmIrqNotifyRequest.FLAG_RELEASED ->
                tellOwner(caller, loan, false, RmMessageId.NOTIFY_VM_IRQ_RELEASED, RmError.IN_USE);
            default ->
                throw new RmRefusal(
                        RmError.ARGUMENT_INVALID, "flags 0x%x are not exactly one".formatted(request.flags()));
        }
        reply.ok();
    }

    private void tellBorrower(ManagedVm caller, InterruptLoan loan, VmIrqNotifyRequest request) {
        if (loan.owner() != caller) {
            throw new RmRefusal(RmError.DENIED, "interrupt " + loan.interrupt() + " is not the caller's own");
        }
        if (!request.vmids().equals(List.of(loan.borrower().vmid()))) {
            throw new RmRefusal(
                    RmError.ARGUMENT_INVALID,
                    "interrupt %d is lent to VM %d alone"
                            .formatted(loan.interrupt(), loan.borrower().vmid()));
        }
        notifier.notify(
                loan.borrower(),
                RmMessageId.NOTIFY_VM_IRQ_LENT,
                new VmIrqLentNotification(caller.vmid(), loan.handle(), loan.label()));
    }

    private void tellOwner(ManagedVm caller, InterruptLoan loan, boolean accepted, int messageId, int otherwise) {
        if (loan.borrower() != caller) {
            throw new RmRefusal(RmError.DENIED, "interrupt " + loan.interrupt() + " is the caller's own");
        }
        if (loan.isAccepted() != accepted) {
            throw new RmRefusal(
                    otherwise,
                    "interrupt %d is %s".formatted(loan.interrupt(), accepted ? "not accepted" : "not released"));
        }
        notifier.notify(loan.owner(), messageId, new RmHandle(loan.handle()));
    }

    private void unmap(ManagedVm caller, RmMessage message, Reply reply) {
        VmIrqUnmapRequest request = VmIrqUnmapRequest.decode(message);
        List<InterruptLoan> mapped = new ArrayList<>();
        for (int virq : request.virqs()) {
            mapped.add(loans.values().stream()
                    .filter(loan -> loan.borrower() == caller
                            && loan.isAccepted()
                            && loan.virq().getAsInt() == virq
                            && !mapped.contains(loan))
                    .findFirst()
                    .orElseThrow(() -> new RmRefusal(
                            RmError.IRQ_NOT_MAPPED,
                            "VM %d has accepted no interrupt as %s"
                                    .formatted(caller.vmid(), Integer.toUnsignedString(virq)))));
        }
        mapped.forEach(InterruptRequests::giveUp);
        reply.ok();
    }

    private static void giveUp(InterruptLoan loan) {
        loan.borrower().virqs().free(loan.virq().getAsInt());
        loan.released();
    }

    private InterruptLoan require(int handle, Predicate<InterruptLoan> party) {
        InterruptLoan loan = loans.get(handle);
        if (loan == null || !party.test(loan)) {
            throw new RmRefusal(
                    RmError.HANDLE_INVALID, "no interrupt 0x%x is lent by or to the caller".formatted(handle));
        }
        return loan;
    }

    private static void raiseIfPending(InterruptLoan loan, ManagedVm vm, int virq) {
        if (loan.takePending()) {
            assertLine(vm, virq);
        }
    }

    private static void assertLine(ManagedVm vm, int virq) {
        vm.machine().vm().interrupts().raise(virq);
    }
}
