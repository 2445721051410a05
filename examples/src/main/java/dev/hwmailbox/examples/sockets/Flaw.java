// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.sockets;

/** What is wrong with a frame that is not taken, or with the one that it is for. */
enum Flaw {
    /** Shorter than a header. */
    HEADER,
    /** Another version than 1. */
    VERSION,
    /** A type nobody knows. */
    TYPE,
    /** Longer than a frame can be, or not as long as its header says. */
    LENGTH,
    /** A status where there must be one is missing or too long. */
    STATUS,
    /** From or for another VM than those at the ends of the queues. */
    CID,
    /** For a port that nobody has. */
    PORT,
    /** A datagram for which there is no room. */
    FULL,
    /** Bytes behind the end of their direction. */
    ENDED,
    /** A piece that does not fit into its frame. */
    PIECE,
    /** A piece dropped because of a bad one before it. */
    DISCARDED
}
