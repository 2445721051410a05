// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.boot;

import dev.hwmailbox.devicetree.InterruptSpecifier;
import dev.hwmailbox.examples.machine.Platform;
import dev.hwmailbox.examples.timeline.Timeline;
import dev.hwmailbox.gunyah.ResourceManagerNode;
import dev.hwmailbox.gunyah.hypervisor.MemoryExtent;
import dev.hwmailbox.gunyah.hypervisor.SoftwareHypervisor;
import dev.hwmailbox.gunyah.hypervisor.VirtualInterruptController.Trigger;
import dev.hwmailbox.gunyah.hypervisor.VirtualMachine;
import dev.hwmailbox.gunyah.msgq.MsgqEndpoint;
import dev.hwmailbox.gunyah.rm.server.ResourceManagerServer;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The machine of the story: a hypervisor with the Resource Manager's VM and the owner VM, whose boot-time queues lie
 * where the owner's devicetree says.
 */
final class Boot {
    static final int OWNER = ResourceManagerServer.HOST_VMID;
    static final int MESSAGES = 1000;
    static final int OWNER_SEED = 1;
    static final int PEER_SEED = 2;
    static final long PEER_MEMORY = 0x84000000L;
    static final int PEER_MEMORY_SIZE = 4 << 20;

    private final Platform platform;
    private final Timeline timeline;
    private final int depth;
    private final Traffic traffic;
    private final SoftwareHypervisor hypervisor;
    private final ResourceManagerServer server;
    private final OwnerProgram owner;

    /** Builds the machine; a devicetree that it cannot be built for is refused with a MailboxException. */
    Boot(Platform platform, Timeline timeline, ResourceManagerNode node, MsgqEndpoint bootEndpoint, int depth) {
        this.platform = platform;
        this.timeline = timeline;
        this.depth = depth;
        traffic = new Traffic(timeline);
        hypervisor = SoftwareHypervisor.builder()
                .schedulers(platform::scheduler)
                .interruptDelivery(platform::interruptDelivery)
                .guestPrograms((vmid, image) -> new PeerProgram(timeline, MESSAGES))
                .probe(traffic)
                .build();
        VirtualMachine vm = hypervisor.createVm(OWNER);
        vm.memory().map(PEER_MEMORY, MemoryExtent.allocate(PEER_MEMORY_SIZE));
        vm.interrupts().trigger(bootEndpoint.txVirq(), trigger(node.txInterrupt()));
        vm.interrupts().trigger(bootEndpoint.rxVirq(), trigger(node.rxInterrupt()));
        server = ResourceManagerServer.builder(hypervisor).listener(traffic).build();
        server.attachHost(vm, bootEndpoint, depth);
        owner = new OwnerProgram(vm, bootEndpoint, depth, timeline);
        timeline.add(
                "hyp",
                "VM %d (Resource Manager) and VM %d (owner) are there; boot-time queues hold %d x %d bytes",
                ResourceManagerServer.VMID,
                OWNER,
                depth,
                bootEndpoint.maxMessageSize());
    }

    /**
     * Runs the story.
     *
     * @param lives how often the peer lives
     */
    void run(int lives) {
        List<Exchange> exchanges = owner.run(lives);
        server.close();
        if (!platform.settle(ResourceManagerServer.VMID)) {
            throw new BootFailure("the Resource Manager is stuck");
        }
        hypervisor.close();
        SoftwareHypervisor.Census left = hypervisor.census();
        if (!left.isEmpty()) {
            throw new BootFailure("the hypervisor has objects left: " + left);
        }
        timeline.add("hyp", "closed: no VM, capability, queue, interrupt or message is left");
        timeline.end("ok", counts(exchanges));
    }

    private Map<String, Object> counts(List<Exchange> exchanges) {
        Map<String, Object> counts = new LinkedHashMap<>();
        counts.put("requests", traffic.requests());
        counts.put("notifications", traffic.notifications());
        counts.put("messages_sent", exchanges.stream().mapToInt(Exchange::sent).sum());
        counts.put(
                "messages_received",
                exchanges.stream().mapToInt(Exchange::received).sum());
        counts.put(
                "bytes_sent", exchanges.stream().mapToLong(Exchange::bytesSent).sum());
        counts.put(
                "bytes_received",
                exchanges.stream().mapToLong(Exchange::bytesReceived).sum());
        counts.put("queue_depth", depth);
        counts.put("sends_that_filled_a_queue", traffic.fillingSends());
        counts.put("sends_refused_as_full", traffic.refusedSends());
        return counts;
    }

    private static Trigger trigger(InterruptSpecifier interrupt) {
        return switch (interrupt.trigger()) {
            case LEVEL_HIGH, LEVEL_LOW -> Trigger.LEVEL;
            case NONE, EDGE_RISING, EDGE_FALLING, EDGE_BOTH -> Trigger.EDGE;
        };
    }
}
