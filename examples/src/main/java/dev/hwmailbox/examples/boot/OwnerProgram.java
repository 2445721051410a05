// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.boot;

import dev.hwmailbox.Completion;
import dev.hwmailbox.MailboxScheduler;
import dev.hwmailbox.Mailboxes;
import dev.hwmailbox.examples.machine.Platform;
import dev.hwmailbox.examples.timeline.Timeline;
import dev.hwmailbox.gunyah.GunyahError;
import dev.hwmailbox.gunyah.hypervisor.VirtualMachine;
import dev.hwmailbox.gunyah.msgq.GunyahMsgqController;
import dev.hwmailbox.gunyah.msgq.MsgqEndpoint;
import dev.hwmailbox.gunyah.msgq.ReservationKey;
import dev.hwmailbox.gunyah.rm.ChannelSubscription;
import dev.hwmailbox.gunyah.rm.ResourceManager;
import dev.hwmailbox.gunyah.rm.VmChannels;
import dev.hwmailbox.gunyah.rm.protocol.MemAclEntry;
import dev.hwmailbox.gunyah.rm.protocol.MemParcelRequest;
import dev.hwmailbox.gunyah.rm.protocol.MemRange;
import dev.hwmailbox.gunyah.rm.protocol.RmMessage;
import dev.hwmailbox.gunyah.rm.protocol.RmMessageId;
import dev.hwmailbox.gunyah.rm.protocol.VmConfigImageRequest;
import dev.hwmailbox.gunyah.rm.protocol.VmState;
import dev.hwmailbox.gunyah.rm.protocol.VmStatusNotification;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What runs in the owner VM, written as a driver would be: it finds the Resource Manager through the boot-time channel,
 * says which channel it waits for, makes a peer VM, and talks over a channel nobody knew of at boot.
 */
final class OwnerProgram {
    private static final int SLOTS = 16;
    private static final int TREE_OFFSET = 2 << 20;
    private static final int TREE_ROOM = 64 << 10;

    private final VirtualMachine vm;
    private final MsgqEndpoint bootEndpoint;
    private final int depth;
    private final Timeline timeline;
    private final MailboxScheduler scheduler;
    private final Set<VmState> statesSeen = EnumSet.noneOf(VmState.class);
    private @Nullable VmState awaited;
    private Completion reached = new Completion();

    OwnerProgram(VirtualMachine vm, MsgqEndpoint bootEndpoint, int depth, Timeline timeline) {
        this.vm = vm;
        this.bootEndpoint = bootEndpoint;
        this.depth = depth;
        this.timeline = timeline;
        this.scheduler = vm.scheduler();
    }

    /** Runs from bound to closed; returns the exchanges with the peer, one for each of its lives. */
    List<Exchange> run(int lives) {
        try (Mailboxes mailboxes = new Mailboxes();
                GunyahMsgqController controller = GunyahMsgqController.builder(
                                vm.hypercalls(), vm.interrupts(), scheduler)
                        .slots(SLOTS)
                        .build()) {
            mailboxes.register(controller.controller());
            timeline.add("owner", "%s registered", controller);
            List<Exchange> exchanges;
            try (ResourceManager rm = ResourceManager.bind(controller, bootEndpoint, scheduler)) {
                rm.addListener(this::notified);
                timeline.add("owner", "Resource Manager bound to the boot-time channel");
                exchanges = runPeer(controller, rm, lives);
            }
            timeline.add("owner", "Resource Manager client closed; %d of %d slots free", controller.freeSlots(), SLOTS);
            return exchanges;
        }
    }

