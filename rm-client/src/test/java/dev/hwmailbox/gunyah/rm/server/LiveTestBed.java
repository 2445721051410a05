// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hwmailbox.MailboxChannel;
import dev.hwmailbox.MailboxClient;
import dev.hwmailbox.MailboxException;
import dev.hwmailbox.gunyah.CapabilityId;
import dev.hwmailbox.gunyah.GunyahDeviceTree;
import dev.hwmailbox.gunyah.GunyahError;
import dev.hwmailbox.gunyah.hypervisor.GuestContext;
import dev.hwmailbox.gunyah.hypervisor.GuestProgram;
import dev.hwmailbox.gunyah.hypervisor.MemoryExtent;
import dev.hwmailbox.gunyah.hypervisor.SoftwareHypervisor;
import dev.hwmailbox.gunyah.hypervisor.VirtualMachine;
import dev.hwmailbox.gunyah.msgq.GunyahMsgqController;
import dev.hwmailbox.gunyah.msgq.MsgqEndpoint;
import dev.hwmailbox.gunyah.msgq.MsgqMessage;
import dev.hwmailbox.gunyah.msgq.ReservationKey;
import dev.hwmailbox.gunyah.rm.ChannelSubscriber;
import dev.hwmailbox.gunyah.rm.ResourceManager;
import dev.hwmailbox.gunyah.rm.VmChannel;
import dev.hwmailbox.gunyah.rm.VmChannelListener;
import dev.hwmailbox.gunyah.rm.VmChannels;
import dev.hwmailbox.gunyah.rm.protocol.HypResource;
import dev.hwmailbox.gunyah.rm.protocol.MemAclEntry;
import dev.hwmailbox.gunyah.rm.protocol.MemParcelRequest;
import dev.hwmailbox.gunyah.rm.protocol.MemRange;
import dev.hwmailbox.gunyah.rm.protocol.VmConfigImageRequest;
import dev.hwmailbox.testing.VirtualScheduler;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A machine with a server, and a host and guests that speak through clients, controllers and {@link VmChannels}, in
 * virtual time. A guest subscribes to its queues to the host, greets with its VMID and the number of its life, and
 * writes down what it receives.
 */
final class LiveTestBed implements VmChannelListener, AutoCloseable {
    static final int HOST = 3;

    final VirtualScheduler scheduler;
    final SoftwareHypervisor hypervisor;
    final ResourceManagerServer server;
    final VirtualMachine host;
    final GunyahMsgqController controller;
    final ResourceManager client;
    final VmChannels channels;

    /** What listeners have heard. */
    final List<String> news = new ArrayList<>();

    final List<VmChannel> known = new ArrayList<>();
    final List<String> receivedByGuests = new ArrayList<>();
    private final Map<Integer, Integer> labels = new HashMap<>();
    private final Map<Integer, Integer> lives = new HashMap<>();
    private final Map<CapabilityId, String> livesByQueue = new HashMap<>();
    private final Map<Integer, Integer> parcels = new HashMap<>();
    private final Map<Integer, Guest> guests = new HashMap<>();
    private int pieces;
    private boolean controllerIsClosed;

    LiveTestBed(int slots) {
        this(slots, new VirtualScheduler());
    }

    LiveTestBed(int slots, VirtualScheduler scheduler) {
        this.scheduler = scheduler;
        hypervisor = SoftwareHypervisor.builder()
                .schedulers(vmid -> scheduler)
                .guestPrograms((vmid, image) -> new Guest(vmid))
                .build();
        server = ResourceManagerServer.builder(hypervisor).build();
        host = hypervisor.createVm(HOST);
        host.memory().map(RmTestBed.MEMORY, MemoryExtent.allocate(RmTestBed.MEMORY_SIZE));
        MsgqEndpoint endpoint = new MsgqEndpoint(CapabilityId.of(0x10), 960, CapabilityId.of(0x11), 961, 240);
        server.attachHost(host, endpoint, 8);
        controller = GunyahMsgqController.builder(host.hypercalls(), host.interrupts(), scheduler)
                .slots(slots + 1) // one is the Resource Manager's
                .build();
        client = ResourceManager.bind(controller, endpoint, scheduler);
        channels = VmChannels.builder(client, controller, scheduler).build();
        channels.addListener(this);
        scheduler.runDue();
    }

    // ---- what listeners hear ----

    @Override
    public void appeared(VmChannel channel) {
        news.add("appeared " + name(channel));
        assertThat(known).doesNotContain(channel);
        known.add(channel);
    }

    @Override
    public void changed(VmChannel before, VmChannel now) {
        news.add("changed " + name(now));
        assertThat(known.remove(before)).isTrue();
        known.add(now);
    }

    @Override
    public void gone(VmChannel channel) {
        news.add("gone " + name(channel));
        assertThat(known.remove(channel)).isTrue();
    }

    @Override
    public void peerReset(VmChannel channel) {
        news.add("peer reset " + name(channel));
    }

    @Override
    public void unavailable(int vmid, MailboxException cause) {
        news.add("unavailable " + vmid + ": " + cause.getMessage());
    }

    /** What has been heard since the last question. */
    List<String> news() {
        scheduler.runDue();
        List<String> all = List.copyOf(news);
        news.clear();
        return all;
    }

    static String name(VmChannel channel) {
        return channel.partner() + "/" + channel.label();
    }

    // ---- lives of guests ----

    int allocate(int label) {
        int vmid = client.allocateVmid();
        labels.put(vmid, label);
        return vmid;
    }

