// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.hypervisor;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hwmailbox.gunyah.GunyahError;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class CapabilitySpaceTest {
    private final HypervisorObject object = new HypervisorObject(ObjectType.THREAD);

    private static CapabilitySpace space(long seed, int limit) {
        return new CapabilitySpace(new SplittableRandom(seed), limit);
    }

    @Test
    void everyCapabilityOfAFullSpaceIsFoundUnderItsOwnId() {
        for (long seed = 0; seed < 5; seed++) {
            CapabilitySpace space = space(seed, CapabilitySpace.MAX_CAPABILITIES);
            Set<Long> ids = new HashSet<>();
            for (int i = 0; i < CapabilitySpace.MAX_CAPABILITIES; i++) {
                Capability made = space.insert(new HypervisorObject(ObjectType.THREAD), 1, false);
                assertThat(space.find(made.id())).as("seed %d", seed).isSameAs(made);
                ids.add(made.id());
            }
            assertThat(ids).hasSize(CapabilitySpace.MAX_CAPABILITIES);
            assertThat(space.insert(object, 1, false)).isSameAs(Capability.EMPTY);
            assertThat(space.size()).isEqualTo(CapabilitySpace.MAX_CAPABILITIES);
        }
    }

    @Test
    void idsKeepTheUpperHalfOfAllOnesFree() {
        for (long seed = 0; seed < 10_000; seed++) {
            Capability made = space(seed, 16).insert(object, 1, false);
            assertThat(made.id() >>> 32).as("seed %d", seed).isNotEqualTo(0xffffffffL);
        }
    }

    @Test
    void differentSeedsGiveDifferentIdsAndEqualSeedsEqualOnes() {
        long first = space(1, 16).insert(object, 1, false).id();

        assertThat(space(1, 16).insert(object, 1, false).id()).isEqualTo(first);
        assertThat(space(2, 16).insert(object, 1, false).id()).isNotEqualTo(first);
    }

    @Test
    void tellsEmptyRevokedAndUndecodableApart() {
        CapabilitySpace space = space(7, 16);
        Capability deleted = space.insert(object, 1, false);
        Capability revoked = space.insert(object, 1, false);

        space.remove(deleted.id());
        space.revoke(revoked);

        assertThat(space.find(deleted.id()).error()).isEqualTo(GunyahError.CSPACE_CAP_NULL);
        assertThat(space.find(revoked.id()).error()).isEqualTo(GunyahError.CSPACE_CAP_REVOKED);
        assertThat(space.find(deleted.id() ^ (1L << 32)).error()).isEqualTo(GunyahError.ARGUMENT_INVALID);
        assertThat(object.capabilities()).isEmpty();
    }

    @Test
    void aSlotBeyondTheLimitIsUndecodable() {
        CapabilitySpace large = space(7, 17);
        CapabilitySpace small = space(7, 16);
        List<Long> ids = new ArrayList<>();
        for (int i = 0; i < 17; i++) {
            ids.add(large.insert(object, 1, false).id());
        }

        assertThat(small.find(ids.get(15)).error()).isEqualTo(GunyahError.CSPACE_CAP_NULL);
        assertThat(small.find(ids.get(16)).error()).isEqualTo(GunyahError.ARGUMENT_INVALID);
    }

    @Test
    void doesNotReuseAnIdBeforeAllOthersHaveBeenUsed() {
        CapabilitySpace space = space(7, 16);
        Set<Long> seen = new HashSet<>();

        for (int i = 0; i < 16; i++) {
            long id = space.insert(object, 1, false).id();
            assertThat(seen.add(id)).isTrue();
            space.remove(id);
        }

        assertThat(seen).contains(space.insert(object, 1, false).id());
    }

    @Test
    void findsTheOneFreeSlotWhenAllOthersAreTaken() {
        CapabilitySpace space = space(7, 40);
        List<Long> ids = new ArrayList<>();
        for (int i = 0; i < 40; i++) {
            ids.add(space.insert(object, 1, false).id());
        }

        space.remove(ids.get(23));

        assertThat(space.insert(object, 1, false).id()).isEqualTo(ids.get(23));
    }

    @Test
    void dictatedIdsOfAnyValueLiveBesideTheSlots() {
        CapabilitySpace space = space(7, 16);
        long decodable = space.insert(object, 1, false).id();
        space.remove(decodable);

        for (long id : new long[] {0, 1, Long.MIN_VALUE, Long.MAX_VALUE, -2, decodable}) {
            space.insertAt(id, object, 3);
        }

        for (long id : new long[] {0, 1, Long.MIN_VALUE, Long.MAX_VALUE, -2, decodable}) {
            assertThat(space.find(id).id()).isEqualTo(id);
            assertThat(space.find(id).rights()).isEqualTo(3);
        }
        assertThat(space.find(2).error()).isEqualTo(GunyahError.ARGUMENT_INVALID);
        assertThat(space.size()).isEqualTo(6);
    }

    @Test
    void anEmptiedDictatedIdIsEmptyAndMayBeDictatedAgain() {
        CapabilitySpace space = space(7, 16);
        space.insertAt(5, object, 1);

        space.remove(5);

        assertThat(space.find(5)).isSameAs(Capability.EMPTY);
        assertThat(space.size()).isZero();
        space.insertAt(5, object, 1);
        space.revoke(space.find(5));
        assertThat(space.find(5)).isSameAs(Capability.REVOKED);
        assertThat(space.size()).isEqualTo(1);
    }

    @Test
    void closingEmptiesForGoodAndNamesTheObjects() {
        CapabilitySpace space = space(7, 16);
        long slot = space.insert(object, 1, false).id();
        space.insertAt(5, object, 1);

        assertThat(space.close()).containsExactly(object, object);

        assertThat(space.find(slot)).isSameAs(Capability.EMPTY);
        assertThat(space.find(5)).isSameAs(Capability.EMPTY);
        assertThat(space.insert(object, 1, false)).isSameAs(Capability.EMPTY);
        assertThat(object.capabilities()).isEmpty();
    }
}
