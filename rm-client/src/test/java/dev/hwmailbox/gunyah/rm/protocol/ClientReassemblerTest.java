// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm.protocol;

import static dev.hwmailbox.gunyah.rm.protocol.Frames.CONTINUATION;
import static dev.hwmailbox.gunyah.rm.protocol.Frames.NOTIFICATION;
import static dev.hwmailbox.gunyah.rm.protocol.Frames.REPLY;
import static dev.hwmailbox.gunyah.rm.protocol.Frames.REQUEST;
import static dev.hwmailbox.gunyah.rm.protocol.Frames.frame;
import static dev.hwmailbox.gunyah.rm.protocol.Frames.withByte0;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import dev.hwmailbox.Errno;
import dev.hwmailbox.gunyah.rm.protocol.RmArrival.Loss;
import dev.hwmailbox.gunyah.rm.protocol.RmArrival.Verdict;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ClientReassemblerTest {
    private static final int ID = RmMessageId.VM_GET_ID;
    private static final int OTHER_ID = RmMessageId.VM_START;
    private static final int EVENT = RmMessageId.NOTIFY_VM_EXITED;

    private final Map<Integer, Integer> outstanding = new HashMap<>(Map.of(5, ID, 6, OTHER_ID));
    private final RmReassembler reassembler = RmReassembler.forClient(this::messageIdOf);
    private final RmReassembler likeLinux = RmReassembler.forClient(this::messageIdOf, false);

    @Test
    void deliversTheReplyOfAnOutstandingCall() {
        var arrival = reassembler.accept(frame(REPLY, 0, 5, ID, 0, 0, 0, 0, 7));

        assertThat(arrival)
                .isEqualTo(new RmArrival(Verdict.COMPLETE, RmMessage.reply(ID, 5, RmError.OK, new byte[] {7}), null));
    }

    @Test
    void deliversNotificationsOfAnyId() {
        var arrival = reassembler.accept(frame(NOTIFICATION, 0, 9, 0x7FFFFFFF, 1));

        assertThat(arrival.message())
                .isEqualTo(RmMessage.of(RmMessageType.NOTIFICATION, 0x7FFFFFFF, 9, new byte[] {1}));
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 7})
    void ignoresWhatIsShorterThanAHeader(int length) {
        startReply();

        assertThat(reassembler.accept(ByteBuffer.allocate(length))).isEqualTo(RmArrival.dropped(Verdict.TOO_SHORT));
        assertThatTheReplyStillCompletes();
    }

    @Test
    void ignoresWhatIsLongerThanAFrame() {
        startReply();

        assertThat(reassembler.accept(ByteBuffer.allocate(241))).isEqualTo(RmArrival.dropped(Verdict.TOO_LONG));
        assertThatTheReplyStillCompletes();
    }

    @ParameterizedTest
    @ValueSource(ints = {0x20, 0x22, 0x11})
    void ignoresABadHeader(int byte0) {
        startReply();

        assertThat(reassembler.accept(withByte0(byte0, frame(REPLY, 0, 6, OTHER_ID, 0, 0, 0, 0))))
                .isEqualTo(RmArrival.dropped(Verdict.BAD_HEADER));
        assertThatTheReplyStillCompletes();
    }

    @Test
    void ignoresARequest() {
        startReply();

        assertThat(reassembler.accept(frame(REQUEST, 0, 5, ID, 0, 0, 0, 0)))
                .isEqualTo(RmArrival.dropped(Verdict.UNEXPECTED_REQUEST));
        assertThatTheReplyStillCompletes();
    }

    @Test
    void ignoresAReplyNobodyWaitsFor() {
        startReply();

        assertThat(reassembler.accept(frame(REPLY, 0, 99, ID, 0, 0, 0, 0)))
                .isEqualTo(RmArrival.dropped(Verdict.UNKNOWN_REPLY));
        assertThat(reassembler.accept(frame(REPLY, 0, 99, RmMessageId.NONE, 0, 0, 0, 0)))
                .isEqualTo(RmArrival.dropped(Verdict.UNKNOWN_REPLY));
        assertThatTheReplyStillCompletes();
    }

    @Test
    void ignoresAReplyWithAnotherMessageId() {
        startReply();

        assertThat(reassembler.accept(frame(REPLY, 0, 6, ID, 0, 0, 0, 0)))
                .isEqualTo(RmArrival.dropped(Verdict.WRONG_MESSAGE_ID));
        assertThatTheReplyStillCompletes();
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 3})
    void replyWithoutAWholeErrorWordEndsItsCallWithEnomem(int length) {
        startReply();

        assertThat(reassembler.accept(frame(REPLY, 0, 6, OTHER_ID, new int[length])))
                .isEqualTo(ended(Verdict.REPLY_TOO_SHORT, 6, OTHER_ID, Errno.ENOMEM));
        assertThatTheReplyStillCompletes();
    }

    @Test
    void replyOf63ContinuationsEndsItsCallWithEnomem() {
        startReply();

        assertThat(reassembler.accept(frame(REPLY, 63, 6, OTHER_ID, 0, 0, 0, 0)))
                .isEqualTo(ended(Verdict.TOO_MANY_FRAGMENTS, 6, OTHER_ID, Errno.ENOMEM));
        assertThatTheReplyStillCompletes();
    }

    @Test
    void tooShortReplyOfTheCallBeingReassembledEndsTheReassemblyToo() {
        startReply();

        assertThat(reassembler.accept(frame(REPLY, 0, 5, ID)))
                .isEqualTo(ended(Verdict.REPLY_TOO_SHORT, 5, ID, Errno.ENOMEM));
        assertThat(reassembler.isReassembling()).isFalse();
    }

    @Test
    void dropsANotificationOf63Continuations() {
        startReply();

        assertThat(reassembler.accept(frame(NOTIFICATION, 63, 1, EVENT)))
                .isEqualTo(RmArrival.dropped(Verdict.TOO_MANY_FRAGMENTS));
        assertThatTheReplyStillCompletes();
    }

    @Test
    void firstFrameOfAnotherReplyEndsTheCallBeforeWithEio() {
        startReply();

        var arrival = reassembler.accept(frame(REPLY, 0, 6, OTHER_ID, 0, 0, 0, 0));

        assertThat(arrival.message()).isEqualTo(RmMessage.reply(OTHER_ID, 6, RmError.OK, new byte[0]));
        assertThat(arrival.loss()).isEqualTo(new Loss(RmMessageType.REPLY, ID, 5, Errno.EIO));
    }

    @Test
    void firstFrameOfANotificationEndsTheCallBeforeWithEio() {
        startReply();

        var arrival = reassembler.accept(frame(NOTIFICATION, 1, 1, EVENT, 0));

        assertThat(arrival.verdict()).isEqualTo(Verdict.INCOMPLETE);
        assertThat(arrival.loss()).isEqualTo(new Loss(RmMessageType.REPLY, ID, 5, Errno.EIO));
        assertThat(reassembler.isReassembling()).isTrue();
    }

    @Test
    void firstFrameAfterHalfANotificationLosesIt() {
        reassembler.accept(frame(NOTIFICATION, 1, 1, EVENT, 0));

        var arrival = reassembler.accept(frame(REPLY, 0, 5, ID, 0, 0, 0, 0));

        assertThat(arrival.verdict()).isEqualTo(Verdict.COMPLETE);
        assertThat(arrival.loss()).isEqualTo(new Loss(RmMessageType.NOTIFICATION, EVENT, 1, Errno.EIO));
    }

    @Test
    void ignoresAContinuationOfNothing() {
        assertThat(reassembler.accept(frame(CONTINUATION, 1, 5, ID)))
                .isEqualTo(RmArrival.dropped(Verdict.STRAY_CONTINUATION));
    }

    @Test
    void continuationWithAnotherIdEndsTheCallWithEio() {
        assertThatEndsTheCall(frame(CONTINUATION, 1, 5, OTHER_ID));
    }

    @Test
    void continuationWithAnotherCountEndsTheCallWithEio() {
        assertThatEndsTheCall(frame(CONTINUATION, 2, 5, ID));
    }

    @Test
    void continuationWithAnotherSequenceEndsTheCallWithEio() {
        assertThatEndsTheCall(frame(CONTINUATION, 1, 6, ID));
    }

    @Test
    void continuationWithAnotherSequenceIsTakenIfThatIsNotCompared() {
        likeLinux.accept(frame(REPLY, 1, 5, ID, 0, 0, 0, 0, 1));

        assertThat(likeLinux.accept(frame(CONTINUATION, 1, 6, ID, 2)).message())
                .isEqualTo(RmMessage.reply(ID, 5, RmError.OK, new byte[] {1, 2}));
    }

    @Test
    void foreignContinuationLosesANotification() {
        reassembler.accept(frame(NOTIFICATION, 1, 1, EVENT, 0));

        assertThat(reassembler.accept(frame(CONTINUATION, 1, 1, EVENT + 1)).loss())
                .isEqualTo(new Loss(RmMessageType.NOTIFICATION, EVENT, 1, Errno.EIO));
        assertThat(reassembler.isReassembling()).isFalse();
    }

    @Test
    void repeatedFirstFrameEndsTheCallOnceAndTheRestIsIgnored() {
        startReply();

        var repeated = reassembler.accept(frame(REPLY, 1, 5, ID, 0, 0, 0, 0, 1));
        assertThat(repeated.verdict()).isEqualTo(Verdict.INCOMPLETE);
        assertThat(repeated.loss()).isEqualTo(new Loss(RmMessageType.REPLY, ID, 5, Errno.EIO));
        outstanding.remove(5);

        assertThat(reassembler.accept(frame(CONTINUATION, 1, 5, ID, 2)))
                .isEqualTo(RmArrival.dropped(Verdict.UNKNOWN_REPLY));
    }

    @Test
    void wholeReplyAfterHalfOfTheSameEndsTheCallAndIsNotDelivered() {
        startReply();

        assertThat(reassembler.accept(frame(REPLY, 0, 5, ID, 0, 0, 0, 0)))
                .isEqualTo(ended(Verdict.UNKNOWN_REPLY, 5, ID, Errno.EIO));
    }

    @Test
    void replyOfACallGivenUpMeanwhileIsNotDelivered() {
        startReply();
        outstanding.remove(5);

        assertThat(reassembler.accept(frame(CONTINUATION, 1, 5, ID, 2)))
                .isEqualTo(RmArrival.dropped(Verdict.UNKNOWN_REPLY));
    }

    @Test
    void breakingOffTheReplyOfACallGivenUpMeanwhileEndsNothing() {
        startReply();
        outstanding.remove(5);

        assertThat(reassembler.accept(frame(NOTIFICATION, 0, 1, EVENT)).loss()).isNull();
    }

    @Test
    @NullUnmarked
    void refusesToWorkWithoutCalls() {
        assertThatNullPointerException()
                .isThrownBy(() -> RmReassembler.forClient(null))
                .withMessage("calls");
    }

    private int messageIdOf(int sequence) {
        return outstanding.getOrDefault(sequence, RmReassembler.OutstandingCalls.NONE);
    }

    private void startReply() {
        assertThat(reassembler.accept(frame(REPLY, 1, 5, ID, 0, 0, 0, 0, 1)).verdict())
                .isEqualTo(Verdict.INCOMPLETE);
    }

    private void assertThatTheReplyStillCompletes() {
        assertThat(reassembler.accept(frame(CONTINUATION, 1, 5, ID, 2)))
                .isEqualTo(
                        new RmArrival(Verdict.COMPLETE, RmMessage.reply(ID, 5, RmError.OK, new byte[] {1, 2}), null));
    }

    private void assertThatEndsTheCall(RmFrame foreign) {
        startReply();

        assertThat(reassembler.accept(foreign)).isEqualTo(ended(Verdict.FOREIGN_CONTINUATION, 5, ID, Errno.EIO));
        assertThat(reassembler.accept(frame(CONTINUATION, 1, 5, ID)).verdict()).isEqualTo(Verdict.STRAY_CONTINUATION);
    }

    private static RmArrival ended(Verdict verdict, int sequence, int messageId, int errno) {
        return new RmArrival(verdict, null, new Loss(RmMessageType.REPLY, messageId, sequence, errno));
    }
}
