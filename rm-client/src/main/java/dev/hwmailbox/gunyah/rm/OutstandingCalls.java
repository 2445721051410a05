// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/**
 * The calls that have been sent and wait for a reply. There are few, mostly one, so they are looked for one after the
 * other. Changed under the connection's lock, read without.
 */
final class OutstandingCalls {
    private final AtomicReferenceArray<@Nullable RmCall> places;

    /** Changed and read under the lock. */
    private int count;

    OutstandingCalls(int max) {
        places = new AtomicReferenceArray<>(max);
    }

    boolean isFull() {
        return count == places.length();
    }

    /** The call with a sequence, or null. */
    @Nullable
    RmCall get(int sequence) {
        for (int i = 0; i < places.length(); i++) {
            RmCall call = places.get(i);
            if (call != null && call.sequence() == sequence) {
                return call;
            }
        }
        return null;
    }

    /** Adds a call; there is room. */
    void add(RmCall added) {
        int place = 0;
        while (places.get(place) != null) {
            place++;
        }
        places.set(place, added);
        count++;
    }

    /** Takes a call out; false if it is not there. */
    boolean remove(RmCall ended) {
        for (int i = 0; i < places.length(); i++) {
            if (ended.equals(places.get(i))) {
                places.set(i, null);
                count--;
                return true;
            }
        }
        return false;
    }

    List<RmCall> all() {
        List<RmCall> all = new ArrayList<>();
        for (int i = 0; i < places.length(); i++) {
            RmCall call = places.get(i);
            if (call != null) {
                all.add(call);
            }
        }
        return all;
    }

    void clear() {
        all().forEach(this::remove);
    }
}
