// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm.protocol;

import static dev.hwmailbox.gunyah.rm.protocol.Frames.CONTINUATION;
import static dev.hwmailbox.gunyah.rm.protocol.Frames.NOTIFICATION;
import static dev.hwmailbox.gunyah.rm.protocol.Frames.REPLY;
import static dev.hwmailbox.gunyah.rm.protocol.Frames.REQUEST;
import static dev.hwmailbox.gunyah.rm.protocol.Frames.frame;
import static dev.hwmailbox.gunyah.rm.protocol.Frames.withByte0;
import static org.assertj.core.api.Assertions.assertThat;

import dev.hwmailbox.Errno;
import dev.hwmailbox.gunyah.rm.protocol.RmArrival.Loss;
import dev.hwmailbox.gunyah.rm.protocol.RmArrival.Verdict;
import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ResourceManagerReassemblerTest {
    private static final int ID = RmMessageId.MEM_LEND;

    private final RmReassembler reassembler = RmReassembler.forResourceManager();

    @Test
    void deliversASingleFrame() {
        assertThat(reassembler.accept(frame(REQUEST, 0, 5, ID, 1, 2)))
                .isEqualTo(complete(RmMessageType.REQUEST, 5, 1, 2));
        assertThat(reassembler.isReassembling()).isFalse();
    }

    @Test
    void concatenatesFragmentsHoweverShort() {
        assertThat(reassembler.accept(frame(REQUEST, 2, 5, ID, 1))).isEqualTo(incomplete());
        assertThat(reassembler.accept(frame(CONTINUATION, 2, 5, ID))).isEqualTo(incomplete());
        assertThat(reassembler.isReassembling()).isTrue();
        assertThat(reassembler.remainingFragments()).isEqualTo(1);
        assertThat(reassembler.bytesGathered()).isEqualTo(1);
        assertThat(reassembler.accept(frame(CONTINUATION, 2, 5, ID, 2, 3)))
                .isEqualTo(complete(RmMessageType.REQUEST, 5, 1, 2, 3));
        assertThat(reassembler.remainingFragments()).isZero();
        assertThat(reassembler.bytesGathered()).isZero();
    }

    @Test
    void takesRepliesNotificationsAndMessageIdZero() {
        assertThat(reassembler.accept(frame(REPLY, 0, 5, ID, 1))).isEqualTo(complete(RmMessageType.REPLY, 5, 1));
        assertThat(reassembler.accept(frame(NOTIFICATION, 0, 5, ID)))
                .isEqualTo(complete(RmMessageType.NOTIFICATION, 5));
        assertThat(reassembler.accept(frame(REQUEST, 0, 5, 0)).verdict()).isEqualTo(Verdict.COMPLETE);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 7})
    void dropsWhatIsShorterThanAHeader(int length) {
        startTwoFrames();

        assertThat(reassembler.accept(ByteBuffer.allocate(length)).verdict()).isEqualTo(Verdict.TOO_SHORT);
        assertThatTheRightContinuationStillCompletes();
    }

    @Test
    void cutsWhatIsLongerThanAFrame() {
        var bytes = ByteBuffer.allocate(300);
        frame(REQUEST, 0, 5, ID).copyTo(bytes);

        var message = reassembler.accept(bytes.rewind()).message();

        assertThat(message).isEqualTo(RmMessage.request(ID, 5, new byte[232]));
    }

    @ParameterizedTest
    @ValueSource(ints = {0x20, 0x22, 0x11, 0x31, 0x00, 0xFF})
    void dropsABadHeaderAndKeepsReassembling(int byte0) {
        startTwoFrames();

        assertThat(reassembler.accept(withByte0(byte0, frame(CONTINUATION, 1, 5, ID, 9))))
                .isEqualTo(RmArrival.dropped(Verdict.BAD_HEADER));
        assertThatTheRightContinuationStillCompletes();
    }

    @Test
    void drops63ContinuationsAndKeepsReassembling() {
        startTwoFrames();

        assertThat(reassembler.accept(frame(REQUEST, 63, 6, ID)))
                .isEqualTo(RmArrival.dropped(Verdict.TOO_MANY_FRAGMENTS));
        assertThatTheRightContinuationStillCompletes();
    }

    @Test
    void dropsAContinuationOfNothing() {
        assertThat(reassembler.accept(frame(CONTINUATION, 1, 5, ID, 9)))
                .isEqualTo(RmArrival.dropped(Verdict.STRAY_CONTINUATION));
    }

    @Test
    void dropsForeignContinuationsAndKeepsReassembling() {
        startTwoFrames();

        for (var foreign : new RmFrame[] {
            frame(CONTINUATION, 1, 5, ID + 1, 9), frame(CONTINUATION, 1, 6, ID, 9), frame(CONTINUATION, 2, 5, ID, 9)
        }) {
            assertThat(reassembler.accept(foreign)).isEqualTo(RmArrival.dropped(Verdict.FOREIGN_CONTINUATION));
        }
        assertThatTheRightContinuationStillCompletes();
    }

    @Test
    void firstFrameDiscardsTheMessageBefore() {
        startTwoFrames();

        var arrival = reassembler.accept(frame(REQUEST, 0, 6, ID, 3));

        assertThat(arrival.message()).isEqualTo(RmMessage.request(ID, 6, new byte[] {3}));
        assertThat(arrival.loss()).isEqualTo(new Loss(RmMessageType.REQUEST, ID, 5, Errno.EIO));
        assertThat(reassembler.accept(frame(CONTINUATION, 1, 5, ID, 2)).verdict())
                .isEqualTo(Verdict.STRAY_CONTINUATION);
    }

    private void startTwoFrames() {
        assertThat(reassembler.accept(frame(REQUEST, 1, 5, ID, 1))).isEqualTo(incomplete());
    }

    private void assertThatTheRightContinuationStillCompletes() {
        assertThat(reassembler.accept(frame(CONTINUATION, 1, 5, ID, 2)))
                .isEqualTo(complete(RmMessageType.REQUEST, 5, 1, 2));
    }

    private static RmArrival incomplete() {
        return new RmArrival(Verdict.INCOMPLETE, null, null);
    }

    private static RmArrival complete(RmMessageType type, int sequence, int... payload) {
        var bytes = new byte[payload.length];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) payload[i];
        }
        return new RmArrival(Verdict.COMPLETE, RmMessage.of(type, ID, sequence, bytes), null);
    }
}
