// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.sockets;

import dev.hwmailbox.MailboxScheduler;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The connections that a VM has, whole and half, by the ports at their ends.
 *
 * <p>Ours: a port that was given out is the last to be given out again, so that late frames meet nobody.
 */
final class Connections {
    /** Connections at a time; further ones are refused. */
    static final int MAX = 256;

    /** First of the ports that are given out automatically. */
    static final int FIRST_AUTOMATIC = 0xC000;

    /** Last of them. */
    static final int LAST_AUTOMATIC = 0xFFFF;

    private record Key(int localPort, int remotePort) {
        static Key of(StreamSocket socket) {
            return new Key(socket.local().port(), socket.remote().port());
        }
    }

    private final MailboxScheduler scheduler;
    private final Map<Key, StreamSocket> sockets = new HashMap<>();
    private final Map<StreamSocket, MailboxScheduler.Timer> waits = new HashMap<>();
    private int lastAutomatic = FIRST_AUTOMATIC - 1;

    Connections(MailboxScheduler scheduler) {
        this.scheduler = scheduler;
    }

    int size() {
        return sockets.size();
    }

    /** Those that are there now. */
    List<StreamSocket> all() {
        return List.copyOf(sockets.values());
    }

    @Nullable
    StreamSocket find(int localPort, int remotePort) {
        return sockets.get(new Key(localPort, remotePort));
    }

    int automaticPort(int remotePort) {
        do {
            lastAutomatic = lastAutomatic == LAST_AUTOMATIC ? FIRST_AUTOMATIC : lastAutomatic + 1;
        } while (sockets.containsKey(new Key(lastAutomatic, remotePort)));
        return lastAutomatic;
    }

    void add(StreamSocket socket) {
        sockets.put(Key.of(socket), socket);
    }

    /** The other side has to answer in time. */
    void await(StreamSocket socket, Duration timeout, Runnable late) {
        answered(socket);
        MailboxScheduler.Timer timer = scheduler.timer("socket " + socket.local(), late);
        waits.put(socket, timer);
        timer.arm(timeout.toNanos());
    }

    void answered(StreamSocket socket) {
        MailboxScheduler.Timer timer = waits.remove(socket);
        if (timer != null) {
            timer.cancel();
        }
    }

    void remove(StreamSocket socket) {
        sockets.remove(Key.of(socket), socket);
        answered(socket);
    }

    void end(StreamSocket socket, Status status) {
        remove(socket);
        if (socket.over(status)) {
            socket.tellOver();
        }
    }

    /**
     * Ends all of them, and only then tells their owners, who may begin anew.
     *
     * @param between what to do before anybody is told
     */
    void endAll(Status status, Runnable between) {
        List<StreamSocket> told =
                all().stream().filter(socket -> socket.over(status)).toList();
        all().forEach(this::remove);
        between.run();
        told.forEach(StreamSocket::tellOver);
    }
}
