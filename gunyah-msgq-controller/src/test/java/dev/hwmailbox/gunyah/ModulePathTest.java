// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.mockito.Mockito;

final class ModulePathTest {
    @Test
    void testsRunInsideTheNamedModuleAndMockItsInterfaces() {
        InterruptController mock = Mockito.mock(InterruptController.class);

        assertThat(InterruptController.class.getModule().getName()).isEqualTo("dev.hwmailbox.gunyah");
        assertThat(Mockito.mockingDetails(mock).isMock()).isTrue();
    }
}
