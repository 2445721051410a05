// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.gpio;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hwmailbox.examples.gpio.GpioRecord.Acknowledgement;
import dev.hwmailbox.examples.gpio.GpioRecord.Event;
import dev.hwmailbox.examples.gpio.GpioRecord.Malformed;
import dev.hwmailbox.examples.gpio.GpioRecord.Request;
import dev.hwmailbox.examples.gpio.GpioRecord.Response;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class GpioRecordTest {
    private static GpioRecord decode(int... bytes) {
        byte[] message = new byte[bytes.length];
        for (int i = 0; i < bytes.length; i++) {
            message[i] = (byte) bytes[i];
        }
        return GpioRecord.decode(ByteBuffer.wrap(message));
    }

    @Test
    void recordsHaveTheLayoutOfVirtioBehindTheirHead() {
        assertThat(new Request(0x1234, 5, 0x0102, 1).encode())
                .containsExactly(0x34, 0x12, 1, 0, 5, 0, 2, 1, 1, 0, 0, 0);
        assertThat(Response.ok(0x1234, 1).encode()).containsExactly(0x34, 0x12, 2, 0, 0, 1);
        assertThat(Response.error(7).encode()).containsExactly(7, 0, 2, 0, 1, 0);
        assertThat(new Event(7, 0x0102, 1).encode()).containsExactly(7, 0, 3, 0, 2, 1, 1);
        assertThat(new Acknowledgement(7, 0x0102).encode()).containsExactly(7, 0, 4, 0, 2, 1);
    }

    @Test
    void whatIsEncodedIsDecoded() {
        long seed = 0x6710;
        Random random = new Random(seed);
        for (int i = 0; i < 2_000; i++) {
            int id = random.nextInt(0x10000);
            int line = random.nextInt(0x10000);
            ByteBuffer names = ByteBuffer.wrap(new byte[random.nextInt(GpioRecord.NAMES_LENGTH + 1)]);
            random.nextBytes(names.array());
            var request = new Request(id, random.nextInt(0x10000), line, random.nextInt());
            var response = new Response(id, random.nextInt(2), random.nextInt(0x100), names);
            var event = new Event(id, line, random.nextInt(2));
            var acknowledgement = new Acknowledgement(id, line);

            assertThat(List.of(
                            GpioRecord.decode(ByteBuffer.wrap(request.encode())),
                            GpioRecord.decode(ByteBuffer.wrap(response.encode())),
                            GpioRecord.decode(ByteBuffer.wrap(event.encode())),
                            GpioRecord.decode(ByteBuffer.wrap(acknowledgement.encode()))))
                    .as("seed %#x, round %d", seed, i)
                    .containsExactly(request, response, event, acknowledgement);
        }
    }

    @Test
    void anyBytesAreSomeRecord() {
        long seed = 0x6711;
        Random random = new Random(seed);
        for (int i = 0; i < 20_000; i++) {
            byte[] bytes = new byte[random.nextInt(random.nextBoolean() ? 16 : 300)];
            random.nextBytes(bytes);
            if (bytes.length > 3) {
                bytes[2] = (byte) random.nextInt(6);
                bytes[3] = 0;
            }
            assertThat(GpioRecord.decode(ByteBuffer.wrap(bytes)))
                    .as("seed %#x, round %d", seed, i)
                    .isNotNull();
        }
    }

    @Test
    void saysWhatIsWrongAndWhereItBelongs() {
        assertThat(decode()).isEqualTo(new Malformed(0, 0, GpioField.LENGTH));
        assertThat(decode(7, 0, 1)).isEqualTo(new Malformed(0, 0, GpioField.LENGTH));
        assertThat(decode(7, 0, 0, 0)).isEqualTo(new Malformed(7, 0, GpioField.KIND));
        assertThat(decode(7, 0, 5, 0)).isEqualTo(new Malformed(7, 5, GpioField.KIND));
        assertThat(decode(7, 0, 1, 1)).isEqualTo(new Malformed(7, 0x101, GpioField.KIND));
        assertThat(decode(7, 0, 2, 0, 2, 0)).isEqualTo(new Malformed(7, 2, GpioField.STATUS));
        assertThat(decode(7, 0, 3, 0, 0, 0, 2)).isEqualTo(new Malformed(7, 3, GpioField.LEVEL));
    }

    @Test
    void everyKindHasItsLength() {
        byte[] request = new Request(7, 1, 0, 0).encode();
        byte[] event = new Event(7, 0, 0).encode();
        byte[] acknowledgement = new Acknowledgement(7, 0).encode();
        for (byte[] record : List.of(request, event, acknowledgement)) {
            for (int length : new int[] {4, record.length - 1, record.length + 1}) {
                assertThat(GpioRecord.decode(ByteBuffer.wrap(Arrays.copyOf(record, length))))
                        .isEqualTo(new Malformed(7, record[2], GpioField.LENGTH));
            }
        }
        assertThat(decode(7, 0, 2, 0, 0)).isEqualTo(new Malformed(7, 2, GpioField.LENGTH));
        byte[] tooLong = Arrays.copyOf(Response.ok(7, 0).encode(), GpioRecord.MAX_LENGTH + 1);
        assertThat(GpioRecord.decode(ByteBuffer.wrap(tooLong))).isEqualTo(new Malformed(7, 2, GpioField.LENGTH));
    }

    @Test
    void numbersOfTheWireAreThoseOfVirtio() {
        assertThat(List.of(GpioType.values()))
                .allSatisfy(type -> assertThat(GpioType.fromValue(type.value())).isEqualTo(type));
        assertThat(GpioType.fromValue(7)).isEqualTo(GpioType.UNKNOWN);
        assertThat(GpioDirection.fromValue(1)).isEqualTo(GpioDirection.OUT);
        assertThat(GpioDirection.fromValue(2)).isEqualTo(GpioDirection.IN);
        assertThat(GpioDirection.fromValue(3)).isEqualTo(GpioDirection.UNKNOWN);
        assertThat(GpioInterrupt.fromValue(8)).isEqualTo(GpioInterrupt.LOW);
        assertThat(GpioInterrupt.fromValue(5)).isEqualTo(GpioInterrupt.UNKNOWN);
    }

    @Test
    void aBlockOfNamesIsReadBackAndBounded() {
        List<String> names = List.of("led", "", "grün");

        assertThat(GpioNames.names(GpioNames.block(names))).isEqualTo(names);

        assertThatThrownBy(() -> GpioNames.block(List.of("a\0b"))).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> GpioNames.block(List.of("n".repeat(GpioNames.MAX_BLOCK))))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("16385 bytes");
    }
}
