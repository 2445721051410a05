// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.proxy;

import dev.hwmailbox.Errno;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What the trusted VM keeps: which memory devices may reach. A mapping goes as it came, not in parts.
 *
 * <p>Context: the trusted VM's scheduler.
 */
final class IommuTable {
    /** Ours: entries there is room for. */
    static final int CAPACITY = 64;

    private final List<Mapping> mappings = new ArrayList<>();
    private final Map<ProxyField, Long> refused = new EnumMap<>(ProxyField.class);

    /** 0; EBUSY: overlaps another; ENOSPC: the table is full; else what is wrong with the mapping. */
    int map(Mapping wanted) {
        Optional<ProxyField> flaw = wanted.flaw();
        if (flaw.isPresent()) {
            return refuse(flaw.get());
        }
        if (mappings.stream().anyMatch(wanted::overlaps)) {
            return Errno.EBUSY;
        }
        if (mappings.size() == CAPACITY) {
            return Errno.ENOSPC;
        }
        mappings.add(wanted);
        return 0;
    }

    /** 0; ENOENT: there is no such mapping; else what is wrong with the range. */
    int unmap(long address, int size) {
        if (!Mapping.isAligned(address)) {
            return refuse(ProxyField.ADDRESS);
        }
        if (Mapping.isFlawed(address, size)) {
            return refuse(ProxyField.SIZE);
        }
        boolean found = mappings.removeIf(mapping -> mapping.address() == address && mapping.size() == size);
        return found ? 0 : Errno.ENOENT;
    }

    /** Counts a request that is none; returns what to answer. */
    int refuse(ProxyField field) {
        refused.merge(field, 1L, Long::sum);
        return field.errno();
    }

    /** Whoever asked for the mappings is gone: devices must not reach its memory any more. */
    void clear() {
        mappings.clear();
    }

    List<Mapping> mappings() {
        return List.copyOf(mappings);
    }

    Map<ProxyField, Long> refused() {
        return refused;
    }
}
