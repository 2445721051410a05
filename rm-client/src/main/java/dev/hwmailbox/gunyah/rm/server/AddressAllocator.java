// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm.server;

import dev.hwmailbox.gunyah.hypervisor.GuestAddressSpace;
import dev.hwmailbox.gunyah.hypervisor.MemoryExtent;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Where in a VM's address space the Resource Manager puts memory. Places nobody asks for by address come from a fixed
 * start upwards, lowest free first.
 */
final class AddressAllocator {
    static final long FIRST_OF_HOST = 0x3000_1000L;
    static final long FIRST_OF_GUEST = 0x2000_1000L;

    private final GuestAddressSpace memory;
    private final long first;
    private final SortedMap<Long, Long> sizes = new TreeMap<>();

    AddressAllocator(GuestAddressSpace memory, long first) {
        this.memory = memory;
        this.first = first;
    }

    /** The lowest free place of a size. */
    long choose(long size) {
        long place = first;
        for (Map.Entry<Long, Long> taken : sizes.tailMap(place).entrySet()) {
            if (taken.getKey() - place >= size) {
                return place;
            }
            place = taken.getKey() + taken.getValue();
        }
        return place;
    }

    /** Maps extents one behind the other. */
    void map(long address, List<MemoryExtent> extents, Teardown teardown) {
        long next = address;
        for (MemoryExtent extent : extents) {
            long at = next;
            memory.map(at, extent);
            sizes.put(at, (long) extent.size());
            teardown.add(() -> {
                sizes.remove(at);
                memory.unmap(at, extent.size());
            });
            next += extent.size();
        }
    }
}
