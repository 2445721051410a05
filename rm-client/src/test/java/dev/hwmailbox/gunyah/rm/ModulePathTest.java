// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.mockito.Mockito;

final class ModulePathTest {
    @Test
    void testsRunInsideTheNamedModuleAndMockItsInterfaces() {
        RmNotificationListener mock = Mockito.mock(RmNotificationListener.class);

        assertThat(RmNotificationListener.class.getModule().getName()).isEqualTo("dev.hwmailbox.gunyah.rm");
        assertThat(Mockito.mockingDetails(mock).isMock()).isTrue();
    }
}
