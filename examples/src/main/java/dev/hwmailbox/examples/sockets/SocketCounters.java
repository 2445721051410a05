// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.sockets;

import dev.hwmailbox.examples.calls.Refusals;
import dev.hwmailbox.examples.pieces.PacketHead;

/** What was not taken, and why. */
final class SocketCounters implements PacketHead {
    private final Refusals<Flaw> refused = new Refusals<>(Flaw.class);
    private long stale;

    void refuse(Flaw flaw) {
        refused.add(flaw);
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
