// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.mockito.Mockito;

final class ModulePathTest {
    @Test
    void testsRunInsideTheNamedModuleAndMockItsInterfaces() {
        MailboxClient mock = Mockito.mock(MailboxClient.class);

        assertThat(MailboxClient.class.getModule().getName()).isEqualTo("dev.hwmailbox");
        assertThat(Mockito.mockingDetails(mock).isMock()).isTrue();
    }
}
