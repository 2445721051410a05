// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.pieces;

/**
 * What a protocol knows of its packets, and hears of pieces that make none.
 *
 * <p>Context: the scheduler of the VM.
 *
 * @since 0.1
 */
public interface PacketHead {
    /**
     * How long the packet is that begins so.
     *
     * @param first its first piece
     * @return bytes; 0 if no packet begins so, which has been counted then
     */
    int announced(byte[] first);

    /** A piece does not fit into its packet, which is lost. */
    void misfit();

    /** A piece was dropped, because of a bad one before it. */
    void discarded();
}
