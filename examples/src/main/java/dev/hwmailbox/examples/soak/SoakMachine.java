// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.soak;

import dev.hwmailbox.Completion;
import dev.hwmailbox.MailboxChannel;
import dev.hwmailbox.MailboxScheduler;
import dev.hwmailbox.ThreadedScheduler;
import dev.hwmailbox.examples.GuestImage;
import dev.hwmailbox.gunyah.CapabilityId;
import dev.hwmailbox.gunyah.GunyahError;
import dev.hwmailbox.gunyah.hypervisor.MemoryExtent;
import dev.hwmailbox.gunyah.hypervisor.SoftwareHypervisor;
import dev.hwmailbox.gunyah.hypervisor.VirtualMachine;
import dev.hwmailbox.gunyah.hypervisor.VirtualMachine.State;
import dev.hwmailbox.gunyah.msgq.GunyahMsgqController;
import dev.hwmailbox.gunyah.msgq.MsgqEndpoint;
import dev.hwmailbox.gunyah.msgq.ReservationKey;
import dev.hwmailbox.gunyah.rm.ResourceManager;
import dev.hwmailbox.gunyah.rm.VmChannels;
import dev.hwmailbox.gunyah.rm.protocol.MemAclEntry;
import dev.hwmailbox.gunyah.rm.protocol.MemParcelRequest;
import dev.hwmailbox.gunyah.rm.protocol.MemRange;
import dev.hwmailbox.gunyah.rm.protocol.RmFrame;
import dev.hwmailbox.gunyah.rm.protocol.RmMessage;
import dev.hwmailbox.gunyah.rm.protocol.RmMessageId;
import dev.hwmailbox.gunyah.rm.protocol.VmConfigImageRequest;
import dev.hwmailbox.gunyah.rm.protocol.VmState;
import dev.hwmailbox.gunyah.rm.protocol.VmStatusNotification;
import dev.hwmailbox.gunyah.rm.server.ResourceManagerServer;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** A machine with a host and one guest that lives again and again; each VM has a thread. */
final class SoakMachine implements AutoCloseable {
    private static final long MEMORY = 0x84000000L;
    private static final int MEMORY_SIZE = 4 << 20;
    private static final int TREE_OFFSET = 2 << 20;
    private static final int TREE_ROOM = 64 << 10;
    private static final int DEPTH = 8;
    private static final int MESSAGES_PER_LIFE = 20;
    private static final Duration PATIENCE = Duration.ofMinutes(1);

    private final Map<Integer, ThreadedScheduler> threads = new ConcurrentHashMap<>();
    private final BlockingQueue<VmState> states = new LinkedBlockingQueue<>();
    private final byte[] tree = GuestImage.blob();
    private final Completion serverGone = new Completion();
    private final Conversation conversation = new Conversation();
    private final SoftwareHypervisor hypervisor;
    private final ResourceManagerServer server;
    private final VirtualMachine host;
    private final GunyahMsgqController controller;
    private final ResourceManager resourceManager;
    private final VmChannels channels;
    private final int guest;

    SoakMachine() {
        hypervisor = SoftwareHypervisor.builder()
                .schedulers(this::scheduler)
                .interruptDelivery(vmid -> scheduler(vmid)::execute)
                .guestPrograms((vmid, image) -> new EchoProgram())
                .lifeCycle(this::vmChanged)
                .build();
        host = hypervisor.createVm(ResourceManagerServer.HOST_VMID);
        host.memory().map(MEMORY, MemoryExtent.allocate(MEMORY_SIZE));
        server = ResourceManagerServer.builder(hypervisor).build();
        var endpoint = new MsgqEndpoint(CapabilityId.of(0x10), 960, CapabilityId.of(0x11), 961, RmFrame.MAX_LENGTH);
        server.attachHost(host, endpoint, DEPTH);
        controller = GunyahMsgqController.builder(host.hypercalls(), host.interrupts(), host.scheduler())
                .build();
        resourceManager = ResourceManager.bind(controller, endpoint, host.scheduler());
        resourceManager.addListener(this::notified);
        channels = VmChannels.builder(resourceManager, controller, host.scheduler())
                .build();
        channels.subscribe(conversation, ReservationKey.anyPartner(GuestImage.CONTROL_LABEL), conversation);
        guest = resourceManager.allocateVmid();
    }

