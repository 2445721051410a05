// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.sockets;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.Objects;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

final class FrameTest {
    private static final Endpoint HERE = new Endpoint(3, 0xC001);
    private static final Endpoint THERE = new Endpoint(128, 7);

    private static @Nullable Flaw flawOf(byte[] bytes) {
        return Frame.decode(bytes).flaw();
    }

    private static byte[] changed(byte[] frame, int index, int value) {
        byte[] copy = frame.clone();
        copy[index] = (byte) value;
        return copy;
    }

    @Test
    void framesAreReadAsTheyWereWritten() {
        long seed = 20261201;
        var random = new Random(seed);
        for (int i = 0; i < 5_000; i++) {
            byte[] payload = new byte[random.nextInt(2_000)];
            random.nextBytes(payload);
            Endpoint from = new Endpoint(random.nextInt(), random.nextInt());
            Endpoint to = new Endpoint(random.nextInt(), random.nextInt());
            int status = random.nextInt(0x10000);

            Frame data = Objects.requireNonNull(
                    Frame.decode(Frame.data(FrameType.DATA, from, to, payload).encode())
                            .frame());
            Frame close = Objects.requireNonNull(
                    Frame.decode(Frame.status(FrameType.CLOSE, from, to, status).encode())
                            .frame());

            assertThat(data.payload()).as("seed %d, frame %d", seed, i).isEqualTo(payload);
            assertThat(data.source()).isEqualTo(from);
            assertThat(data.destination()).isEqualTo(to);
            assertThat(close.status()).isEqualTo(status);
            assertThat(close.type()).isEqualTo(FrameType.CLOSE);
        }
    }

    @Test
    void aFrameHasThePublishedLayout() {
        byte[] bytes = Frame.status(FrameType.CONNECT_REPLY, HERE, THERE, 111).encode();

        assertThat(bytes)
                .containsExactly(
                        1, 4, 0, 0, 4, 0, 0, 0, 3, 0, 0, 0, 1, 0xC0, 0, 0, 128, 0, 0, 0, 7, 0, 0, 0, 111, 0, 0, 0);
    }

    @Test
    void optionsArePassedOver() {
        byte[] frame =
                Frame.data(FrameType.DATA, HERE, THERE, new byte[] {8, 9}).encode();
        byte[] withOptions = new byte[frame.length + 4];
        System.arraycopy(frame, 0, withOptions, 0, Frame.HEADER);
        System.arraycopy(frame, Frame.HEADER, withOptions, Frame.HEADER + 4, 2);
        withOptions[3] = 4;

        assertThat(Objects.requireNonNull(Frame.decode(withOptions).frame()).payload())
                .containsExactly(8, 9);
    }

    @Test
    void everyFieldIsChecked() {
        byte[] data = Frame.data(FrameType.DATA, HERE, THERE, new byte[] {8, 9}).encode();
        byte[] close = Frame.status(FrameType.CLOSE, HERE, THERE, 0).encode();
        byte[] shortStatus = Arrays.copyOf(changed(close, 4, 2), close.length - 2);

        assertThat(flawOf(new byte[23])).isEqualTo(Flaw.HEADER);
        assertThat(flawOf(changed(data, 0, 2))).isEqualTo(Flaw.VERSION);
        assertThat(flawOf(changed(data, 1, 0))).isEqualTo(Flaw.TYPE);
        assertThat(flawOf(changed(data, 1, 7))).isEqualTo(Flaw.TYPE);
        assertThat(flawOf(changed(data, 3, 4))).isEqualTo(Flaw.LENGTH);
        assertThat(flawOf(changed(data, 4, 3))).isEqualTo(Flaw.LENGTH);
        assertThat(flawOf(changed(data, 6, 1))).isEqualTo(Flaw.LENGTH);
        assertThat(flawOf(changed(data, 7, 0xFF))).isEqualTo(Flaw.LENGTH);
        assertThat(flawOf(Arrays.copyOf(data, data.length - 1))).isEqualTo(Flaw.LENGTH);
        assertThat(flawOf(shortStatus)).isEqualTo(Flaw.STATUS);
        assertThat(flawOf(changed(data, 1, 6))).isEqualTo(Flaw.STATUS);
        assertThat(flawOf(data)).isNull();
    }

    @Test
    void noiseIsRefusedOrAFrameAndNeverAnException() {
        long seed = 0x50c4e7;
        var random = new Random(seed);
        for (int i = 0; i < 50_000; i++) {
            byte[] noise = new byte[random.nextInt(40)];
            random.nextBytes(noise);
            if (noise.length >= Frame.HEADER && random.nextBoolean()) {
                noise[0] = 1;
                noise[1] = (byte) random.nextInt(8);
                noise[3] = 0;
                Arrays.fill(noise, 4, 8, (byte) 0);
                noise[4] = (byte) (noise.length - Frame.HEADER);
            }

            Frame.Decoded decoded = Frame.decode(noise);

            assertThat((decoded.frame() == null) != (decoded.flaw() == null))
                    .as("seed %d, %s", seed, Arrays.toString(noise))
                    .isTrue();
        }
    }
}
