// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.sockets;

import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/** A socket that others connect to. */
final class ListenerSocket implements AutoCloseable {
    /** Connections that may wait to be accepted; a further one is refused. */
    static final int MAX_BACKLOG = 8;

    private final SocketHub hub;
    private final Endpoint local;
    private final Runnable acceptable;
    private final Deque<StreamSocket> backlog = new ArrayDeque<>();

    ListenerSocket(SocketHub hub, Endpoint local, Runnable acceptable) {
        this.hub = hub;
        this.local = local;
        this.acceptable = acceptable;
    }

    Endpoint local() {
        return local;
    }

    /** The oldest connection that waits, or null; one that ended meanwhile is passed over. */
    @Nullable
    StreamSocket accept(SocketListener listener) {
        while (!backlog.isEmpty()) {
            StreamSocket waiting = backlog.remove();
            if (waiting.state() == StreamSocket.State.CONNECTED) {
                waiting.use(listener);
                return waiting;
            }
        }
        return null;
    }

    /** Whether one more may wait; those that ended meanwhile wait no more. */
    boolean hasRoom() {
        backlog.removeIf(waiting -> waiting.state() != StreamSocket.State.CONNECTED);
        return backlog.size() < MAX_BACKLOG;
    }

    void take(StreamSocket socket) {
        backlog.add(socket);
        acceptable.run();
    }

    /** Listens no more; those that wait are closed. */
    @Override
    public void close() {
        hub.closed(this);
        backlog.forEach(StreamSocket::close);
        backlog.clear();
    }
}
