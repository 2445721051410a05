// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.qrtr;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;

/** What name services tell each other: {@code struct qrtr_ctrl_pkt}, include/uapi/linux/qrtr.h (Linux 6.12). */
record ControlPacket(PacketType command, int first, int second, int third, int fourth) {
    /** Length of all of them, in bytes. */
    static final int LENGTH = 20;

    /** NEW_SERVER, DEL_SERVER, NEW_LOOKUP or DEL_LOOKUP. */
    static ControlPacket server(PacketType command, Server server) {
        Address at = server.address();
        return new ControlPacket(command, server.service(), server.instance(), at.node(), at.port());
    }

    /** DEL_CLIENT, BYE or RESUME_TX: a node and a port, or 0. */
    static ControlPacket client(PacketType command, int node, int port) {
        return new ControlPacket(command, node, port, 0, 0);
    }

    /** HELLO, or the end mark of a lookup. */
    static ControlPacket plain(PacketType command) {
        return new ControlPacket(command, 0, 0, 0, 0);
    }

    /** Reads one; what is missing is 0, as short packets of the other types are legal. */
    static ControlPacket decode(PacketType type, byte[] payload) {
        byte[] padded = Arrays.copyOf(payload, LENGTH);
        ByteBuffer in = ByteBuffer.wrap(padded).order(ByteOrder.LITTLE_ENDIAN);
        in.getInt(); // Linux goes by the header's type
        return new ControlPacket(type, in.getInt(), in.getInt(), in.getInt(), in.getInt());
    }

    byte[] encode() {
        ByteBuffer out = ByteBuffer.allocate(LENGTH).order(ByteOrder.LITTLE_ENDIAN);
        out.putInt(command.value()).putInt(first).putInt(second).putInt(third).putInt(fourth);
        return out.array();
    }

    /** Who is meant by NEW_SERVER and DEL_SERVER. */
    Server toServer() {
        return new Server(first, second, new Address(third, fourth));
    }

    /** Who is meant by DEL_CLIENT and RESUME_TX. */
    Address toClient() {
        return new Address(first, second);
    }

    boolean isEndOfLookup() {
        return equals(plain(PacketType.NEW_SERVER));
    }
}
