// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm.server;

import dev.hwmailbox.gunyah.rm.protocol.ConsoleText;
import dev.hwmailbox.gunyah.rm.protocol.RmError;
import dev.hwmailbox.gunyah.rm.protocol.RmMessage;
import dev.hwmailbox.gunyah.rm.protocol.RmMessageId;
import dev.hwmailbox.gunyah.rm.protocol.VmRequest;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/**
 * The consoles of VMs whose configuration has one: what a VM writes is told its owner, and the other way round. Nothing
 * is kept: what the other side is not open for is lost.
 */
final class ConsoleRequests {
    /** Who in a notification stands for the owner of the receiver. */
    private static final int FROM_OWNER = 0;

    private final VmRegistry vms;
    private final Notifier notifier;

    /** Per VM, the sides of its console that are open. */
    private final Map<ManagedVm, Set<ManagedVm>> open = new HashMap<>();

    ConsoleRequests(VmRegistry vms, Notifier notifier) {
        this.vms = vms;
        this.notifier = notifier;
    }

    void addTo(Map<Integer, RequestHandler> handlers) {
        handlers.put(RmMessageId.VM_CONSOLE_OPEN, this::open);
        handlers.put(RmMessageId.VM_CONSOLE_CLOSE, this::close);
        handlers.put(RmMessageId.VM_CONSOLE_WRITE, this::write);
        handlers.put(RmMessageId.VM_CONSOLE_FLUSH, this::flush);
    }

    /** A VM's life has ended, and its console with it. */
    void forget(ManagedVm vm) {
        open.remove(vm);
    }

    private void open(ManagedVm caller, RmMessage message, Reply reply) {
        ManagedVm vm = require(caller, VmRequest.decode(message).vmid());
        open.computeIfAbsent(vm, any -> new HashSet<>()).add(caller);
        reply.ok();
    }

    private void close(ManagedVm caller, RmMessage message, Reply reply) {
        ManagedVm vm = require(caller, VmRequest.decode(message).vmid());
        open.getOrDefault(vm, new HashSet<>()).remove(caller);
        reply.ok();
    }

    private void write(ManagedVm caller, RmMessage message, Reply reply) {
        ConsoleText text = ConsoleText.decode(message);
        ManagedVm vm = require(caller, text.vmid());
        requireOpen(vm, caller);
        ManagedVm other = caller == vm ? vms.require(vm.owner(), RmError.ARGUMENT_INVALID) : vm;
        if (isOpen(vm, other)) {
            int from = caller == vm ? vm.vmid() : FROM_OWNER;
            notifier.notify(other, RmMessageId.NOTIFY_VM_CONSOLE_CHARS, ConsoleText.of(from, text.bytes()));
        }
        reply.ok();
    }

    /** Each write has become a notification at once; there is nothing to flush. */
    private void flush(ManagedVm caller, RmMessage message, Reply reply) {
        requireOpen(require(caller, VmRequest.decode(message).vmid()), caller);
        reply.ok();
    }

    private ManagedVm require(ManagedVm caller, int vmid) {
        ManagedVm vm = vmid == VmRegistry.SELF ? caller : vms.require(vmid, RmError.ARGUMENT_INVALID);
        if (!hasConsole(vm)) {
            throw new RmRefusal(RmError.ARGUMENT_INVALID, "VM " + vm.vmid() + " has no console");
        }
        if (vm != caller && !vm.isOwnedBy(caller)) {
            throw new RmRefusal(RmError.DENIED, "VM " + vm.vmid() + " is not owned by VM " + caller.vmid());
        }
        return vm;
    }

    private void requireOpen(ManagedVm vm, ManagedVm side) {
        if (!isOpen(vm, side)) {
            throw new RmRefusal(
                    RmError.DENIED, "VM %d has not opened the console of VM %d".formatted(side.vmid(), vm.vmid()));
        }
    }

    private boolean isOpen(ManagedVm vm, ManagedVm side) {
        return open.getOrDefault(vm, Set.of()).contains(side);
    }

    private static boolean hasConsole(ManagedVm vm) {
        return vm.devices().stream().anyMatch(device -> device.configuration().has(DeviceConfiguration.Flag.CONSOLE));
    }
}
