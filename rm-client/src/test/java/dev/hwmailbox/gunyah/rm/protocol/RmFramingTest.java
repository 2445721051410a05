// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm.protocol;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.hwmailbox.Errno;
import dev.hwmailbox.MailboxException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class RmFramingTest {
    @ParameterizedTest
    @CsvSource({"0, 1, 0", "1, 1, 1", "232, 1, 232", "233, 2, 1", "464, 2, 232", "465, 3, 1", "14384, 62, 232"})
    void cutsEvery232Bytes(int length, int frames, int lastContent) {
        List<RmFrame> split = RmFraming.split(request(length));

        assertThat(split).hasSize(frames);
        assertThat(split).allSatisfy(frame -> {
            assertThat(frame.continuations()).isEqualTo(frames - 1);
            assertThat(frame.sequence()).isEqualTo(0xABCD);
            assertThat(frame.messageId()).isEqualTo(RmMessageId.MEM_LEND);
        });
        assertThat(split.get(0).typeValue()).isEqualTo(RmMessageType.REQUEST.value());
        assertThat(split.subList(1, frames)).allMatch(RmFrame::isContinuation);
        assertThat(split.get(frames - 1).contentLength()).isEqualTo(lastContent);
    }

    @Test
    void pushesTheLastFrameOfARequestOnly() {
        assertThat(RmFraming.split(request(500))).extracting(RmFrame::push).containsExactly(false, false, true);
    }

    @ParameterizedTest
    @EnumSource(names = {"REPLY", "NOTIFICATION"})
    void theResourceManagerNeverPushesAndMaySendOneFrameMore(RmMessageType type) {
        List<RmFrame> split = RmFraming.split(RmMessage.of(type, RmMessageId.MEM_LEND, 0, new byte[14616]));

        assertThat(split).hasSize(63).noneMatch(RmFrame::push);
    }

    @Test
    void longerRequestIsE2big() {
        assertThatExceptionOfType(MailboxException.class)
                .isThrownBy(() -> RmFraming.split(request(14385)))
                .withMessage("E2BIG: message longer than 14384 bytes"
                        + " (RmMessage[REQUEST MEM_LEND (0x51000012), sequence 0xabcd, 14385 bytes])")
                .satisfies(e -> assertThat(e.errno()).isEqualTo(Errno.E2BIG));
    }

    @ParameterizedTest
    @EnumSource(names = {"REPLY", "NOTIFICATION"})
    void longerMessageOfTheResourceManagerIsEinval(RmMessageType type) {
        var message = RmMessage.of(type, RmMessageId.MEM_LEND, 0, new byte[14617]);

        assertThatExceptionOfType(MailboxException.class)
                .isThrownBy(() -> RmFraming.split(message))
                .satisfies(e -> assertThat(e.errno()).isEqualTo(Errno.EINVAL));
    }

    @Test
    void requestWithMessageIdZeroIsEinval() {
        assertThatExceptionOfType(MailboxException.class)
                .isThrownBy(() -> RmFraming.split(RmMessage.request(RmMessageId.NONE, 0, new byte[0])))
                .satisfies(e -> assertThat(e.errno()).isEqualTo(Errno.EINVAL));
    }

    @Test
    void replyToAMessageIdOfZeroIsSent() {
        var reply = RmMessage.reply(RmMessageId.NONE, 0, RmError.UNIMPLEMENTED, new byte[0]);

        assertThat(RmFraming.split(reply)).hasSize(1);
    }

    private static RmMessage request(int length) {
        return RmMessage.request(RmMessageId.MEM_LEND, 0xABCD, new byte[length]);
    }
}
