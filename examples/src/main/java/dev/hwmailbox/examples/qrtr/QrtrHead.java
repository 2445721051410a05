// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.qrtr;

import dev.hwmailbox.examples.pieces.PacketHead;

/** The length of a packet is in its header; what makes no packet is counted. */
final class QrtrHead implements PacketHead {
    private final Counters counters;

    QrtrHead(Counters counters) {
        this.counters = counters;
    }

    @Override
    public int announced(byte[] first) {
        PacketCodec.Announced announced = PacketCodec.announced(first);
        if (announced.refusal() != null) {
            counters.refuse(announced.refusal());
        }
        return announced.total();
    }

    @Override
    public void misfit() {
        counters.refuse(Refusal.BAD_LENGTH);
    }

    @Override
    public void discarded() {
        counters.refuse(Refusal.DISCARDED_PIECE);
    }
}
