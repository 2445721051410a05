// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.serial;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Objects;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class SerialRecordTest {
    private static SerialRecord read(SerialRecord record) {
        return Objects.requireNonNull(
                SerialRecord.decode(ByteBuffer.wrap(record.encode())).record());
    }

    private static @Nullable SerialField refusalOf(int... bytes) {
        byte[] message = new byte[bytes.length];
        for (int i = 0; i < bytes.length; i++) {
            message[i] = (byte) bytes[i];
        }
        return SerialRecord.decode(ByteBuffer.wrap(message)).refusal();
    }

    @Test
    void recordsAreReadAsTheyWereWritten() {
        long seed = 20261201;
        var random = new Random(seed);
        for (int i = 0; i < 10_000; i++) {
            byte[] bytes = new byte[1 + random.nextInt(SerialRecord.MAX_DATA)];
            random.nextBytes(bytes);
            int lines = random.nextInt(SerialRecord.ALL_LINES + 1);
            int credit = 1 + random.nextInt(Credit.MAX_WINDOW);

            assertThat(read(SerialRecord.data(bytes)).bytes())
                    .as("seed %d, record %d", seed, i)
                    .isEqualTo(bytes);
            assertThat(read(SerialRecord.modem(lines)).lines()).isEqualTo(lines);
            assertThat(read(SerialRecord.window(credit)).credit()).isEqualTo(credit);
        }
        assertThat(read(SerialRecord.lineBreak()).kind()).isEqualTo(SerialKind.BREAK);
    }

    @Test
    void theLongestRecordFillsAMessage() {
        assertThat(SerialRecord.data(new byte[SerialRecord.MAX_DATA]).encode()).hasSize(240);
        assertThat(SerialRecord.data(new byte[] {7, 8}).encode()).containsExactly(1, 0, 2, 0, 7, 8);
        assertThat(SerialRecord.window(0x0201).encode()).containsExactly(4, 0, 4, 0, 1, 2, 0, 0);
    }

    @Test
    void everyFieldIsChecked() {
        assertThat(refusalOf()).isEqualTo(SerialField.HEAD);
        assertThat(refusalOf(1, 0, 1)).isEqualTo(SerialField.HEAD);
        assertThat(refusalOf(0, 0, 0, 0)).isEqualTo(SerialField.KIND);
        assertThat(refusalOf(5, 0, 0, 0)).isEqualTo(SerialField.KIND);
        assertThat(refusalOf(2, 1, 0, 0)).isEqualTo(SerialField.FLAGS);
        assertThat(refusalOf(1, 0, 2, 0, 9)).isEqualTo(SerialField.LENGTH);
        assertThat(refusalOf(1, 0, 1, 0, 9, 9)).isEqualTo(SerialField.LENGTH);
        assertThat(refusalOf(1, 0, 0, 0)).isEqualTo(SerialField.LENGTH);
        assertThat(refusalOf(2, 0, 1, 0, 9)).isEqualTo(SerialField.LENGTH);
        assertThat(refusalOf(3, 0, 2, 0, 1, 0)).isEqualTo(SerialField.LENGTH);
        assertThat(refusalOf(4, 0, 2, 0, 1, 0)).isEqualTo(SerialField.LENGTH);
        assertThat(refusalOf(3, 0, 1, 0, 8)).isEqualTo(SerialField.LINES);
        assertThat(refusalOf(2, 0, 0, 0)).isNull();
    }

    @ParameterizedTest
    @CsvSource({"0,WINDOW", "1,", "65536,", "65537,WINDOW", "-1,WINDOW"})
    void aWindowHasBounds(int credit, @Nullable SerialField refusal) {
        ByteBuffer message = ByteBuffer.wrap(SerialRecord.window(credit).encode());

        assertThat(SerialRecord.decode(message).refusal()).isEqualTo(refusal);
    }

    @Test
    void noiseIsRefusedOrARecordAndNeverAnException() {
        long seed = 0x5e71a1;
        var random = new Random(seed);
        for (int i = 0; i < 50_000; i++) {
            byte[] noise = new byte[random.nextInt(20)];
            random.nextBytes(noise);
            if (noise.length > 3 && random.nextBoolean()) {
                noise[0] = (byte) random.nextInt(6);
                noise[1] = 0;
                noise[2] = (byte) (noise.length - SerialRecord.HEAD);
                noise[3] = 0;
            }

            SerialRecord.Decoded decoded = SerialRecord.decode(ByteBuffer.wrap(noise));

            if (decoded.record() == null) {
                assertThat(decoded.refusal())
                        .as("seed %d, %s", seed, Arrays.toString(noise))
                        .isNotNull();
            } else {
                assertThat(decoded.record().encode()).isEqualTo(noise);
            }
        }
    }
}
