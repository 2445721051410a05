// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm.server;

import dev.hwmailbox.gunyah.GunyahError;
import dev.hwmailbox.gunyah.GunyahException;
import dev.hwmailbox.gunyah.hypervisor.GuestAddressSpace;
import dev.hwmailbox.gunyah.hypervisor.MemoryExtent;
import dev.hwmailbox.gunyah.rm.protocol.MemAclEntry;
import dev.hwmailbox.gunyah.rm.protocol.MemParcelRequest;
import dev.hwmailbox.gunyah.rm.protocol.MemRange;
import dev.hwmailbox.gunyah.rm.protocol.RmError;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Memory that one VM has donated, lent or shared. What is donated or lent has been taken out of its address space until
 * it is reclaimed.
 */
final class MemoryParcel {
    private static final Logger LOG = LoggerFactory.getLogger(MemoryParcel.class);
    private static final byte[] ZEROS = new byte[64 << 10];

    private final int handle;
    private final ManagedVm lender;
    private final int transaction;
    private final MemParcelRequest terms;
    private final Set<ManagedVm> recipients;
    private final List<Range> ranges = new ArrayList<>();
    private final GuestAddressSpace memory = new GuestAddressSpace();
    private final Set<ManagedVm> inhabitants = new HashSet<>();
    private final Map<ManagedVm, Mapping> mappings = new HashMap<>();
    private long size;
    private boolean complete;

    /**
     * A parcel without memory yet.
     *
     * @param handle its number
     * @param lender whose memory it is
     * @param transaction how it is passed on, one of the transactions of MEM_ACCEPT
     * @param terms what the lender said about it
     * @param recipients who may use it, besides the lender
     */
    MemoryParcel(int handle, ManagedVm lender, int transaction, MemParcelRequest terms, Set<ManagedVm> recipients) {
        this.handle = handle;
        this.lender = lender;
        this.transaction = transaction;
        this.terms = terms;
        this.recipients = new HashSet<>(recipients);
    }

    /**
     * A piece of a parcel.
     *
     * @param lenderAddress where the lender had it
     * @param extent the memory itself
     */
    record Range(long lenderAddress, MemoryExtent extent) {
        MemRange toMemRange() {
            return new MemRange(lenderAddress, extent.size());
        }
    }

    /**
     * Where a recipient has the parcel.
     *
     * @param ranges its addresses, in the order of the parcel's bytes
     * @param sanitize the memory is cleared when the recipient gives it up
     */
    record Mapping(List<MemRange> ranges, boolean sanitize) {}

    int handle() {
        return handle;
    }

    ManagedVm lender() {
        return lender;
    }

    int transaction() {
        return transaction;
    }

    MemParcelRequest terms() {
        return terms;
    }

    List<Range> ranges() {
        return List.copyOf(ranges);
    }

    long size() {
        return size;
    }

    /** The parcel as one piece, from address 0. */
    GuestAddressSpace memory() {
        return memory;
    }

    void append(List<Range> more) {
        for (Range range : more) {
            memory.map(size, range.extent());
            size += range.extent().size();
        }
        ranges.addAll(more);
    }

    /** Whether all of its memory is there; nobody uses it before. */
    boolean isComplete() {
        return complete;
    }

    void complete() {
        complete = true;
    }

    boolean isLentTo(ManagedVm vm) {
        return recipients.contains(vm);
    }

    /** The VM goes for good; another one with its number is somebody else. */
    void forgetRecipient(ManagedVm vm) {
        recipients.remove(vm);
    }

    boolean mayWrite(ManagedVm vm) {
        return terms.acl().stream()
                .anyMatch(entry -> entry.vmid() == vm.vmid() && (entry.rights() & MemAclEntry.WRITE) != 0);
    }

    /** Whether a VM lives in it or has mapped it; it cannot be reclaimed then. */
    boolean inUse() {
        return !inhabitants.isEmpty() || !mappings.isEmpty();
    }

    boolean isUsedBy(ManagedVm vm) {
        return inhabitants.contains(vm) || mappings.containsKey(vm);
    }

    /** The VM lives in it from now on. */
    void use(ManagedVm vm) {
        inhabitants.add(vm);
    }

    Optional<Mapping> mapping(ManagedVm vm) {
        return Optional.ofNullable(mappings.get(vm));
    }

    List<ManagedVm> mappedBy() {
        return List.copyOf(mappings.keySet());
    }

    /** Maps it for a recipient: all of it or nothing. */
    void map(ManagedVm vm, Mapping mapping) {
        GuestAddressSpace target = vm.machine().vm().memory();
        List<MemRange> done = new ArrayList<>();
        try {
            long offset = 0;
            for (MemRange range : mapping.ranges()) {
                mapPieces(target, range, offset, done);
                offset += range.size();
            }
        } catch (GunyahException e) {
            done.forEach(piece -> target.unmap(piece.address(), piece.size()));
            throw new RmRefusal(RmError.MAP_FAILED, e);
        }
        mappings.put(vm, mapping);
    }

    /** Maps what lies in the parcel from an offset on to a range of addresses. */
    private void mapPieces(GuestAddressSpace target, MemRange range, long offset, List<MemRange> done) {
        long start = 0;
        for (Range piece : ranges) {
            long from = Math.max(start, offset);
            long to = Math.min(start + piece.extent().size(), offset + range.size());
            if (from < to) {
                var part = new MemRange(range.address() + from - offset, to - from);
                target.map(part.address(), piece.extent().slice((int) (from - start), (int) part.size()));
                done.add(part);
            }
            start += piece.extent().size();
        }
    }

    /** The recipient gives it up: out of its address space it goes. */
    void unmap(ManagedVm vm) {
        GuestAddressSpace target = vm.machine().vm().memory();
        for (MemRange range : mapping(vm).orElseThrow().ranges()) {
            try {
                target.unmap(range.address(), range.size());
            } catch (GunyahException e) {
                // The embedder took it away first.
                LOG.debug("memory 0x{} of VM {} is not where it was", Integer.toHexString(handle), vm.vmid(), e);
            }
        }
        forgetUse(vm);
    }

    /** The VM does not use it any more, and its address space has gone or no longer has it. */
    void forgetUse(ManagedVm vm) {
        inhabitants.remove(vm);
        Mapping mapping = mappings.remove(vm);
        if (mapping != null && mapping.sanitize()) {
            clear();
        }
    }

    /** Puts zeros into all of it. */
    void clear() {
        for (long offset = 0; offset < size; offset += ZEROS.length) {
            int status = memory.write(offset, ZEROS, 0, (int) Math.min(ZEROS.length, size - offset));
            if (status != GunyahError.OK) {
                throw new IllegalStateException("parcel does not cover itself: " + GunyahError.name(status));
            }
        }
    }
}
