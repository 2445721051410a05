// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.sockets;

import java.util.ArrayList;
import java.util.List;

/** Notes what a socket hears. */
final class Notes implements SocketListener {
    final List<String> events = new ArrayList<>();

    @Override
    public void connected(StreamSocket socket) {
        events.add("connected");
    }

    @Override
    public void readable(StreamSocket socket) {
        events.add("readable");
    }

    @Override
    public void writable(StreamSocket socket) {
        events.add("writable");
    }

    @Override
    public void closed(StreamSocket socket, Status status) {
        events.add("closed " + status);
    }
}
