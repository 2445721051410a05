// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.qrtr;

/** Why a packet is not taken: each is counted, and nothing else comes of it. */
enum Refusal {
    /** Neither version 1 nor 3 in the first byte, or too short for a header. */
    BAD_VERSION,
    /** Not a multiple of 4, or not what the header announces. */
    BAD_LENGTH,
    /** Without payload. */
    EMPTY,
    /** Larger than {@link PacketCodec#MAX_PACKET}. */
    TOO_LARGE,
    /** A type unknown, or one that only goes to the control port. */
    BAD_TYPE,
    /** NEW_SERVER or RESUME_TX of less than 20 bytes. */
    SHORT_CONTROL,
    /** A node is claimed that is somebody else. */
    SPOOFED_NODE,
    /** There are {@link Routes#MAX_NODES} nodes. */
    NODES_FULL,
    /** The node has {@link ServerTable#MAX_SERVERS} servers. */
    SERVERS_FULL,
    /** A lookup of another node; each has a name service of its own for that. */
    FOREIGN_LOOKUP,
    /** Nobody knows the way to its destination. */
    NO_ROUTE,
    /** Nobody has its port. */
    NO_PORT,
    /** More than flow control allows. */
    UNREAD,
    /** The next link is full. */
    LINK_FULL,
    /** A message of a former life, or of a channel that is no more. */
    STALE,
    /** Pieces of a packet whose beginning was bad or missing. */
    DISCARDED_PIECE
}
