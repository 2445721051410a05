// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.qrtr;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;

/**
 * Packets as bytes: {@code struct qrtr_hdr_v1} and {@code struct qrtr_hdr_v2}, net/qrtr/af_qrtr.c (Linux 6.12). Ours:
 * in version 2 a node 0xFFFF stands for all nodes, as a 16-bit port 0xFFFE does for the control port.
 */
final class PacketCodec {
    /** Length of a header of version 1. */
    static final int HEADER_V1 = 32;

    /** Length of a header of version 2, without options. */
    static final int HEADER_V2 = 16;

    /** Largest packet, header included. */
    static final int MAX_PACKET = 64 << 10;

    private static final int VERSION_1 = 1;
    private static final int VERSION_2 = 3;
    private static final int LOW_16 = 0xFFFF;

    private PacketCodec() {}

    /** A packet or why there is none. */
    record Decoded(@Nullable Packet packet, @Nullable Refusal refusal) {}

    /** How long a packet is, in bytes, or why it is none. */
    record Announced(int total, @Nullable Refusal refusal) {}

    /** How long the packet is that begins so. */
    static Announced announced(byte[] start) {
        int header = headerLength(start);
        if (header < 0) {
            return new Announced(0, Refusal.BAD_VERSION);
        }
        long size = size(start);
        if (size == 0) {
            return new Announced(0, Refusal.EMPTY);
        }
        long total = header + ((size + 3) & ~3L);
        return total > MAX_PACKET ? new Announced(0, Refusal.TOO_LARGE) : new Announced((int) total, null);
    }

    static Decoded decode(byte[] bytes) {
        Announced announced = announced(bytes);
        if (announced.refusal != null) {
            return refused(announced.refusal);
        }
        if (bytes.length % 4 != 0 || bytes.length != announced.total) {
            return refused(Refusal.BAD_LENGTH);
        }
        ByteBuffer in = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        byte[] payload = new byte[(int) size(bytes)];
        in.get(headerLength(bytes), payload);
        Packet packet = bytes[0] == VERSION_1 ? version1(in, payload) : version2(in, payload);
        Refusal refusal = check(packet);
        return refusal == null ? new Decoded(packet, null) : refused(refusal);
    }

    /**
     * Writes a packet.
     *
     * @param headerVersion 1 or 2
     * @return null if it is larger than {@link #MAX_PACKET}, or a node or port needs more than 16 bits in version 2
     */
    static byte @Nullable [] encode(Packet packet, int headerVersion) {
        int header = headerVersion == 1 ? HEADER_V1 : HEADER_V2;
        int size = packet.payload().length;
        Address from = packet.source();
        Address to = packet.destination();
        boolean fits = headerVersion == 1 || (isNarrow(from) && isNarrow(to));
        if (!fits || header + size > MAX_PACKET) {
            return null;
        }
        ByteBuffer out = ByteBuffer.allocate(header + ((size + 3) & ~3)).order(ByteOrder.LITTLE_ENDIAN);
        int confirm = packet.confirmRx() ? 1 : 0;
        if (headerVersion == 1) {
            out.putInt(VERSION_1)
                    .putInt(packet.type().value())
                    .putInt(from.node())
                    .putInt(from.port());
            out.putInt(confirm).putInt(size).putInt(to.node()).putInt(to.port());
        } else {
            out.put((byte) VERSION_2)
                    .put((byte) packet.type().value())
                    .put((byte) confirm)
                    .put((byte) 0);
            out.putInt(size).putShort((short) from.node()).putShort((short) from.port());
            out.putShort((short) to.node()).putShort((short) to.port());
        }
        out.put(packet.payload());
        return out.array();
    }

    private static Packet version1(ByteBuffer in, byte[] payload) {
        return new Packet(
                PacketType.fromValue(in.getInt(4)),
                new Address(in.getInt(8), in.getInt(12)),
                destination(in.getInt(24), in.getInt(28)),
                in.getInt(16) != 0,
                payload);
    }

    private static Packet version2(ByteBuffer in, byte[] payload) {
        return new Packet(
                PacketType.fromValue(in.get(1) & 0xFF),
                new Address(wide(in.getShort(8)), wide(in.getShort(10))),
                destination(wide(in.getShort(12)), wide(in.getShort(14))),
                (in.get(2) & 1) != 0,
                payload);
    }

    private static Address destination(int node, int port) {
        return new Address(node, port == Address.BROADCAST || port == LOW_16 ? Address.CONTROL_PORT : port);
    }

    private static @Nullable Refusal check(Packet packet) {
        boolean plain = packet.type() == PacketType.DATA || packet.type() == PacketType.RESUME_TX;
        if (packet.type() == PacketType.UNKNOWN || (!packet.destination().isControl() && !plain)) {
            return Refusal.BAD_TYPE;
        }
        boolean whole = packet.type() == PacketType.NEW_SERVER || packet.type() == PacketType.RESUME_TX;
        return whole && packet.payload().length < ControlPacket.LENGTH ? Refusal.SHORT_CONTROL : null;
    }

    private static int headerLength(byte[] start) {
        if (start.length >= HEADER_V1 && start[0] == VERSION_1) {
            return HEADER_V1;
        }
        return start.length >= HEADER_V2 && start[0] == VERSION_2 ? HEADER_V2 + (start[3] & 0xFF) : -1;
    }

    private static long size(byte[] start) {
        int at = start[0] == VERSION_1 ? 20 : 4;
        return ByteBuffer.wrap(start).order(ByteOrder.LITTLE_ENDIAN).getInt(at) & 0xFFFFFFFFL;
    }

    private static int wide(short value) {
        int number = value & LOW_16;
        return number >= LOW_16 - 1 ? number | 0xFFFF0000 : number;
    }

    private static boolean isNarrow(Address address) {
        return wide((short) address.node()) == address.node() && wide((short) address.port()) == address.port();
    }

    private static Decoded refused(Refusal refusal) {
        return new Decoded(null, refusal);
    }
}
