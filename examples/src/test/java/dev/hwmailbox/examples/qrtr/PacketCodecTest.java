// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.qrtr;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class PacketCodecTest {
    private static final long SEED = 20221101;

    private static byte[] data(int version, int size) {
        Packet packet = new Packet(PacketType.DATA, new Address(5, 6), new Address(7, 8), true, new byte[size]);
        return Objects.requireNonNull(PacketCodec.encode(packet, version));
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2})
    void whatIsWrittenIsReadBack(int version) {
        Random random = new Random(SEED);
        for (int i = 0; i < 5_000; i++) {
            byte[] payload = new byte[1 + random.nextInt(600)];
            random.nextBytes(payload);
            Address to = random.nextBoolean() ? Address.EVERYWHERE : new Address(random.nextInt(999), 0x4000);
            Packet packet =
                    new Packet(PacketType.DATA, new Address(random.nextInt(999), 9), to, random.nextBoolean(), payload);

            byte[] bytes = Objects.requireNonNull(PacketCodec.encode(packet, version));
            Packet read = Objects.requireNonNull(PacketCodec.decode(bytes).packet());

            assertThat(read).as("seed %d, %d", SEED, i).hasToString(packet.toString());
            assertThat(read.payload()).isEqualTo(payload);
        }
    }

    @Test
    void hostileBytesAreRefusedOrRead() {
        Random random = new Random(SEED);
        for (int i = 0; i < 50_000; i++) {
            byte[] bytes = random.nextBoolean() ? data(1 + i % 2, 4 + 4 * random.nextInt(9)) : new byte[i % 80];
            for (int change = random.nextInt(4); change > 0 && bytes.length > 0; change--) {
                bytes[random.nextInt(bytes.length)] = (byte) random.nextInt();
            }

            PacketCodec.Decoded decoded = PacketCodec.decode(bytes);

            assertThat(decoded.packet() == null).as("seed %d, %d", SEED, i).isEqualTo(decoded.refusal() != null);
        }
    }

    @Test
    void eachWrongFieldIsNamed() {
        byte[] good = data(1, 8);

        assertThat(refusal(good, 0, 2)).isEqualTo(Refusal.BAD_VERSION);
        assertThat(refusal(good, 4, 12)).isEqualTo(Refusal.BAD_TYPE);
        assertThat(refusal(good, 4, PacketType.BYE.value())).isEqualTo(Refusal.BAD_TYPE);
        assertThat(refusal(good, 4, PacketType.RESUME_TX.value())).isEqualTo(Refusal.SHORT_CONTROL);
        assertThat(refusal(good, 20, 0)).isEqualTo(Refusal.EMPTY);
        assertThat(refusal(good, 20, 12)).isEqualTo(Refusal.BAD_LENGTH);
        assertThat(refusal(good, 22, 1)).isEqualTo(Refusal.TOO_LARGE);
        assertThat(PacketCodec.decode(Arrays.copyOf(good, 41)).refusal()).isEqualTo(Refusal.BAD_LENGTH);
        assertThat(PacketCodec.decode(new byte[0]).refusal()).isEqualTo(Refusal.BAD_VERSION);
    }

    @Test
    void port0xffffAndInVersion2Port0xfffeAreTheControlPort() {
        byte[] first = data(1, 4);
        first[28] = (byte) 0xff;
        first[29] = (byte) 0xff;
        byte[] second = data(2, 4);
        second[14] = (byte) 0xfe;
        second[15] = (byte) 0xff;

        assertThat(Objects.requireNonNull(PacketCodec.decode(first).packet()).destination())
                .isEqualTo(Address.control(7));
        assertThat(Objects.requireNonNull(PacketCodec.decode(second).packet()).destination())
                .isEqualTo(Address.control(7));
    }

    @Test
    void optionsOfVersion2AreSkipped() {
        byte[] plain = data(2, 4);
        byte[] withOptions = new byte[plain.length + 8];
        System.arraycopy(plain, 0, withOptions, 0, 16);
        withOptions[3] = 8;
        withOptions[24] = 77;

        assertThat(Objects.requireNonNull(PacketCodec.decode(withOptions).packet())
                        .payload())
                .containsExactly(77, 0, 0, 0);
    }

    @Test
    void whatFitsOneMessage() {
        Packet hello = Packet.control(1, Address.EVERYWHERE, ControlPacket.plain(PacketType.HELLO));

        assertThat(PacketCodec.encode(hello, 1)).hasSize(52);
        assertThat(data(1, 208)).hasSize(MsgqLink.MESSAGE_SIZE);
        assertThat(data(2, 224)).hasSize(MsgqLink.MESSAGE_SIZE);
    }

    @Test
    void whatDoesNotFitItsHeaderIsNotWritten() {
        Packet wide = new Packet(PacketType.DATA, new Address(0x10000, 1), new Address(1, 1), false, new byte[4]);
        Packet large = new Packet(PacketType.DATA, new Address(1, 1), new Address(1, 1), false, new byte[65_536]);

        assertThat(PacketCodec.encode(wide, 1)).isNotNull();
        assertThat(PacketCodec.encode(wide, 2)).isNull();
        assertThat(PacketCodec.encode(large, 1)).isNull();
    }

    private static Refusal refusal(byte[] good, int at, int value) {
        byte[] bytes = good.clone();
        bytes[at] = (byte) value;
        return Objects.requireNonNull(PacketCodec.decode(bytes).refusal());
    }
}
