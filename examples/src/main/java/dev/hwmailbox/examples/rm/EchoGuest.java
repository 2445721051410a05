// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.rm;

import dev.hwmailbox.examples.machine.GuestConnection;
import dev.hwmailbox.gunyah.rm.protocol.ConsoleText;
import dev.hwmailbox.gunyah.rm.protocol.RmMessage;
import dev.hwmailbox.gunyah.rm.protocol.RmMessageId;
import dev.hwmailbox.gunyah.rm.protocol.RmPayload;
import dev.hwmailbox.gunyah.rm.protocol.VmRequest;

/** What runs in each VM: opens its console and says that it is ready, and sends back what is written to it. */
final class EchoGuest implements AutoCloseable {
    private static final int OWN_CONSOLE = 0;
    private static final String GREETING = "ready";

    private final GuestConnection connection;

    EchoGuest(GuestConnection connection) {
        this.connection = connection;
        connection.resourceManager().addListener(this::notified);
        call(RmMessageId.VM_CONSOLE_OPEN, new VmRequest(OWN_CONSOLE));
        call(RmMessageId.VM_CONSOLE_WRITE, ConsoleText.of(OWN_CONSOLE, GREETING));
    }

    private void notified(RmMessage notification) {
        if (notification.messageId() == RmMessageId.NOTIFY_VM_CONSOLE_CHARS) {
            byte[] text = ConsoleText.decode(notification).bytes();
            call(RmMessageId.VM_CONSOLE_WRITE, ConsoleText.of(OWN_CONSOLE, text));
        }
    }

    private void call(int messageId, RmPayload payload) {
        connection.unlessStopped(() -> connection.resourceManager().call(messageId, payload.encode()));
    }

    @Override
    public void close() {}
}
