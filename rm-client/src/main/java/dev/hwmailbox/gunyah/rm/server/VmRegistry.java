// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm.server;

import dev.hwmailbox.gunyah.rm.protocol.RmError;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/** The VMs there are, by VMID. */
final class VmRegistry {
    static final int SELF = 0;
    static final int HOST = 3;
    static final int MANAGER = 255;
    private static final int FIRST_CHOSEN = 4;
    private static final int LAST_CHOSEN = 31;
    private static final int FIRST_DYNAMIC = 128;
    private static final int LAST_DYNAMIC = 190;

    /** VMs there can be at a time besides the Resource Manager: the host, and every number that can be allocated. */
    static final int MAX_VMS = 1 + (LAST_CHOSEN - FIRST_CHOSEN + 1) + (LAST_DYNAMIC - FIRST_DYNAMIC + 1);

    private final SortedMap<Integer, ManagedVm> vms = new TreeMap<>();

    void add(ManagedVm vm) {
        vms.put(vm.vmid(), vm);
    }

    Collection<ManagedVm> all() {
        return List.copyOf(vms.values());
    }

    /** All but the host and the Resource Manager itself. */
    List<ManagedVm> guests() {
        return vms.values().stream()
                .filter(vm -> vm.vmid() != HOST && vm.vmid() != MANAGER)
                .toList();
    }

    /** A VM whose number the platform chose: it may report its status itself. */
    static boolean isSecondary(ManagedVm vm) {
        return vm.vmid() >= FIRST_CHOSEN && vm.vmid() <= LAST_CHOSEN;
    }

    ManagedVm allocate(ManagedVm owner, int requested) {
        int vmid = requested == 0 ? lowestFree() : requested;
        boolean allowed = requested == 0 || (requested >= FIRST_CHOSEN && requested <= LAST_CHOSEN);
        if (!allowed || vms.containsKey(vmid)) {
            throw new RmRefusal(RmError.NORESOURCE, "VMID " + vmid + " is not free or out of range");
        }
        ManagedVm vm = new ManagedVm(vmid, owner.vmid());
        add(vm);
        return vm;
    }

    void remove(ManagedVm vm) {
        vms.remove(vm.vmid());
    }

    Optional<ManagedVm> find(int vmid) {
        return Optional.ofNullable(vms.get(vmid));
    }

    /** The VM a request is about; refuses with the given word if there is none. */
    ManagedVm require(int vmid, int errorWord) {
        return find(vmid).orElseThrow(() -> new RmRefusal(errorWord, "there is no VM " + vmid));
    }

    /**
     * The VMs a VM may know of: those it owns, its owner unless that is the Resource Manager, and those it has a device
     * in common with.
     */
    List<ManagedVm> peersOf(ManagedVm vm) {
        return vms.values().stream()
                .filter(other ->
                        other.isOwnedBy(vm) || (vm.isOwnedBy(other) && other.vmid() != MANAGER) || vm.isLinkedTo(other))
                .toList();
    }

    private int lowestFree() {
        for (int vmid = FIRST_DYNAMIC; vmid <= LAST_DYNAMIC; vmid++) {
            if (!vms.containsKey(vmid)) {
                return vmid;
            }
        }
        throw new RmRefusal(RmError.NORESOURCE, "no VMID is free");
    }
}