    private MailboxScheduler scheduler(int vmid) {
        return threads.computeIfAbsent(vmid, number -> new ThreadedScheduler("vm-" + number));
    }

    private void vmChanged(VirtualMachine vm, State state) {
        if (vm.vmid() == ResourceManagerServer.VMID && state == State.DESTROYED && serverGone.complete(0)) {
            host.scheduler().wake(serverGone);
        }
    }

    private void notified(RmMessage notification) {
        if (notification.messageId() == RmMessageId.NOTIFY_VM_STATUS) {
            states.add(VmStatusNotification.decode(notification).status().vm());
        }
    }

    private void awaitState(VmState wanted) {
        try {
            VmState state;
            do {
                state = states.poll(PATIENCE.toSeconds(), TimeUnit.SECONDS);
                if (state == null) {
                    throw new SoakFailure("the guest did not become " + wanted);
                }
            } while (state != wanted);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new SoakFailure("interrupted");
        }
    }

    /** One call. */
    void call() {
        int vmid = resourceManager.vmid();
        if (vmid != host.vmid()) {
            throw new SoakFailure("the host is VM " + vmid + "?");
        }
    }

    /** One life of the guest, from its image to its reset, with its channel open until its queues are gone. */
    void live(int life, boolean force) {
        int status = host.memory().write(MEMORY + TREE_OFFSET, tree, 0, tree.length);
        if (status != GunyahError.OK) {
            throw new SoakFailure("cannot write the image: " + GunyahError.name(status));
        }
        int memory = resourceManager.lendMemory(new MemParcelRequest(
                MemParcelRequest.TYPE_NORMAL,
                0,
                0,
                List.of(new MemAclEntry(guest, MemAclEntry.READ | MemAclEntry.WRITE | MemAclEntry.EXECUTE)),
                List.of(new MemRange(MEMORY, MEMORY_SIZE)),
                List.of()));
        resourceManager.configureImage(new VmConfigImageRequest(
                guest, VmConfigImageRequest.AUTH_NONE, memory, 0, TREE_OFFSET, TREE_OFFSET, TREE_ROOM));
        resourceManager.initialise(guest);
        MailboxChannel channel = conversation.awaitBound();
        resourceManager.start(guest);
        conversation.exchange(channel, life, MESSAGES_PER_LIFE);
        resourceManager.stop(guest, force);
        awaitState(VmState.EXITED);
        conversation.awaitClosed();
        resourceManager.reset(guest);
        awaitState(VmState.RESET);
        resourceManager.reclaimMemory(memory);
    }

    /** What is alive; the same after each life, whatever messages other calls have on their way. */
    String census() {
        SoftwareHypervisor.Census census = hypervisor.census();
        return "%d VMs, %d capabilities, %d queues, %d bound interrupts, %d handlers, %d free slots"
                .formatted(
                        census.vms(),
                        census.capabilities(),
                        census.messageQueues(),
                        census.boundVirqs(),
                        census.attachedHandlers(),
                        controller.freeSlots());
    }

    /** Takes everything back; nothing may be left. */
    @Override
    public void close() {
        resourceManager.deallocateVmid(guest);
        channels.close();
        resourceManager.close();
        controller.close();
        server.close();
        boolean gone = host.scheduler().await(serverGone, PATIENCE.toNanos());
        hypervisor.close();
        threads.values().forEach(ThreadedScheduler::close);
        if (!gone || !hypervisor.census().isEmpty()) {
            throw new SoakFailure("something is left: " + hypervisor.census());
        }
    }
}
