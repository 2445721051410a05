// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hwmailbox.gunyah.hypervisor.SoftwareHypervisor.Census;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The requests that end the published Resource Manager: here each is refused, and the next one is served. */
final class FatalRequestsTest {
    private static final int DENIED = 3;
    private static final int MSG_INVALID = 4;
    private static final int VMID_INVALID = 0xD;
    private static final int VM_STATE = 0x14;

    private final RmTestBed bed = new RmTestBed();
    private final int guest = bed.boot(0, TestTree.minimal().console().blob());
    private Census before = bed.census();

    @BeforeEach
    void openConsoles() {
        bed.ok(RmTestBed.VM_CONSOLE_OPEN, guest);
        bed.okAs(guest, RmTestBed.VM_CONSOLE_OPEN, 0);
        before = bed.census();
    }

    @AfterEach
    void theServerGoesOn() {
        assertThat(bed.ok(RmTestBed.VM_GET_VMID).word()).isEqualTo(RmTestBed.HOST);
        assertThat(bed.okAs(guest, RmTestBed.VM_GET_VMID).word()).isEqualTo(guest);
        assertThat(bed.state(guest)).isEqualTo(3);
        assertThat(bed.census()).isEqualTo(before);
    }

    @ParameterizedTest
    @ValueSource(ints = {RmTestBed.VM_CONSOLE_WRITE, 0x56000050, 0x56000051, 0x56000052, 0x56000053, 0x56000054})
    void emptyConsoleAndInterruptRequests(int id) {
        assertThat(bed.call(id).error()).isEqualTo(MSG_INVALID);
        assertThat(bed.callAs(guest, id).error()).isEqualTo(MSG_INVALID);
    }

    @Test
    void deallocationOfAVmThatIsNotThere() {
        assertThat(bed.call(RmTestBed.VM_DEALLOC, 150).error()).isEqualTo(VMID_INVALID);
        assertThat(bed.callAs(guest, RmTestBed.VM_DEALLOC, 150).error()).isEqualTo(VMID_INVALID);
    }

    @Test
    void resetOfAVmThatWasNeverConfigured() {
        int vmid = bed.allocate();
        assertThat(bed.call(RmTestBed.VM_RESET, vmid).error()).isEqualTo(VM_STATE);
        assertThat(bed.state(vmid)).isEqualTo(5);
    }

    @Test
    void exitOfTheHost() {
        assertThat(bed.call(RmTestBed.VM_EXIT, 0).error()).isEqualTo(DENIED);
        assertThat(bed.state(RmTestBed.HOST)).isEqualTo(3);
    }
}
