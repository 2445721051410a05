// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.qrtr;

import dev.hwmailbox.examples.machine.GuestConnection;
import java.util.Objects;

/** What runs in a guest: a node with a link to the owner, and an echo service on it. */
final class QrtrGuest implements AutoCloseable, PortListener {
    /** The service that each guest offers; the instance is the guest's number. */
    static final int ECHO = 100;

    private final Node node;

    QrtrGuest(GuestConnection connection, int headerVersion) {
        node = new Node(connection.vmid());
        var link = new MsgqLink(node, connection.scheduler(), headerVersion, LinkObserver.NONE);
        connection.channels().subscribe(link, GuestConnection.TO_OWNER, link);
        Objects.requireNonNull(node.open(this)).publish(ECHO, connection.vmid());
    }

    Node node() {
        return node;
    }

    @Override
    public void readable(Port port) {
        Packet request = port.receive();
        if (request != null && request.payload()[0] != 0) {
            port.send(request.source(), request.payload()); // what begins with 0 is a stream, and wants no answer
        }
    }

    @Override
    public void close() {}
}
