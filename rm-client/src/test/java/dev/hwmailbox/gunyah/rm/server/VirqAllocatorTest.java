// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hwmailbox.gunyah.rm.protocol.RmError;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class VirqAllocatorTest {
    private final VirqAllocator virqs = new VirqAllocator(128);

    @Test
    void givesTheLowestFreeNumberFrom960() {
        assertThat(virqs.allocate()).isEqualTo(960);
        assertThat(virqs.allocate()).isEqualTo(961);
        virqs.free(960);
        assertThat(virqs.allocate()).isEqualTo(960);
    }

    @Test
    void has60NumbersAndThenRefusesWithNoresource() {
        for (int i = 0; i < 60; i++) {
            assertThat(virqs.allocate()).isEqualTo(960 + i);
        }

        assertThatThrownBy(virqs::allocate)
                .isInstanceOfSatisfying(
                        RmRefusal.class,
                        refusal -> assertThat(refusal.errorWord()).isEqualTo(RmError.NORESOURCE));
    }

    @Test
    void numberTakenByNameIsNotGivenOut() {
        assertThat(virqs.take(960)).isEqualTo(960);
        assertThat(virqs.take(100)).isEqualTo(100);

        assertThat(virqs.allocate()).isEqualTo(961);
    }

    @ParameterizedTest
    @ValueSource(ints = {-1, 0, 31, 1020, 4096})
    void numberThatIsNoSharedInterruptIsRefused(int virq) {
        assertThatThrownBy(() -> virqs.take(virq)).isInstanceOf(RmRefusal.class);
    }

    @Test
    void numberInUseIsRefusedUntilItIsFree() {
        virqs.take(32);
        assertThatThrownBy(() -> virqs.take(32)).isInstanceOf(RmRefusal.class).hasMessageContaining("in use");

        virqs.free(32);
        virqs.take(32);
        assertThat(virqs.take(1019)).isEqualTo(1019);
    }

    @Test
    void resourceManagerHasTwoForEveryVmThereCanBe() {
        VirqAllocator own = new VirqAllocator(255);
        for (int i = 0; i < 2 * VmRegistry.MAX_VMS; i++) {
            assertThat(own.allocate()).isEqualTo(32 + i);
        }
    }
}
