// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.sockets;

import dev.hwmailbox.examples.pieces.PacketHead;
import java.util.EnumMap;
import java.util.Map;

/** What was not taken, and why. */
final class SocketCounters implements PacketHead {
    private final Map<Flaw, Long> refused = new EnumMap<>(Flaw.class);
    private long stale;

    void refuse(Flaw flaw) {
        refused.merge(flaw, 1L, Long::sum);
    }

    void foundStale() {
        stale++;
    }

    @Override
    public int announced(byte[] first) {
        Frame.Announced announced = Frame.announced(first);
        if (announced.flaw() != null) {
            refuse(announced.flaw());
        }
        return announced.total();
    }

    @Override
    public void misfit() {
        refuse(Flaw.PIECE);
    }

    @Override
    public void discarded() {
        refuse(Flaw.DISCARDED);
    }

    @Override
    public String toString() {
        return "refused " + refused + ", stale " + stale;
    }
}
