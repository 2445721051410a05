// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.hypervisor;

import dev.hwmailbox.gunyah.GunyahError;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * One VM's capabilities. An ID is a 16-bit slot number times a random odd 16-bit number, XOR a random 64-bit base whose
 * upper half is not all ones; so decoding is one XOR and one multiplication by the inverse, and IDs from other spaces
 * mostly do not decode. IDs dictated from outside that decode to no slot live in a small table beside the slots.
 *
 * <p>{@link #find} takes no lock. Everything else is called with the set-up lock of the {@link ObjectManager} held.
 */
final class CapabilitySpace extends HypervisorObject {
    static final int MAX_CAPABILITIES = 1 << 16;

    private static final int FIRST_SLOTS = 16;

    private final long base;
    private final int multiplier;
    private final int inverse;
    private final int limit;

    // Written under the set-up lock, read by anybody. A reader of an array that has been replaced acts as if it had
    // come before the replacement.
    private volatile AtomicReferenceArray<@Nullable Capability> slots;
    private volatile Dictated dictated = new Dictated(new long[0], new Capability[0]);

    // guarded by the set-up lock
    private int usedSlots;
    private int nextSlot;

    CapabilitySpace(RandomGenerator random, int limit) {
        super(ObjectType.CSPACE);
        this.limit = limit;
        base = randomBase(random);
        multiplier = random.nextInt(1 << 16) | 1;
        inverse = inverse(multiplier);
        slots = new AtomicReferenceArray<>(Math.min(FIRST_SLOTS, limit));
    }

    private CapabilitySpace(CapabilitySpace original) {
        super(ObjectType.CSPACE);
        limit = original.limit;
        base = original.base;
        multiplier = original.multiplier;
        inverse = original.inverse;
        slots = new AtomicReferenceArray<>(0);
        dictated = original.dictated.emptied();
    }

    /** What is left of this space for a VM that is gone: the same IDs, and none names anything, for good. */
    CapabilitySpace emptied() {
        return new CapabilitySpace(this);
    }

    /** What an ID names; never null, see {@link Capability#refusal}. */
    Capability find(long id) {
        int slot = slotOf(id);
        if (slot < 0) {
            return dictated.find(id);
        }
        AtomicReferenceArray<@Nullable Capability> current = slots;
        Capability found = slot < current.length() ? current.get(slot) : null;
        return found == null ? Capability.EMPTY : found;
    }

    /**
     * Puts a new capability into a free slot; {@link Capability#EMPTY} if the space is full, or it or the object gone.
     */
    Capability insert(HypervisorObject object, int rights, boolean master) {
        if (isGone() || object.isGone() || usedSlots == limit) {
            return Capability.EMPTY;
        }
        // Round robin: a stale ID stays empty until all others have been used.
        while (nextSlot < slots.length() && slots.get(nextSlot) != null) {
            nextSlot = (nextSlot + 1) % limit;
        }
        long id = base ^ Integer.toUnsignedLong(nextSlot * multiplier);
        nextSlot = (nextSlot + 1) % limit;
        return put(new Capability(object, this, id, rights, master));
    }

    /** Puts a copy at a given ID, which must be free. */
    Capability insertAt(long id, HypervisorObject object, int rights) {
        return put(new Capability(object, this, id, rights, false));
    }

    private Capability put(Capability capability) {
        replace(capability.id(), capability);
        capability.object().capabilities().add(capability);
        return capability;
    }

    /** Empties a slot. */
    void remove(long id) {
        Capability old = find(id);
        replace(id, Capability.EMPTY);
        if (old.error() == GunyahError.OK) {
            old.object().capabilities().remove(old);
        }
    }

    /** Makes a valid capability a revoked one, which no longer holds its object. */
    void revoke(Capability capability) {
        replace(capability.id(), Capability.REVOKED);
        capability.object().capabilities().remove(capability);
    }

    /** Empties the space for good. Returns the objects that were named in it. */
    List<HypervisorObject> close() {
        markGone();
        List<HypervisorObject> named = new ArrayList<>();
        for (int slot = 0; slot < slots.length(); slot++) {
            drop(slots.getAndSet(slot, null), named);
        }
        for (Capability capability : dictated.capabilities) {
            drop(capability, named);
        }
        dictated = dictated.emptied();
        usedSlots = 0;
        return named;
    }

    private static void drop(@Nullable Capability capability, List<HypervisorObject> named) {
        if (capability != null && capability.error() == GunyahError.OK) {
            capability.object().capabilities().remove(capability);
            named.add(capability.object());
        }
    }

    /** How many slots are not empty, revoked capabilities included. */
    int size() {
        int count = usedSlots;
        for (Capability capability : dictated.capabilities) {
            count += capability == Capability.EMPTY ? 0 : 1;
        }
        return count;
    }

    private void replace(long id, Capability capability) {
        int slot = slotOf(id);
        if (slot < 0) {
            dictated = dictated.with(id, capability);
            return;
        }
        while (slot >= slots.length()) {
            slots = grown(slots, Math.min(2 * slots.length(), limit));
        }
        Capability stored = capability == Capability.EMPTY ? null : capability;
        Capability old = slots.getAndSet(slot, stored);
        usedSlots += (stored == null ? 0 : 1) - (old == null ? 0 : 1);
    }

    private int slotOf(long id) {
        long product = id ^ base;
        if (product >>> 32 != 0) {
            return -1;
        }
        int slot = (int) product * inverse;
        return Integer.compareUnsigned(slot, limit) < 0 ? slot : -1;
    }

    private static AtomicReferenceArray<@Nullable Capability> grown(
            AtomicReferenceArray<@Nullable Capability> old, int length) {
        var larger = new AtomicReferenceArray<@Nullable Capability>(length);
        for (int i = 0; i < old.length(); i++) {
            larger.setPlain(i, old.get(i));
        }
        return larger;
    }

    private static long randomBase(RandomGenerator random) {
        long candidate;
        do {
            candidate = random.nextLong();
        } while (candidate >>> 32 == 0xffffffffL);
        return candidate;
    }

    /** Inverse of an odd number modulo 2 to the 32. */
    private static int inverse(int odd) {
        int x = odd; // right in the lowest three bits; each step doubles that
        for (int bits = 3; bits < Integer.SIZE; bits *= 2) {
            x *= 2 - odd * x;
        }
        return x;
    }

    /** Capabilities at dictated IDs: immutable, sorted by ID. An entry once made stays, empty if need be. */
    private static final class Dictated {
        private final long[] ids;
        private final Capability[] capabilities;

        Dictated(long[] ids, Capability[] capabilities) {
            this.ids = ids;
            this.capabilities = capabilities;
        }

        Capability find(long id) {
            int index = Arrays.binarySearch(ids, id);
            return index < 0 ? Capability.UNDECODABLE : capabilities[index];
        }

        Dictated emptied() {
            var none = new Capability[ids.length];
            Arrays.fill(none, Capability.EMPTY);
            return new Dictated(ids, none);
        }

        Dictated with(long id, Capability capability) {
            int index = Arrays.binarySearch(ids, id);
            if (index >= 0) {
                Capability[] changed = capabilities.clone();
                changed[index] = capability;
                return new Dictated(ids, changed);
            }
            int at = -index - 1;
            long[] moreIds = Arrays.copyOf(ids, ids.length + 1);
            Capability[] more = Arrays.copyOf(capabilities, ids.length + 1);
            System.arraycopy(ids, at, moreIds, at + 1, ids.length - at);
            System.arraycopy(capabilities, at, more, at + 1, ids.length - at);
            moreIds[at] = id;
            more[at] = capability;
            return new Dictated(moreIds, more);
        }
    }
}
