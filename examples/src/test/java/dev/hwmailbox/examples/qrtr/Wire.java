// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.qrtr;

import dev.hwmailbox.Errno;
import dev.hwmailbox.testing.VirtualScheduler;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/** Two ends of a link in memory: a packet takes a microsecond. */
final class Wire {
    static final long LATENCY_NANOS = 1_000;
    final List<Packet> carried = new ArrayList<>();
    private final VirtualScheduler scheduler;
    private final Node left;
    private final Node right;
    private final End leftEnd = new End();
    private final End rightEnd = new End();
    private int life;
    boolean isUp;
    int failures;

    Wire(VirtualScheduler scheduler, Node left, Node right) {
        this.scheduler = scheduler;
        this.left = left;
        this.right = right;
    }

    Link leftEnd() {
        return leftEnd;
    }

    void up() {
        isUp = true;
        left.linkUp(leftEnd);
        right.linkUp(rightEnd);
    }

    void down() {
        isUp = false;
        life++;
        left.linkDown(leftEnd);
        right.linkDown(rightEnd);
    }

    private final class End implements Link {
        @Override
        public int send(Packet packet) {
            if (failures > 0) {
                failures--;
                return -Errno.ENOBUFS;
            }
            if (!isUp) {
                return -Errno.EPIPE;
            }
            carried.add(packet);
            int sentIn = life;
            byte[] bytes = Objects.requireNonNull(PacketCodec.encode(packet, 1));
            scheduler
                    .timer("packet", () -> {
                        if (sentIn == life) {
                            Node to = this == leftEnd ? right : left;
                            to.received(
                                    this == leftEnd ? rightEnd : leftEnd,
                                    Objects.requireNonNull(
                                            PacketCodec.decode(bytes).packet()));
                        }
                    })
                    .arm(LATENCY_NANOS);
            return 0;
        }
    }
}
