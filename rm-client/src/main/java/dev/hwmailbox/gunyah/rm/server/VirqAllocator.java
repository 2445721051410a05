// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm.server;

import static dev.hwmailbox.gunyah.InterruptController.FIRST_SHARED_VIRQ;
import static dev.hwmailbox.gunyah.InterruptController.LAST_SHARED_VIRQ;

import dev.hwmailbox.gunyah.rm.protocol.RmError;
import java.util.BitSet;

/**
 * The interrupt numbers of one VM. Numbers nobody asks for by name come from 960 upwards, lowest free first, so that a
 * VM configured the same way gets the same numbers in its next life.
 */
final class VirqAllocator {
    static final int FIRST_FREE_CHOICE = 960;

    private final int vmid;
    private final int first;
    private final BitSet used = new BitSet(LAST_SHARED_VIRQ + 1);

    VirqAllocator(int vmid) {
        this.vmid = vmid;
        // The Resource Manager needs two for every VM there can be.
        this.first = vmid == VmRegistry.MANAGER ? FIRST_SHARED_VIRQ : FIRST_FREE_CHOICE;
    }

    int allocate() {
        int virq = used.nextClearBit(first);
        if (virq > LAST_SHARED_VIRQ) {
            throw new RmRefusal(RmError.NORESOURCE, "VM " + vmid + " has no interrupt number left");
        }
        used.set(virq);
        return virq;
    }

    int take(int virq) {
        if (virq < FIRST_SHARED_VIRQ || virq > LAST_SHARED_VIRQ) {
            throw new RmRefusal(RmError.NORESOURCE, "interrupt " + virq + " of VM " + vmid + " is not a shared one");
        }
        if (used.get(virq)) {
            throw new RmRefusal(RmError.NORESOURCE, "interrupt " + virq + " of VM " + vmid + " is in use");
        }
        used.set(virq);
        return virq;
    }

    boolean isFree(int virq) {
        return virq >= FIRST_SHARED_VIRQ && virq <= LAST_SHARED_VIRQ && !used.get(virq);
    }

    void free(int virq) {
        used.clear(virq);
    }
}
