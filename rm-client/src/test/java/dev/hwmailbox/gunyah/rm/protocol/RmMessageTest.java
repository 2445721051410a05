// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm.protocol;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import dev.hwmailbox.Errno;
import java.nio.ByteOrder;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RmMessageTest {
    private static final int ID = RmMessageId.VM_START;

    @Test
    void keepsACopyOfItsPayload() {
        byte[] payload = {1, 2, 3};
        var message = RmMessage.request(ID, 7, payload);
        payload[0] = 99;
        message.payload()[1] = 99;

        assertThat(message.payload()).containsExactly(1, 2, 3);
        assertThat(message.payloadLength()).isEqualTo(3);
        assertThat(message.payloadBuffer().isReadOnly()).isTrue();
        assertThat(message.payloadBuffer().order()).isEqualTo(ByteOrder.LITTLE_ENDIAN);
    }

    @Test
    void replyStartsWithTheErrorWord() {
        var reply = RmMessage.reply(ID, 7, 0x04030201, new byte[] {5});

        assertThat(reply.payload()).containsExactly(1, 2, 3, 4, 5);
        assertThat(reply.error()).isEqualTo(0x04030201);
    }

    @Test
    void dataOfASuccessfulReplyIsWhatFollowsTheErrorWord() {
        assertThat(RmMessage.reply(ID, 7, new VmidReply(5)).data()).containsExactly(5, 0, 0, 0);
    }

    @Test
    void dataOfAnErrorReplyIsDiscarded() {
        assertThat(RmMessage.reply(ID, 7, RmError.DENIED, new byte[] {5}).data())
                .isEmpty();
    }

    @Test
    void dataOfOtherMessagesIsThePayload() {
        assertThat(RmMessage.request(ID, 7, new VmRequest(3)).data()).containsExactly(3, 0, 0, 0);
        assertThat(RmMessage.notification(ID, 7, new VmShutdownNotification(1)).data())
                .containsExactly(1, 0, 0, 0);
    }

    @Test
    void onlyAReplyHasAnErrorWord() {
        var request = RmMessage.request(ID, 7, new byte[4]);

        assertThatIllegalStateException().isThrownBy(request::error);
    }

    @Test
    void replyWithoutAWholeErrorWordIsEbadmsg() {
        var reply = RmMessage.of(RmMessageType.REPLY, ID, 7, new byte[3]);

        assertThatExceptionOfType(RmProtocolException.class)
                .isThrownBy(reply::error)
                .satisfies(e -> assertThat(e.errno()).isEqualTo(Errno.EBADMSG))
                .withMessage("EBADMSG: VM_START (0x56000004): error word at byte 0: found 3 bytes, expected 4 bytes");
        assertThatExceptionOfType(RmProtocolException.class).isThrownBy(reply::data);
    }

    @Test
    void requiringNoDataRefusesData() {
        assertThatCode(RmMessage.reply(ID, 7, RmError.OK, new byte[0])::requireNoData)
                .doesNotThrowAnyException();
        assertThatExceptionOfType(RmProtocolException.class)
                .isThrownBy(RmMessage.reply(ID, 7, RmError.OK, new byte[2])::requireNoData)
                .withMessage("EBADMSG: VM_START (0x56000004): end at byte 0: found 2 more bytes, expected none");
    }

    @ParameterizedTest
    @ValueSource(ints = {-1, 0x10000})
    void refusesASequenceOfMoreThan16Bits(int sequence) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> RmMessage.request(ID, sequence, new byte[0]))
                .withMessage("sequence must be 0..65535: " + sequence);
    }

    @Test
    void isEqualToAMessageThatSaysTheSame() {
        var message = RmMessage.request(ID, 7, new byte[] {1});

        assertThat(message)
                .isEqualTo(RmMessage.request(ID, 7, new byte[] {1}))
                .hasSameHashCodeAs(RmMessage.request(ID, 7, new byte[] {1}))
                .isNotEqualTo(RmMessage.request(ID, 7, new byte[] {2}))
                .isNotEqualTo(RmMessage.request(ID, 8, new byte[] {1}))
                .isNotEqualTo(RmMessage.request(0, 7, new byte[] {1}))
                .isNotEqualTo(RmMessage.of(RmMessageType.NOTIFICATION, ID, 7, new byte[] {1}))
                .hasToString("RmMessage[REQUEST VM_START (0x56000004), sequence 0x0007, 1 bytes]");
    }
}
