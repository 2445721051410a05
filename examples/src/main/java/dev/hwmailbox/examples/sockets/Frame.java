// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.sockets;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;

/**
 * A frame: {u8 version = 1, u8 type, u8 flags, u8 optional length, u32 size, u32 source cid, u32 source port, u32
 * destination cid, u32 destination port}, options, payload; little-endian. The payload belongs to it.
 */
final class Frame {
    /** Length of a header without options. */
    static final int HEADER = 24;

    /** Largest frame, in bytes. */
    static final int MAX_FRAME = 64 << 10;

    /** Largest payload of a frame without options. */
    static final int MAX_PAYLOAD = MAX_FRAME - HEADER;

    /** In the status of SHUTDOWN: the sender reads no more. Ours. */
    static final int NO_MORE_READS = 1;

    /** In the status of SHUTDOWN: the sender writes no more. Ours. */
    static final int NO_MORE_WRITES = 2;

    private static final int VERSION = 1;
    private static final int STATUS_LENGTH = 4;

    private final FrameType type;
    private final Endpoint source;
    private final Endpoint destination;
    private final byte[] payload;

    private Frame(FrameType type, Endpoint source, Endpoint destination, byte[] payload) {
        this.type = type;
        this.source = source;
        this.destination = destination;
        this.payload = payload;
    }

    /** A frame, or what is wrong with it. */
    record Decoded(@Nullable Frame frame, @Nullable Flaw flaw) {}

    /** How long a frame is, or what is wrong with it. */
    record Announced(int total, @Nullable Flaw flaw) {}

    static Frame data(FrameType type, Endpoint source, Endpoint destination, byte[] payload) {
        return new Frame(type, source, destination, payload);
    }

    static Frame status(FrameType type, Endpoint source, Endpoint destination, int status) {
        byte[] payload = ByteBuffer.allocate(STATUS_LENGTH)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putShort((short) status)
                .array();
        return new Frame(type, source, destination, payload);
    }

    static Announced announced(byte[] start) {
        if (start.length < HEADER) {
            return new Announced(0, Flaw.HEADER);
        }
        if (start[0] != VERSION) {
            return new Announced(0, Flaw.VERSION);
        }
        long total = HEADER + (start[3] & 0xFFL) + (in(start).getInt(4) & 0xFFFFFFFFL);
        return total > MAX_FRAME ? new Announced(0, Flaw.LENGTH) : new Announced((int) total, null);
    }

    static Decoded decode(byte[] bytes) {
        Announced announced = announced(bytes);
        if (announced.flaw != null) {
            return new Decoded(null, announced.flaw);
        }
        if (announced.total != bytes.length) {
            return new Decoded(null, Flaw.LENGTH);
        }
        ByteBuffer in = in(bytes);
        FrameType type = FrameType.fromValue(bytes[1] & 0xFF);
        byte[] payload = new byte[in.getInt(4)];
        in.get(HEADER + (bytes[3] & 0xFF), payload);
        if (type == FrameType.UNKNOWN) {
            return new Decoded(null, Flaw.TYPE);
        }
        if (type.hasStatus() && payload.length != STATUS_LENGTH) {
            return new Decoded(null, Flaw.STATUS);
        }
        Endpoint source = new Endpoint(in.getInt(8), in.getInt(12));
        Endpoint destination = new Endpoint(in.getInt(16), in.getInt(20));
        return new Decoded(new Frame(type, source, destination, payload), null);
    }

    private static ByteBuffer in(byte[] bytes) {
        return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    FrameType type() {
        return type;
    }

    Endpoint source() {
        return source;
    }

    Endpoint destination() {
        return destination;
    }

    byte[] payload() {
        return payload;
    }

    /** Of a frame whose type has one. */
    int status() {
        return in(payload).getShort(0) & 0xFFFF;
    }

    byte[] encode() {
        byte[] bytes = new byte[HEADER + payload.length];
        ByteBuffer out = in(bytes);
        out.put((byte) VERSION).put((byte) type.value()).putShort((short) 0).putInt(payload.length);
        out.putInt(source.cid()).putInt(source.port());
        out.putInt(destination.cid()).putInt(destination.port());
        out.put(payload);
        return bytes;
    }

    @Override
    public String toString() {
        return "%s %s -> %s, %d bytes".formatted(type, source, destination, payload.length);
    }
}
