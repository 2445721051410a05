// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.qrtr;

import java.util.Objects;

/** A packet, whatever its header's version. The payload belongs to it. */
final class Packet {
    private final PacketType type;
    private final Address source;
    private final Address destination;
    private final boolean confirmRx;
    private final byte[] payload;

    Packet(PacketType type, Address source, Address destination, boolean confirmRx, byte[] payload) {
        this.type = Objects.requireNonNull(type, "type");
        this.source = source;
        this.destination = destination;
        this.confirmRx = confirmRx;
        this.payload = payload;
    }

    static Packet control(int fromNode, Address destination, ControlPacket content) {
        return new Packet(content.command(), Address.control(fromNode), destination, false, content.encode());
    }

    PacketType type() {
        return type;
    }

    Address source() {
        return source;
    }

    Address destination() {
        return destination;
    }

    boolean confirmRx() {
        return confirmRx;
    }

    byte[] payload() {
        return payload;
    }

    ControlPacket toControl() {
        return ControlPacket.decode(type, payload);
    }

    @Override
    public String toString() {
        return "%s %s -> %s, %d bytes%s"
                .formatted(type, source, destination, payload.length, confirmRx ? ", confirm-rx" : "");
    }
}
