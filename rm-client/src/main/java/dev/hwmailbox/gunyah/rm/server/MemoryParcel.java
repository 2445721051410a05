// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm.server;

import dev.hwmailbox.gunyah.hypervisor.GuestAddressSpace;
import dev.hwmailbox.gunyah.hypervisor.MemoryExtent;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Memory that one VM has lent to another: taken out of the lender's address space until it is reclaimed. */
final class MemoryParcel {
    private final int handle;
    private final ManagedVm lender;
    private final int label;
    private final List<Integer> borrowers;
    private final List<Range> ranges;
    private final GuestAddressSpace memory = new GuestAddressSpace();
    private final Set<ManagedVm> users = new HashSet<>();

    MemoryParcel(int handle, ManagedVm lender, int label, List<Integer> borrowers, List<Range> ranges) {
        this.handle = handle;
        this.lender = lender;
        this.label = label;
        this.borrowers = List.copyOf(borrowers);
        this.ranges = List.copyOf(ranges);
        long offset = 0;
        for (Range range : ranges) {
            memory.map(offset, range.extent());
            offset += range.extent().size();
        }
    }

    /**
     * A piece of a parcel.
     *
     * @param lenderAddress where the lender had it
     * @param extent the memory itself
     */
    record Range(long lenderAddress, MemoryExtent extent) {}

    int handle() {
        return handle;
    }

    int label() {
        return label;
    }

    /** Who can get at it. */
    List<Integer> peers() {
        return borrowers;
    }

    ManagedVm lender() {
        return lender;
    }

    boolean isLentTo(ManagedVm vm) {
        return borrowers.contains(vm.vmid());
    }

    List<Range> ranges() {
        return ranges;
    }

    /** Whether a VM lives in it; it cannot be reclaimed then. */
    boolean inUse() {
        return !users.isEmpty();
    }

    void use(ManagedVm vm) {
        users.add(vm);
    }

    void release(ManagedVm vm) {
        users.remove(vm);
    }

    long size() {
        return ranges.stream().mapToLong(range -> range.extent().size()).sum();
    }

    /** The parcel as one piece, from address 0. */
    GuestAddressSpace memory() {
        return memory;
    }
}
