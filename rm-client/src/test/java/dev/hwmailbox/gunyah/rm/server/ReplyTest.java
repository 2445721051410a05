// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hwmailbox.gunyah.rm.protocol.RmError;
import dev.hwmailbox.gunyah.rm.protocol.RmMessage;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

final class ReplyTest {
    @Test
    void secondReplyIsDropped() {
        List<RmMessage> sent = new ArrayList<>();
        Reply reply = new Reply(RmMessage.request(0x56000085, 7, new byte[0]), (message, reason) -> sent.add(message));

        reply.ok();
        reply.refuse(RmError.NORESOURCE, "too late");

        assertThat(sent).singleElement().satisfies(message -> {
            assertThat(message.error()).isEqualTo(RmError.OK);
            assertThat(message.messageId()).isEqualTo(0x56000085);
            assertThat(message.sequence()).isEqualTo(7);
        });
    }
}
