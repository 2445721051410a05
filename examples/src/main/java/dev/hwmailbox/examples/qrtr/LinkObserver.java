// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.qrtr;

/** Sees what goes over a link. Context: callback of the node's scheduler. */
interface LinkObserver {
    /** Sees nothing. */
    LinkObserver NONE = new LinkObserver() {};

    /** There are queues now. */
    default void up(String where) {}

    /** The queues are gone: bytes that were still to be sent, and bytes of half a packet that had come. */
    default void down(int unsent, int half) {}

    /** A packet goes out or has come in. */
    default void packet(boolean out, Packet packet, byte[] bytes) {}
}
