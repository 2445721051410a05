// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.qrtr;

/** Who has a port. Context: callback of the node's scheduler; may call anything of the node. */
interface PortListener {
    /** There is something to {@linkplain Port#receive receive}. */
    default void readable(Port port) {}

    /** The destination takes packets again. */
    default void writable(Port port, Address destination) {}

    /** The destination is gone, and with it what waited for it. */
    default void brokenPipe(Port port, Address destination) {}

    /** The name service says something: NEW_SERVER and DEL_SERVER to lookups, DEL_CLIENT and BYE to servers. */
    default void told(Port port, ControlPacket news) {}
}
