// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.console;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.hwmailbox.examples.machine.GuestConnection;
import dev.hwmailbox.gunyah.rm.ConsoleCalls;
import dev.hwmailbox.gunyah.rm.protocol.ConsoleText;
import dev.hwmailbox.gunyah.rm.protocol.RmMessage;
import dev.hwmailbox.gunyah.rm.protocol.RmMessageId;
import java.io.ByteArrayOutputStream;
import java.util.Arrays;

/**
 * What runs in the guest: a shell on the VM's own console.
 *
 * <p>Context: the guest's scheduler; it waits there for each piece of output to be taken.
 */
final class ShellGuest implements AutoCloseable {
    /** Longest line, in bytes; what is typed beyond it is dropped. */
    static final int MAX_LINE = 1000;

    private final GuestConnection connection;
    private final Shell shell;
    private final ByteArrayOutputStream line = new ByteArrayOutputStream();

    ShellGuest(GuestConnection connection) {
        this.connection = connection;
        shell = new Shell(connection.vmid());
        connection.resourceManager().addListener(this::notified);
        connection.resourceManager().console().open(ConsoleCalls.OWN);
        print(shell.greeting());
    }

    private void notified(RmMessage notification) {
        if (notification.messageId() == RmMessageId.NOTIFY_VM_CONSOLE_CHARS) {
            for (byte each : ConsoleText.decode(notification).bytes()) {
                typed(each);
            }
        }
    }

    private void typed(byte each) {
        if (each != '\n') {
            if (line.size() < MAX_LINE) {
                line.write(each);
            }
            return;
        }
        String command = line.toString(UTF_8);
        line.reset();
        print(shell.run(command));
        if (shell.isOver()) {
            connection.exit();
        }
    }

    private void print(String text) {
        connection.unlessStopped(() -> write(text.getBytes(UTF_8)));
    }

    private void write(byte[] bytes) {
        for (int at = 0; at < bytes.length; at += ConsoleText.MAX_SINGLE_FRAME_LENGTH) {
            int end = Math.min(bytes.length, at + ConsoleText.MAX_SINGLE_FRAME_LENGTH);
            connection.resourceManager().console().write(ConsoleCalls.OWN, Arrays.copyOfRange(bytes, at, end));
        }
    }

    @Override
    public void close() {}
}
