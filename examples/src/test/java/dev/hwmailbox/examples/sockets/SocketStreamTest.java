// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.sockets;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hwmailbox.gunyah.testing.GunyahTestBed;
import dev.hwmailbox.testing.VirtualScheduler;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Several connections with random traffic: each carries what was written into it, and nothing else. */
@Timeout(120)
final class SocketStreamTest {
    private static final int SEEDS = Integer.getInteger("hwmailbox.seeds", 1000);
    private static final int STEPS = 60;
    private static final int PORT = 80;

    /** One end, and what it has written and read. */
    private static final class End {
        private final StreamSocket socket;
        private final ByteArrayOutputStream written = new ByteArrayOutputStream();
        private final ByteArrayOutputStream read = new ByteArrayOutputStream();

        End(StreamSocket socket) {
            this.socket = socket;
        }

        void write(Random random) {
            byte[] bytes = new byte[random.nextInt(3_000)];
            random.nextBytes(bytes);
            int count = socket.write(ByteBuffer.wrap(bytes));
            written.write(bytes, 0, Math.max(count, 0));
        }

        int read(int most) {
            ByteBuffer bytes = ByteBuffer.allocate(most);
            int count = socket.read(bytes);
            read.write(bytes.array(), 0, Math.max(count, 0));
            return count;
        }
    }

    private record Connection(End near, End far) {
        void check(String what) {
            check(near, far, what);
            check(far, near, what);
        }

        private static void check(End from, End to, String what) {
            byte[] written = from.written.toByteArray();
            byte[] read = to.read.toByteArray();
            assertThat(read).as(what).isEqualTo(Arrays.copyOf(written, read.length));
        }

        void finish(VirtualScheduler scheduler, String what) {
            near.socket.shutdownOutput();
            far.socket.shutdownOutput();
            scheduler.runUntilIdle();
            while (near.read(5_000) != StreamSocket.END) {}
            while (far.read(5_000) != StreamSocket.END) {}
            assertThat(far.read.toByteArray()).as(what).isEqualTo(near.written.toByteArray());
            assertThat(near.read.toByteArray()).as(what).isEqualTo(far.written.toByteArray());
        }
    }

    @Test
    void nothingIsLostChangedOrMixed() {
        long bytes = 0;
        for (int seed = 0; seed < SEEDS; seed++) {
            var random = new Random(seed);
            try (var scheduler = new VirtualScheduler()) {
                SocketHub near = new SocketHub(scheduler, 1, 2);
                SocketHub far = new SocketHub(scheduler, 2, 1);
                try (GunyahTestBed bed = GunyahTestBed.builder()
                        .scheduler(scheduler)
                        .depth(1 + random.nextInt(8))
                        .nearClient(near)
                        .farClient(far)
                        .build()) {
                    near.open(bed.near().channel());
                    far.open(bed.far().channel());
                    ListenerSocket listener = far.listen(PORT, () -> {});
                    List<Connection> open = new ArrayList<>();
                    for (int step = 0; step < STEPS; step++) {
                        String what = "seed " + seed + ", step " + step;
                        @Nullable Connection one = open.isEmpty() ? null : open.get(random.nextInt(open.size()));
                        if (one == null || (open.size() < 5 && random.nextInt(6) == 0)) {
                            open.add(connect(near, listener, scheduler));
                        } else {
                            End end = random.nextBoolean() ? one.near : one.far;
                            switch (random.nextInt(6)) {
                                case 0, 1, 2 -> end.write(random);
                                case 3 -> end.read(1 + random.nextInt(4_000));
                                case 4 -> scheduler.runUntilIdle();
                                default -> {
                                    if (random.nextInt(4) == 0) {
                                        one.finish(scheduler, what);
                                        end.socket.close();
                                        scheduler.runUntilIdle();
                                        open.remove(one);
                                    }
                                }
                            }
                        }
                        for (Connection connection : open) {
                            connection.check(what);
                        }
                    }
                    for (Connection connection : open) {
                        connection.finish(scheduler, "seed " + seed);
                        bytes += connection.near.read.size() + connection.far.read.size();
                        connection.near.socket.close();
                    }
                    scheduler.runUntilIdle();
                    assertThat(near.connections() + far.connections())
                            .as("seed %d", seed)
                            .isZero();
                    assertThat(near.counters()).as("seed %d", seed).hasToString("refused {}, stale 0");
                    assertThat(far.counters()).as("seed %d", seed).hasToString("refused {}, stale 0");
                }
            }
        }
        assertThat(bytes).isGreaterThan(5_000L * SEEDS);
    }

    private static Connection connect(SocketHub near, ListenerSocket listener, VirtualScheduler scheduler) {
        StreamSocket client = near.connect(PORT, SocketListener.NONE);
        scheduler.runDue();
        while (client.state() == StreamSocket.State.CONNECTING) {
            scheduler.advance(Duration.ofNanos(1_000));
        }
        StreamSocket server = Objects.requireNonNull(listener.accept(SocketListener.NONE));
        return new Connection(new End(client), new End(server));
    }
}