    /** Brings a VM to READY. */
    void initialise(int vmid) {
        int label = Objects.requireNonNull(labels.get(vmid));
        byte[] tree = TestTree.minimal().queuePair(label).blob();
        int piece = pieces++ % (RmTestBed.MEMORY_SIZE / RmTestBed.PARCEL_SIZE);
        long address = RmTestBed.address(piece);
        assertThat(host.memory().write(address, tree, 0, tree.length)).isEqualTo(GunyahError.OK);
        int handle = client.lendMemory(new MemParcelRequest(
                0,
                0,
                0,
                List.of(new MemAclEntry(vmid, 6)),
                List.of(new MemRange(address, RmTestBed.PARCEL_SIZE)),
                List.of()));
        parcels.put(vmid, handle);
        client.configureImage(new VmConfigImageRequest(
                vmid, VmConfigImageRequest.AUTH_NONE, handle, 0, RmTestBed.PARCEL_SIZE, 0, RmTestBed.TREE_SIZE));
        client.initialise(vmid);
        String life = vmid + "." + lives.merge(vmid, 1, Integer::sum);
        for (HypResource resource : client.hypervisorResources(vmid)) {
            livesByQueue.put(resource.capability(), life);
        }
    }

    /** Which life of which VM queues belong to: {@code 128.2}. */
    String life(VmChannel queues) {
        return Objects.requireNonNull(livesByQueue.get(queues.endpoint().rxCapability()));
    }

    void start(int vmid) {
        client.start(vmid);
    }

    /** Allocates a VM with a queue pair to the host, and brings it to RUNNING. */
    int boot(int label) {
        int vmid = allocate(label);
        initialise(vmid);
        start(vmid);
        scheduler.runDue();
        return vmid;
    }

    void stop(int vmid) {
        client.stop(vmid, true);
    }

    void reset(int vmid) {
        client.reset(vmid);
        scheduler.runDue();
        client.reclaimMemory(Objects.requireNonNull(parcels.remove(vmid)));
    }

    void restart(int vmid) {
        stop(vmid);
        reset(vmid);
        initialise(vmid);
        start(vmid);
        scheduler.runDue();
    }

    Guest guest(int vmid) {
        return Objects.requireNonNull(guests.get(vmid));
    }

    Guest livingGuest(int vmid) {
        return Objects.requireNonNull(guest(vmid), "guest");
    }

    /** What stands for a guest's vCPUs. */
    final class Guest implements GuestProgram, ChannelSubscriber {
        private final int vmid;
        final String life;
        private @Nullable GunyahMsgqController controller;
        private @Nullable ResourceManager client;
        private @Nullable MailboxChannel channel;
        final List<String> received = new ArrayList<>();

        Guest(int vmid) {
            this.vmid = vmid;
            life = vmid + "." + lives.get(vmid);
        }

        @Override
        public void start(GuestContext vm) {
            guests.put(vmid, this);
            MsgqEndpoint endpoint = MsgqEndpoint.of(GunyahDeviceTree.resourceManager(vm.devicetree()));
            controller = GunyahMsgqController.builder(vm.hypercalls(), vm.interrupts(), vm.scheduler())
                    .slots(2)
                    .build();
            client = ResourceManager.bind(controller, endpoint, vm.scheduler());
            var channels =
                    VmChannels.builder(client, controller, vm.scheduler()).build();
            channels.subscribe(
                    new Receiver(), new ReservationKey(HOST, Objects.requireNonNull(labels.get(vmid))), this);
        }

        @Override
        public void bound(MailboxChannel made, VmChannel queues) {
            channel = made;
            send("hello from " + life);
        }

        void send(String text) {
            if (channel != null) {
                channel.sendMessage(MsgqMessage.of(text.getBytes(StandardCharsets.US_ASCII)));
            }
        }

        @Override
        public void stop(StopReason reason) {
            guests.remove(vmid);
            if (client != null) {
                client.close();
            }
            if (controller != null) {
                controller.close();
            }
        }

        private final class Receiver implements MailboxClient {
            @Override
            public void rxCallback(MailboxChannel from, @Nullable Object message) {
                String text = text(message);
                received.add(text);
                receivedByGuests.add(life + " got " + text);
            }
        }
    }

    static String text(@Nullable Object message) {
        return StandardCharsets.US_ASCII
                .decode((ByteBuffer) Objects.requireNonNull(message))
                .toString();
    }

    /** A host's client and subscriber that writes everything down. */
    static class Subscriber implements MailboxClient, ChannelSubscriber {
        final List<String> heard = new ArrayList<>();
        final List<String> received = new ArrayList<>();

        @Override
        public void bound(MailboxChannel channel, VmChannel queues) {
            heard.add("bound " + name(queues));
        }

        @Override
        public void closed(VmChannel queues) {
            heard.add("closed " + name(queues));
        }

        @Override
        public void refused(VmChannel queues, MailboxException cause) {
            heard.add("refused " + name(queues) + ": " + cause.getMessage());
        }

        @Override
        public void ended(MailboxException cause) {
            heard.add("ended: " + cause.getMessage());
        }

        @Override
        public void rxCallback(MailboxChannel from, @Nullable Object message) {
            received.add(text(message));
        }
    }

    void closeController() {
        controllerIsClosed = true;
        controller.close();
        scheduler.runDue();
    }

    /** Takes everything back; nothing may be left. */
    @Override
    public void close() {
        channels.close();
        scheduler.runDue();
        int taken = controllerIsClosed ? 0 : 1; // by the channel to the Resource Manager
        assertThat(controller.freeSlots()).isEqualTo(controller.slots() - taken);
        client.close();
        controller.close();
        assertThat(controller.freeSlots()).isEqualTo(controller.slots());
        server.close();
        scheduler.runUntilIdle();
        hypervisor.close();
        assertThat(hypervisor.census().isEmpty())
                .as(hypervisor.census().toString())
                .isTrue();
        assertThat(scheduler.pending()).isEmpty();
        assertThat(scheduler.failures()).isEmpty();
    }
}
