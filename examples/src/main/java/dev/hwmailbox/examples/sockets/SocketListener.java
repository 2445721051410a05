// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.sockets;

/** Who has a socket. Context: the VM's scheduler; may call anything of the hub. */
interface SocketListener {
    /** A socket that hears nothing. */
    SocketListener NONE = new SocketListener() {};

    /** The connection is there. */
    default void connected(StreamSocket socket) {}

    /** There is something to read, or the end. */
    default void readable(StreamSocket socket) {}

    /** There is room to write again. */
    default void writable(StreamSocket socket) {}

    /** The connection is over; what has come can still be read. */
    default void closed(StreamSocket socket, Status status) {}
}
