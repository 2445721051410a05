// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** How often a question without an answer is put. */
final class VmViewTest {
    private final VmView vm = new VmView(130);

    @Test
    void eachQuestionHasAllItsAttempts() {
        assertThat(vm.failedFewerTimesThan(3)).isTrue();
        assertThat(vm.failedFewerTimesThan(3)).isTrue();
        assertThat(vm.failedFewerTimesThan(3)).isFalse();

        assertThat(vm.failedFewerTimesThan(3)).isTrue();
    }
}
