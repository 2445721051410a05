// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.rm;

import dev.hwmailbox.Completion;
import dev.hwmailbox.MailboxChannel;
import dev.hwmailbox.MailboxScheduler;
import dev.hwmailbox.ThreadedScheduler;
import dev.hwmailbox.gunyah.CapabilityId;
import dev.hwmailbox.gunyah.GunyahError;
import dev.hwmailbox.gunyah.hypervisor.MemoryExtent;
import dev.hwmailbox.gunyah.hypervisor.SoftwareHypervisor;
import dev.hwmailbox.gunyah.hypervisor.VirtualMachine;
import dev.hwmailbox.gunyah.hypervisor.VirtualMachine.State;
import dev.hwmailbox.gunyah.msgq.GunyahMsgqController;
import dev.hwmailbox.gunyah.msgq.MsgqEndpoint;
import dev.hwmailbox.gunyah.rm.protocol.RmFrame;
import dev.hwmailbox.gunyah.rm.server.ResourceManagerServer;
import java.io.IOException;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A machine with a Resource Manager, whose host VM is driven over a socket. VMs outlive the connection that made them.
 *
 * <p>Each VM has a thread. The host has {@link #MEMORY_SIZE} bytes at {@link #MEMORY}, with a guest's devicetree in the
 * middle of it: whoever is at the other end cannot write the host's memory, and needs something to lend.
 */
final class RmService implements AutoCloseable {
    static final long MEMORY = 0x84000000L;
    static final int MEMORY_SIZE = 4 << 20;

    /** Where in that memory the devicetree is. */
    static final int TREE_OFFSET = 2 << 20;

    /** Room for the devicetree, which grows when its VM is started. */
    static final int TREE_ROOM = 64 << 10;

    private static final int DEPTH = 8;

    /** How long the guests may take to end. */
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    private static final Logger LOG = LoggerFactory.getLogger(RmService.class);

    private final Map<Integer, ThreadedScheduler> threads = new ConcurrentHashMap<>();
    private final SoftwareHypervisor hypervisor;
    private final ResourceManagerServer server;
    private final VirtualMachine host;
    private final MsgqEndpoint endpoint =
            new MsgqEndpoint(CapabilityId.of(0x10), 960, CapabilityId.of(0x11), 961, RmFrame.MAX_LENGTH);
    private final GunyahMsgqController controller;
    private final Completion serverGone = new Completion();

    /** Takes in a guest's devicetree, in the form of a blob. */
    RmService(byte[] tree) {
        if (tree.length > TREE_ROOM) {
            throw new RmFailure("the devicetree has %d bytes, there is room for %d".formatted(tree.length, TREE_ROOM));
        }
        hypervisor = SoftwareHypervisor.builder()
                .schedulers(this::scheduler)
                .interruptDelivery(vmid -> scheduler(vmid)::execute)
                .guestPrograms((vmid, image) -> new EchoGuest())
                .lifeCycle(this::vmChanged)
                .build();
        host = hypervisor.createVm(ResourceManagerServer.HOST_VMID);
        host.memory().map(MEMORY, MemoryExtent.allocate(MEMORY_SIZE));
        int status = host.memory().write(MEMORY + TREE_OFFSET, tree, 0, tree.length);
        if (status != GunyahError.OK) {
            throw new IllegalStateException("cannot write the devicetree: " + GunyahError.name(status));
        }
        server = ResourceManagerServer.builder(hypervisor).build();
        server.attachHost(host, endpoint, DEPTH);
        controller = GunyahMsgqController.builder(host.hypercalls(), host.interrupts(), host.scheduler())
                .build();
    }

    private MailboxScheduler scheduler(int vmid) {
        return threads.computeIfAbsent(vmid, number -> new ThreadedScheduler("vm-" + number));
    }

    /** Serves a connection until it ends, and closes it; returns why it ended. */
    String serve(SocketChannel socket) throws IOException {
        try (FrameStream stream = new FrameStream(socket)) {
            HostBridge bridge = new HostBridge(stream);
            try (MailboxChannel channel = controller.requestChannel(bridge, endpoint)) {
                return bridge.serve(channel);
            }
        }
    }

    private void vmChanged(VirtualMachine vm, State state) {
        if (vm.vmid() == ResourceManagerServer.VMID && state == State.DESTROYED && serverGone.complete(0)) {
            host.scheduler().wake(serverGone);
        }
    }

    @Override
    public void close() {
        controller.close();
        server.close();
        if (!host.scheduler().await(serverGone, PATIENCE.toNanos())) {
            LOG.warn("the Resource Manager has not ended within {}", PATIENCE);
        }
        hypervisor.close();
        threads.values().forEach(ThreadedScheduler::close);
    }
}
