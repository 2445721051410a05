// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.membuf;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hwmailbox.examples.membuf.MemBufRecord.Malformed;
import dev.hwmailbox.examples.membuf.MemBufRecord.Relinquish;
import dev.hwmailbox.examples.membuf.MemBufRecord.Reply;
import dev.hwmailbox.examples.membuf.MemBufRecord.Request;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class MemBufRecordTest {
    private static MemBufRecord decode(byte... bytes) {
        return MemBufRecord.decode(ByteBuffer.wrap(bytes));
    }

    @Test
    void recordsHaveTheLayoutThatIsWrittenDown() {
        assertThat(new Request(0x0102, 0x2000).encode()).containsExactly(2, 1, 1, 0, 0, 0x20, 0, 0);
        assertThat(new Reply(7, 0, 9, 0x2000).encode())
                .containsExactly(7, 0, 2, 0, 0, 0, 0, 0, 9, 0, 0, 0, 0, 0x20, 0, 0);
        assertThat(new Relinquish(7, 9).encode()).containsExactly(7, 0, 3, 0, 9, 0, 0, 0);
    }

    @Test
    void whatIsEncodedIsDecoded() {
        long seed = 0x3e3b;
        Random random = new Random(seed);
        for (int i = 0; i < 2_000; i++) {
            int transaction = random.nextInt(0x10000);
            var request = new Request(transaction, random.nextInt());
            var reply = new Reply(transaction, random.nextInt(), random.nextInt(), random.nextInt());
            var relinquish = new Relinquish(transaction, random.nextInt());

            assertThat(List.of(decode(request.encode()), decode(reply.encode()), decode(relinquish.encode())))
                    .as("seed %#x, round %d", seed, i)
                    .containsExactly(request, reply, relinquish);
        }
    }

    @Test
    void saysWhatIsWrongAndWhereItBelongs() {
        assertThat(decode((byte) 7, (byte) 0, (byte) 1)).isEqualTo(new Malformed(0, 0, MemBufField.LENGTH));
        for (byte kind = 1; kind <= 3; kind++) {
            byte[] tooShort = {7, 0, kind, 0, 0, 0, 0};
            assertThat(decode(tooShort)).isEqualTo(new Malformed(7, kind, MemBufField.LENGTH));
            assertThat(decode(Arrays.copyOf(tooShort, 17))).isEqualTo(new Malformed(7, kind, MemBufField.LENGTH));
        }
        assertThat(decode(new byte[] {7, 0, 4, 0})).isEqualTo(new Malformed(7, 4, MemBufField.KIND));
        assertThat(decode(new byte[] {7, 0, 0, 0})).isEqualTo(new Malformed(7, 0, MemBufField.KIND));
    }
}
