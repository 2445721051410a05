// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.qrtr;

/** A way to the next node: packets go out here, and come in by {@link Node#received}. */
interface Link {
    /**
     * Sends a packet behind those sent before.
     *
     * @return 0; {@code -ENOBUFS} if it is full, {@code -EMSGSIZE} if the packet does not fit its header,
     *     {@code -EPIPE} if it is gone
     */
    int send(Packet packet);
}
