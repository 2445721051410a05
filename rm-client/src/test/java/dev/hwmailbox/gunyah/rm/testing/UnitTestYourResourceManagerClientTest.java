// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hwmailbox.gunyah.rm.protocol.RmError;
import dev.hwmailbox.gunyah.rm.protocol.RmMessageId;
import dev.hwmailbox.gunyah.rm.protocol.VmStatus;
import dev.hwmailbox.gunyah.rm.protocol.VmStatusNotification;
import dev.hwmailbox.gunyah.rm.protocol.VmidReply;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;

class UnitTestYourResourceManagerClientTest {
    @AutoClose
    private final ResourceManagerTestBed bed = ResourceManagerTestBed.create();

    @Test
    void startsTheVmItHasAllocated() {
        bed.fake().on(RmMessageId.VM_ALLOC_VMID, FakeReply.ok(new VmidReply(128)));
        bed.fake().on(RmMessageId.VM_START, FakeReply.ok());

        bed.resourceManager().start(bed.resourceManager().allocateVmid());

        bed.fake().assertRequests(RmMessageId.VM_ALLOC_VMID, RmMessageId.VM_START);
    }

    @Test
    void learnsThatTheVmIsInTheWrongState() {
        bed.fake().on(RmMessageId.VM_START, FakeReply.refuse(RmError.VM_STATE));

        assertThatThrownBy(() -> bed.resourceManager().start(128)).hasMessageContaining("VM_STATE");
    }

    @Test
    void waitsFiveSecondsForAReplyThatIsLost() {
        bed.fake().on(RmMessageId.VM_START, FakeReply.ok().loseFrame(0));

        assertThatThrownBy(() -> bed.resourceManager().start(128)).hasMessageStartingWith("ETIMEDOUT");
        assertThat(bed.scheduler().elapsed()).isEqualTo(Duration.ofSeconds(5));
    }

    @Test
    void hearsThatTheVmRuns() {
        List<String> heard = new ArrayList<>();
        bed.resourceManager().addListener(told -> heard.add(RmMessageId.name(told.messageId())));
        bed.fake()
                .on(
                        RmMessageId.VM_START,
                        FakeReply.ok()
                                .telling(
                                        RmMessageId.NOTIFY_VM_STATUS,
                                        new VmStatusNotification(128, new VmStatus(3, 4, 0))));
        bed.resourceManager().start(128);
        bed.scheduler().runUntilIdle();
        assertThat(heard).containsExactly("NOTIFY_VM_STATUS");
    }
}