    private List<Exchange> runPeer(GunyahMsgqController controller, ResourceManager rm, int lives) {
        int own = rm.vmid();
        expect(own == vm.vmid(), "the owner is VM " + vm.vmid() + ", not " + own);
        timeline.add("owner", "VM_GET_VMID: this is VM %d", own);
        List<Exchange> exchanges = new ArrayList<>();
        try (VmChannels channels = VmChannels.builder(rm, controller, scheduler).build()) {
            ReservationKey key = ReservationKey.anyPartner(PeerImage.CONTROL_LABEL);
            PeerChannel channel = new PeerChannel(scheduler, timeline);
            ChannelSubscription subscription = channels.subscribe(channel, key, channel);
            timeline.add("owner", "waits for a channel with %s, of which there is none yet", subscription.key());

            int peer = rm.allocateVmid();
            timeline.add("owner", "VM_ALLOC_VMID: the peer will be VM %d", peer);
            int memory = lendImage(rm, peer);
            for (int life = 0; life < lives; life++) {
                if (life > 0) {
                    memory = lendAgain(rm, peer, memory);
                }
                exchanges.add(live(rm, peer, memory, channel));
            }
            rm.reclaimMemory(memory);
            timeline.add("owner", "MEM_RECLAIM: memory 0x%x is back", memory);
            rm.deallocateVmid(peer);
            timeline.add("owner", "VM_DEALLOC_VMID: VM %d is gone", peer);
        }
        expect(rm.droppedFrames() == 0, rm.droppedFrames() + " frames belonged to nothing");
        return exchanges;
    }

    /** The last life has written over the devicetree, and the owner can write it only while it is not lent. */
    private int lendAgain(ResourceManager rm, int peer, int memory) {
        rm.reclaimMemory(memory);
        timeline.add("owner", "MEM_RECLAIM: memory 0x%x is back, and lent again", memory);
        return lendImage(rm, peer);
    }

    /** One life of the peer. Its channel stays open until its queues are gone. */
    private Exchange live(ResourceManager rm, int peer, int memory, PeerChannel channel) {
        statesSeen.clear();
        channel.beginLife();
        rm.configureImage(new VmConfigImageRequest(
                peer, VmConfigImageRequest.AUTH_NONE, memory, 0, TREE_OFFSET, TREE_OFFSET, TREE_ROOM));
        timeline.add("owner", "VM_CONFIG_IMAGE done");
        rm.initialise(peer);
        timeline.add("owner", "VM_INIT done");
        awaitState(VmState.READY);
        channel.awaitBound();
        rm.start(peer);
        timeline.add("owner", "VM_START done");

        Exchange exchange = channel.run();
        timeline.add(
                "owner",
                "sent %d messages (%d bytes), received %d (%d bytes), all verified by both sides",
                exchange.sent(),
                exchange.bytesSent(),
                exchange.received(),
                exchange.bytesReceived());

        rm.stop(peer, false);
        timeline.add("owner", "VM_STOP: asked the peer to shut down");
        awaitState(VmState.EXITED);
        channel.awaitClosed();
        rm.reset(peer);
        awaitState(VmState.RESET);
        return exchange;
    }

    private int lendImage(ResourceManager rm, int peer) {
        byte[] image = PeerImage.blob(depth);
        int status = vm.memory().write(Boot.PEER_MEMORY + TREE_OFFSET, image, 0, image.length);
        expect(status == GunyahError.OK, "cannot write the peer's image: " + GunyahError.name(status));
        int handle = rm.lendMemory(new MemParcelRequest(
                MemParcelRequest.TYPE_NORMAL,
                0,
                0,
                List.of(new MemAclEntry(peer, MemAclEntry.READ | MemAclEntry.WRITE | MemAclEntry.EXECUTE)),
                List.of(new MemRange(Boot.PEER_MEMORY, Boot.PEER_MEMORY_SIZE)),
                List.of()));
        timeline.add(
                "owner",
                "MEM_LEND: memory 0x%x, %d KiB with a devicetree of %d bytes",
                handle,
                Boot.PEER_MEMORY_SIZE >> 10,
                image.length);
        return handle;
    }

    private void notified(RmMessage notification) {
        if (notification.messageId() == RmMessageId.NOTIFY_VM_STATUS) {
            VmState state = VmStatusNotification.decode(notification).status().vm();
            statesSeen.add(state);
            if (state == awaited && reached.complete(0)) {
                scheduler.wake(reached);
            }
        }
    }

    /** Notifications come in tasks of the owner's scheduler, which run while it waits: no lock is needed. */
    private void awaitState(VmState state) {
        if (!statesSeen.contains(state)) {
            awaited = state;
            reached = new Completion();
            expect(scheduler.await(reached, Platform.PATIENCE.toNanos()), "the peer did not become " + state);
        }
    }

    private static void expect(boolean condition, String otherwise) {
        if (!condition) {
            throw new BootFailure(otherwise);
        }
    }
}
