// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm.protocol;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.BufferOverflowException;
import java.nio.ByteBuffer;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RmFrameTest {
    private static final byte[] BYTES = HexFormat.of().parseHex("21069e3f01000056c9a37b");

    @Test
    void readsTheHeader() {
        var frame = RmFrame.of(BYTES, true);

        assertThat(frame.hasValidHeader()).isTrue();
        assertThat(frame.typeValue()).isEqualTo(RmMessageType.REPLY.value());
        assertThat(frame.isContinuation()).isFalse();
        assertThat(frame.continuations()).isEqualTo(1);
        assertThat(frame.sequence()).isEqualTo(0x3f9e);
        assertThat(frame.messageId()).isEqualTo(RmMessageId.VM_ALLOC_VMID);
        assertThat(frame.length()).isEqualTo(11);
        assertThat(frame.contentLength()).isEqualTo(3);
        assertThat(frame.push()).isTrue();
    }

    @Test
    void readsAHeaderOfOnesUnsigned() {
        var frame = RmFrame.of(HexFormat.of().parseHex("ffffffffffffffff"), false);

        assertThat(frame.hasValidHeader()).isFalse();
        assertThat(frame.typeValue()).isEqualTo(3);
        assertThat(frame.continuations()).isEqualTo(63);
        assertThat(frame.sequence()).isEqualTo(0xFFFF);
        assertThat(frame.messageId()).isEqualTo(-1);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 7, 241})
    void refusesALengthThatIsNoFrame(int length) {
        assertThatIllegalArgumentException().isThrownBy(() -> RmFrame.of(new byte[length], false));
        assertThatIllegalArgumentException().isThrownBy(() -> RmFrame.of(ByteBuffer.allocate(length), false));
    }

    @ParameterizedTest
    @ValueSource(ints = {8, 240})
    void takesTheShortestAndTheLongest(int length) {
        assertThat(RmFrame.of(new byte[length], false).length()).isEqualTo(length);
        assertThat(RmFrame.of(ByteBuffer.allocateDirect(length), false).length())
                .isEqualTo(length);
    }

    @Test
    void copiesItsBytesIn() {
        var source = BYTES.clone();
        var frame = RmFrame.of(source, false);
        source[4] = 99;

        assertThat(frame.messageId()).isEqualTo(RmMessageId.VM_ALLOC_VMID);
    }

    @Test
    void readsABufferFromPositionToLimitAndLeavesItsPosition() {
        var source = ByteBuffer.allocate(20).put(3, BYTES).position(3).limit(3 + BYTES.length);

        var frame = RmFrame.of(source, false);

        assertThat(frame).isEqualTo(RmFrame.of(BYTES, false));
        assertThat(source.position()).isEqualTo(3);
    }

    @Test
    void copiesItsBytesOut() {
        var frame = RmFrame.of(BYTES, false);
        var array = new byte[12];
        var buffer = ByteBuffer.allocate(12);

        assertThat(frame.copyTo(array, 1)).isEqualTo(11);
        assertThat(frame.copyTo(buffer)).isEqualTo(11);

        assertThat(array).startsWith(0, 0x21).endsWith(0x7b);
        assertThat(buffer.position()).isEqualTo(11);
        assertThat(buffer.flip()).isEqualTo(ByteBuffer.wrap(BYTES));
        assertThat(frame.asByteBuffer().isReadOnly()).isTrue();
        assertThat(frame.asByteBuffer()).isEqualTo(ByteBuffer.wrap(BYTES));
    }

    @Test
    void refusesATargetThatIsTooSmall() {
        var frame = RmFrame.of(BYTES, false);

        assertThatThrownBy(() -> frame.copyTo(new byte[11], 1)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> frame.copyTo(ByteBuffer.allocate(10))).isInstanceOf(BufferOverflowException.class);
    }

    @Test
    void isEqualToAFrameWithTheSameBytesAndPushHint() {
        var frame = RmFrame.of(BYTES, false);

        assertThat(frame)
                .isEqualTo(RmFrame.of(BYTES, false))
                .hasSameHashCodeAs(RmFrame.of(BYTES, false))
                .isNotEqualTo(RmFrame.of(BYTES, true))
                .isNotEqualTo(RmFrame.of(new byte[11], false));
    }

    @Test
    void printsIdsInHex() {
        assertThat(RmFrame.of(BYTES, true))
                .hasToString("RmFrame[REPLY 0x56000001, sequence 0x3f9e, 1 continuations, 11 bytes, push]");
        assertThat(RmFrame.of(new byte[8], false))
                .hasToString("RmFrame[CONTINUATION 0x00000000, sequence 0x0000, 0 continuations, 8 bytes,"
                        + " byte 0 is 0x00]");
    }
}
