// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm.server;

import dev.hwmailbox.gunyah.rm.protocol.MemRange;
import java.util.HashMap;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;

/**
 * Ranges of VMs' address spaces that cannot be put into a parcel, because they are shared already or come from somebody
 * else's parcel: so whoever takes memory back knows who has it.
 */
final class MemoryClaims {
    /** Per VM, disjoint: the last address by the first. */
    private final Map<ManagedVm, NavigableMap<Long, Long>> lasts = new HashMap<>();

    boolean overlaps(ManagedVm vm, MemRange range) {
        Map.Entry<Long, Long> nearest = of(vm).floorEntry(range.address() + range.size() - 1);
        return nearest != null && Long.compareUnsigned(nearest.getValue(), range.address()) >= 0;
    }

    void add(ManagedVm vm, MemRange range) {
        of(vm).put(range.address(), range.address() + range.size() - 1);
    }

    void remove(ManagedVm vm, MemRange range) {
        of(vm).remove(range.address());
    }

    void forget(ManagedVm vm) {
        lasts.remove(vm);
    }

    private NavigableMap<Long, Long> of(ManagedVm vm) {
        return lasts.computeIfAbsent(vm, any -> new TreeMap<>(Long::compareUnsigned));
    }
}
