// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.sockets;

import dev.hwmailbox.gunyah.testing.GunyahTestBed;
import dev.hwmailbox.testing.VirtualScheduler;
import java.time.Duration;
import java.util.Arrays;

/** The other side is scripted, and not always well behaved. */
final class Scripted implements AutoCloseable {
    final VirtualScheduler scheduler = new VirtualScheduler();
    final SocketHub hub = new SocketHub(scheduler, 1, 2);
    final Notes notes = new Notes();
    final GunyahTestBed bed = GunyahTestBed.builder()
            .scheduler(scheduler)
            .nearClient(hub)
            .scriptedPeer()
            .messagesMayStay()
            .tasksMayStayPending()
            .build();

    Scripted() {
        hub.open(bed.near().channel());
        scheduler.runUntilIdle();
    }

    void sends(byte[] frame) {
        for (int at = 0; at < frame.length; at += SocketHub.MESSAGE_SIZE) {
            bed.peer().sends(Arrays.copyOfRange(frame, at, Math.min(frame.length, at + SocketHub.MESSAGE_SIZE)));
        }
        scheduler.advance(Duration.ofMillis(1));
    }

    StreamSocket connected() {
        StreamSocket socket = hub.connect(SocketHubTest.PORT, notes);
        sends(Frame.status(FrameType.CONNECT_REPLY, socket.remote(), socket.local(), 0)
                .encode());
        return socket;
    }

    @Override
    public void close() {
        bed.close();
    }
}
