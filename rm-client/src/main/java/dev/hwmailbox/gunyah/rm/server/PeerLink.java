// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm.server;

import java.util.Arrays;
import java.util.Objects;
import java.util.Optional;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/**
 * What lies between two guests: a pair of queues or a doorbell. The guest that is initialised first makes it, the other
 * one joins. It lives while either has its end, so it outlives a reset of one of them, messages included. They are
 * dropped when another VM takes the place, though it has the same name: they are neither for it nor from it.
 */
final class PeerLink {
    private static final int ENDS = 2;

    private final int handle;
    private final long[] masters;
    private final Teardown objects;
    private final LongConsumer flush;
    private final @Nullable ManagedVm[] ends = new ManagedVm[ENDS];
    private final @Nullable ManagedVm[] lastEnds = new ManagedVm[ENDS];

    /**
     * A link without ends.
     *
     * @param handle number of the device
     * @param masters capabilities of the queues, that which the first end sends into first; or of the doorbell
     * @param objects takes them back
     * @param flush empties one of them
     */
    PeerLink(int handle, long[] masters, Teardown objects, LongConsumer flush) {
        this.handle = handle;
        this.masters = masters.clone();
        this.objects = objects;
        this.flush = flush;
    }

    int handle() {
        return handle;
    }

    long master(int index) {
        return masters[index];
    }

    boolean isFree(int end) {
        return ends[end] == null;
    }

    /** An end that nobody has. */
    int freeEnd() {
        return isFree(0) ? 0 : 1;
    }

    /** Takes an end; the objects go with the last one that is given back. */
    void take(int end, ManagedVm vm, Teardown teardown) {
        ends[end] = vm;
        if (lastEnds[end] != null && lastEnds[end] != vm) {
            Arrays.stream(masters).forEach(flush);
        }
        lastEnds[end] = vm;
        teardown.add(() -> {
            ends[end] = null;
            if (Arrays.stream(ends).allMatch(Objects::isNull)) {
                objects.run();
            }
        });
    }

    /** The VM at the other end, if there is one. */
    Optional<ManagedVm> partnerOf(ManagedVm vm) {
        return Arrays.stream(ends)
                .filter(Objects::nonNull)
                .map(Objects::requireNonNull)
                .filter(end -> end != vm)
                .findFirst();
    }
}
