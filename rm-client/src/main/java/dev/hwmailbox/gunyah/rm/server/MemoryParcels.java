// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm.server;

import dev.hwmailbox.gunyah.rm.protocol.RmError;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The parcels there are, by handle, and what of their memory lies where. */
final class MemoryParcels {
    /** Parcels one VM may have passed on at a time. */
    static final int MAX_PARCELS = 64;

    private final Map<Integer, MemoryParcel> parcels = new LinkedHashMap<>();
    private final MemoryClaims claims = new MemoryClaims();
    private int nextHandle;

    MemoryClaims claims() {
        return claims;
    }

    List<MemoryParcel> all() {
        return List.copyOf(parcels.values());
    }

    /** A handle for a parcel of a VM; used up even if no parcel comes of it. */
    int newHandle(ManagedVm lender) {
        if (parcels.values().stream()
                        .filter(parcel -> parcel.lender() == lender)
                        .count()
                >= MAX_PARCELS) {
            throw new RmRefusal(
                    RmError.NORESOURCE, "VM %d has passed on %d parcels".formatted(lender.vmid(), MAX_PARCELS));
        }
        return nextHandle++;
    }

    void add(MemoryParcel parcel) {
        parcels.put(parcel.handle(), parcel);
    }

    void remove(MemoryParcel parcel) {
        parcels.remove(parcel.handle());
    }

    /** The parcel a lender means. */
    MemoryParcel ofLender(int handle, ManagedVm lender) {
        MemoryParcel parcel = parcels.get(handle);
        if (parcel == null || parcel.lender() != lender) {
            throw unknown(handle, lender);
        }
        return parcel;
    }

    /** The parcel a recipient means. */
    MemoryParcel ofRecipient(int handle, ManagedVm recipient) {
        MemoryParcel parcel = parcels.get(handle);
        if (parcel == null || !parcel.isLentTo(recipient)) {
            throw unknown(handle, recipient);
        }
        return parcel;
    }

    /** The parcel that a lender or a recipient means. */
    MemoryParcel ofEither(int handle, ManagedVm vm) {
        MemoryParcel parcel = parcels.get(handle);
        if (parcel == null || (parcel.lender() != vm && !parcel.isLentTo(vm))) {
            throw unknown(handle, vm);
        }
        return parcel;
    }

    private static RmRefusal unknown(int handle, ManagedVm vm) {
        return new RmRefusal(
                RmError.HANDLE_INVALID, "VM %d has nothing to do with memory 0x%x".formatted(vm.vmid(), handle));
    }
}
