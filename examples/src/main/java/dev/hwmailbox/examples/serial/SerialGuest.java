// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.serial;

import dev.hwmailbox.examples.machine.GuestConnection;
import dev.hwmailbox.gunyah.msgq.SuspendPolicy;

/** The guest's end of the line: verifies what comes, and writes as told. Context: the guest's scheduler. */
final class SerialGuest implements AutoCloseable {
    private final GuestConnection connection;
    private final Stream stream;
    private final SerialPort port;

    SerialGuest(GuestConnection connection, int capacity) {
        this.connection = connection;
        stream = new Stream(SerialCommand.GUEST_SEED, SerialCommand.OWNER_SEED);
        port = new SerialPort(connection.scheduler(), capacity, stream);
        stream.use(port);
        connection.channels().subscribe(port, GuestConnection.TO_OWNER, port);
    }

    Stream stream() {
        return stream;
    }

    SerialPort port() {
        return port;
    }

    /** Takes no message any more, of any channel: all that a reader without credits can do. */
    void takeNothing() {
        connection.controller().suspend(SuspendPolicy.PARK, woken -> {});
    }

    void takeAgain() {
        connection.controller().resume();
    }

    @Override
    public void close() {}
}
