// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.rm;

import dev.hwmailbox.MailboxChannel;
import dev.hwmailbox.examples.machine.HostMachine;
import dev.hwmailbox.examples.machine.MachineFailure;
import dev.hwmailbox.examples.machine.ServiceProgram;
import dev.hwmailbox.examples.machine.ThreadedPlatform;
import java.io.IOException;
import java.nio.channels.SocketChannel;
import java.util.function.UnaryOperator;

/**
 * A machine with a Resource Manager, whose host VM is driven over a socket. VMs outlive the connection that made them.
 *
 * <p>Each VM has a thread. In the memory that the host can lend to its first guest there is a guest's devicetree:
 * whoever is at the other end cannot write the host's memory, and needs something to lend.
 */
final class RmService implements AutoCloseable {
    private final ThreadedPlatform platform = new ThreadedPlatform();
    private final HostMachine machine =
            new HostMachine(platform, (vmid, image) -> new ServiceProgram(EchoGuest::new), UnaryOperator.identity());

    /** Takes in a guest's devicetree, in the form of a blob. */
    RmService(byte[] tree) {
        try {
            machine.writeImage(0, tree);
        } catch (MachineFailure e) {
            close();
            throw e;
        }
    }

    /** Serves a connection until it ends, and closes it; returns why it ended. */
    String serve(SocketChannel socket) throws IOException {
        try (FrameStream stream = new FrameStream(socket)) {
            HostBridge bridge = new HostBridge(stream);
            try (MailboxChannel channel = machine.controller().requestChannel(bridge, machine.bootEndpoint())) {
                return bridge.serve(channel);
            }
        }
    }

    @Override
    public void close() {
        machine.close();
        platform.close();
    }
}
