// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hwmailbox.gunyah.GunyahError;
import dev.hwmailbox.gunyah.GunyahHypercalls;
import dev.hwmailbox.gunyah.msgq.MsgqEndpoint;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/**
 * A VM's end of its channel to the Resource Manager, by bare hypercalls and bare bytes: it shares no code with the
 * client or the server, so that the two cannot be wrong together.
 */
final class RawGuest {
    private static final int HEADER = 8;
    private static final int CONTENT = 232;

    private final GunyahHypercalls hypercalls;
    private final MsgqEndpoint endpoint;
    private final Deque<Message> received = new ArrayDeque<>();
    private @Nullable ByteArrayOutputStream partial;
    private int remaining;
    private int frames;
    private byte[] firstHeader = new byte[0];

    RawGuest(GunyahHypercalls hypercalls, MsgqEndpoint endpoint) {
        this.hypercalls = hypercalls;
        this.endpoint = endpoint;
    }

    /** A whole message as it came. */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    record Message(int type, int id, int sequence, byte[] content) {}

    /** Sends a request; the queue must have room for all of it. */
    void send(int id, int sequence, byte[] content) {
        int continuations = content.length == 0 ? 0 : (content.length + CONTENT - 1) / CONTENT - 1;
        for (int i = 0; i <= continuations; i++) {
            int length = Math.min(CONTENT, content.length - i * CONTENT);
            byte[] frame = ByteBuffer.allocate(HEADER + length)
                    .order(ByteOrder.LITTLE_ENDIAN)
                    .put((byte) 0x21)
                    .put((byte) ((i == 0 ? 1 : 0) | continuations << 2))
                    .putShort((short) sequence)
                    .putInt(id)
                    .put(content, i * CONTENT, length)
                    .array();
            sendFrame(frame);
        }
    }

    /** Sends any bytes. */
    void sendFrame(byte[] frame) {
        long result = hypercalls.msgqSend(endpoint.txCapability().value(), frame, 0, frame.length, true);
        assertThat(GunyahHypercalls.status(result)).isEqualTo(GunyahError.OK);
    }

    /** Takes everything out of the queue. */
    Deque<Message> receive() {
        byte[] frame = new byte[HEADER + CONTENT];
        while (true) {
            long result = hypercalls.msgqReceive(endpoint.rxCapability().value(), frame, 0, frame.length);
            if (GunyahHypercalls.status(result) != GunyahError.OK) {
                assertThat(GunyahHypercalls.status(result)).isEqualTo(GunyahError.MSGQUEUE_EMPTY);
                return received;
            }
            frames++;
            add(frame, GunyahHypercalls.size(result));
        }
    }

    /** How many frames have been received. */
    int frames() {
        return frames;
    }

    private void add(byte[] frame, int length) {
        assertThat(frame[0]).isEqualTo((byte) 0x21);
        int type = frame[1] & 3;
        if (partial == null) {
            assertThat(type).as("type of a first frame").isNotZero();
            partial = new ByteArrayOutputStream();
            remaining = (frame[1] & 0xff) >> 2;
            firstHeader = Arrays.copyOf(frame, HEADER);
        } else {
            assertThat(type).as("type of a continuation").isZero();
            assertThat(Arrays.copyOfRange(frame, 2, HEADER)).isEqualTo(Arrays.copyOfRange(firstHeader, 2, HEADER));
            remaining--;
        }
        partial.write(frame, HEADER, length - HEADER);
        if (remaining == 0) {
            ByteBuffer header = ByteBuffer.wrap(firstHeader).order(ByteOrder.LITTLE_ENDIAN);
            received.add(new Message(
                    firstHeader[1] & 3,
                    header.getInt(4),
                    Short.toUnsignedInt(header.getShort(2)),
                    partial.toByteArray()));
            partial = null;
        }
    }
}
