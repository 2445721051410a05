// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.devicetree;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertThrowsExactly;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DeviceTreeBlobTest {
    @Test
    void keepsReservationsAndBootCpu() {
        var reservations =
                List.of(new MemoryReservation(0x1000, 0x2000), new MemoryReservation(0xffff_ffff_0000_0000L, 1));
        DeviceTree tree = DeviceTree.of(NodeBuilder.root().build(), reservations, 0xffff_fff0);

        DeviceTree again = DeviceTreeBlob.read(ByteBuffer.wrap(DeviceTreeBlob.write(tree)));

        assertThat(again.memoryReservations()).isEqualTo(reservations);
        assertThat(again.bootCpuId()).isEqualTo(0xffff_fff0);
        assertThat(again).isEqualTo(tree);
    }

    @Test
    void readsFromPositionToLimitAndLeavesBothAlone() {
        byte[] blob = DeviceTreeBlob.write(sample());
        var input = ByteBuffer.allocateDirect(blob.length + 20).order(ByteOrder.LITTLE_ENDIAN);
        input.position(7).put(blob).position(7);

        DeviceTree tree = DeviceTreeBlob.read(input);

        assertThat(tree).isEqualTo(sample());
        assertThat(input.position()).isEqualTo(7);
        assertThat(input.order()).isEqualTo(ByteOrder.LITTLE_ENDIAN);
    }

    @Test
    void isNotChangedByLaterWritesToTheInput() {
        byte[] blob = DeviceTreeBlob.write(sample());
        DeviceTree tree = DeviceTreeBlob.read(ByteBuffer.wrap(blob));

        Arrays.fill(blob, (byte) 0xff);

        assertThat(tree).isEqualTo(sample());
    }

    @ParameterizedTest
    @CsvSource({"xreg, yreg", "yreg, xreg"})
    void storesTailsOfNamesOnceAtTheLowestOffset(String first, String second) {
        Node root = NodeBuilder.root()
                .property(first, 1)
                .property(second, 2)
                .property("reg", 3)
                .property("g", 4)
                .build();

        var blob = ByteBuffer.wrap(DeviceTreeBlob.write(DeviceTree.of(root)));

        assertThat(new String(blob.array(), blob.getInt(12), blob.getInt(32), StandardCharsets.US_ASCII))
                .isEqualTo(first + "\0" + second + "\0");
        int thirdName = RawBlob.STRUCTURE + 8 + 2 * 16 + 8;
        assertThat(blob.getInt(thirdName)).isEqualTo(1);
        assertThat(blob.getInt(thirdName + 16)).isEqualTo(3);
    }

    @Test
    void acceptsNopAnywhere() {
        int nop = BlobFormat.NOP;
        var raw = new RawBlob();
        raw.token(nop)
                .begin("")
                .token(nop)
                .property("a", 1)
                .token(nop)
                .begin("b")
                .token(nop)
                .end();
        ByteBuffer blob = raw.token(nop).end().token(nop).token(BlobFormat.END).blob();

        Node root = DeviceTreeBlob.read(blob).root();

        assertThat(root.hasProperty("a")).isTrue();
        assertThat(root.child("b")).isPresent();
    }

    @Test
    void refusesToWriteMoreThanTwoGigabytes() {
        NodeBuilder big = NodeBuilder.root().bytes("value", new byte[1 << 24]);
        Node value = big.build();
        NodeBuilder root = NodeBuilder.root();
        for (int i = 0; i < 128; i++) {
            root.child("n" + i, child -> child.merge(value));
        }
        DeviceTree tree = DeviceTree.of(root.build());

        var refusal = assertThrowsExactly(DeviceTreeException.class, () -> DeviceTreeBlob.write(tree));

        assertThat(refusal.code()).isEqualTo(DeviceTreeException.Code.TOO_LARGE);
        assertThat(refusal).hasMessage("EINVAL: a blob of this tree would have 2147486910 bytes");
    }

    private static DeviceTree sample() {
        return DeviceTree.of(NodeBuilder.root()
                .property("model", "sample")
                .child(
                        "soc",
                        soc -> soc.property("#address-cells", 1).child("serial@9000000", s -> s.property("reg", 1)))
                .build());
    }
}
