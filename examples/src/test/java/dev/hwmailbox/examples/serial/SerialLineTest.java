// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.serial;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hwmailbox.ChannelEvent;
import dev.hwmailbox.Errno;
import dev.hwmailbox.gunyah.testing.GunyahTestBed;
import dev.hwmailbox.testing.VirtualScheduler;
import java.io.ByteArrayOutputStream;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Two ports, and whatever can happen between them: nothing is lost, changed or out of order within a life. */
@Timeout(120)
final class SerialLineTest {
    private static final int SEEDS = Integer.getInteger("hwmailbox.seeds", 1000);
    private static final int STEPS = 120;

    /** One side: what it has written and read in this life, a break being a byte of its own kind. */
    private static final class Side implements SerialListener {
        private static final int BREAK = 0xBB;

        private final Random random;
        private final SerialPort port;
        private final ByteArrayOutputStream written = new ByteArrayOutputStream();
        private final ByteArrayOutputStream read = new ByteArrayOutputStream();
        private boolean stalled;

        Side(VirtualScheduler scheduler, Random random, int capacity) {
            this.random = random;
            port = new SerialPort(scheduler, capacity, this);
        }

        void write() {
            byte[] bytes = new byte[1 + random.nextInt(600)];
            for (int i = 0; i < bytes.length; i++) {
                bytes[i] = (byte) random.nextInt(BREAK);
            }
            int taken = port.write(bytes, 0, bytes.length);
            if (taken > 0) {
                written.write(bytes, 0, taken);
            } else {
                assertThat(taken).isEqualTo(-Errno.EAGAIN);
            }
        }

        void sendBreak() {
            if (port.sendBreak() == 0) {
                written.write(BREAK);
            }
        }

        void readSome() {
            byte[] bytes = new byte[1 + random.nextInt(400)];
            int count = port.read(bytes, 0, bytes.length);
            if (count > 0) {
                read.write(bytes, 0, count);
            }
        }

        void readAll() {
            while (port.readable() > 0) {
                readSome();
            }
        }

        @Override
        public void opened() {
            written.reset();
            read.reset();
        }

        @Override
        public void readable() {
            if (!stalled) {
                readSome();
            }
        }

        /** A break is not in the stream of bytes: what was written before it has come, and is read here. */
        @Override
        public void breakReceived() {
            readAll();
            read.write(BREAK);
        }

        @Override
        public void hungUp(int status, int unsent) {
            readAll();
        }
    }

    private static void assertPrefix(Side from, Side to, String what) {
        byte[] written = from.written.toByteArray();
        byte[] read = to.read.toByteArray();
        assertThat(read).as(what).hasSizeLessThanOrEqualTo(written.length);
        assertThat(read).as(what).isEqualTo(Arrays.copyOf(written, read.length));
    }

    @Test
    void nothingIsLostChangedOrOutOfOrderWhateverHappens() {
        int resets = 0;
        long bytes = 0;
        for (int seed = 0; seed < SEEDS; seed++) {
            var random = new Random(seed);
            int capacity = 2 + random.nextInt(2000);
            try (var scheduler = new VirtualScheduler()) {
                Side near = new Side(scheduler, random, capacity);
                Side far = new Side(scheduler, random, capacity);
                try (GunyahTestBed bed = GunyahTestBed.builder()
                        .scheduler(scheduler)
                        .depth(1 + random.nextInt(8))
                        .nearClient(near.port)
                        .farClient(far.port)
                        .build()) {
                    near.port.open(bed.near().channel());
                    far.port.open(bed.far().channel());
                    for (int step = 0; step < STEPS; step++) {
                        String what = "seed " + seed + ", step " + step;
                        Side side = random.nextBoolean() ? near : far;
                        switch (random.nextInt(10)) {
                            case 0, 1, 2, 3 -> side.write();
                            case 4 -> side.sendBreak();
                            case 5 -> side.readSome();
                            case 6 -> side.stalled = !side.stalled;
                            case 7 -> {
                                if (random.nextInt(8) == 0) {
                                    scheduler.runUntilIdle(); // what is on its way belongs to the life before
                                    near.port.event(bed.near().channel(), ChannelEvent.PEER_RESET);
                                    far.port.event(bed.far().channel(), ChannelEvent.PEER_RESET);
                                    resets++;
                                }
                            }
                            default -> scheduler.runUntilIdle();
                        }
                        assertThat(near.port.readable()).as(what).isLessThanOrEqualTo(capacity);
                        assertThat(near.port.credit() + far.port.readable())
                                .as(what)
                                .isLessThanOrEqualTo(capacity);
                        assertPrefix(near, far, what);
                        assertPrefix(far, near, what);
                    }
                    near.stalled = false;
                    far.stalled = false;
                    do {
                        near.readAll();
                        far.readAll();
                        scheduler.runUntilIdle();
                    } while (near.port.readable() + far.port.readable() > 0);

                    assertThat(far.read.toByteArray()).as("seed %d", seed).isEqualTo(near.written.toByteArray());
                    assertThat(near.read.toByteArray()).as("seed %d", seed).isEqualTo(far.written.toByteArray());
                    assertThat(near.port.counters())
                            .as("seed %d", seed)
                            .asString()
                            .contains("refused {}, overrun 0, stale 0, lost 0");
                    bytes += near.read.size() + far.read.size();
                }
            }
        }
        assertThat(resets).isGreaterThan(SEEDS / 5);
        assertThat(bytes).isGreaterThan(1000L * SEEDS);
    }
}
