// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hwmailbox.gunyah.GunyahDeviceTree;
import dev.hwmailbox.gunyah.hypervisor.GuestContext;
import dev.hwmailbox.gunyah.hypervisor.GuestProgram;
import dev.hwmailbox.gunyah.msgq.GunyahMsgqController;
import dev.hwmailbox.gunyah.msgq.MsgqEndpoint;
import dev.hwmailbox.gunyah.msgq.ReservationKey;
import dev.hwmailbox.gunyah.rm.ResourceManager;
import dev.hwmailbox.gunyah.rm.VmChannel;
import dev.hwmailbox.gunyah.rm.VmChannelListener;
import dev.hwmailbox.gunyah.rm.VmChannels;
import dev.hwmailbox.gunyah.rm.protocol.RmMessageId;
import dev.hwmailbox.gunyah.rm.protocol.VmExitRequest;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** One life of a guest: subscribes to its queues, or does not even read what the Resource Manager sends it. */
final class ExplorationGuest implements GuestProgram, VmChannelListener {
    private final ExplorationWorld world;
    private final int vmid;
    private final boolean reads;
    private final boolean cleansUp;
    private int life;
    private @Nullable GunyahMsgqController controller;
    private @Nullable ResourceManager client;
    private @Nullable VmChannels channels;
    private final List<DataChannel> data = new ArrayList<>();
    private final Map<Integer, Integer> resetsTold = new HashMap<>();
    private final Map<Integer, Integer> livesAtStart = new HashMap<>();
    boolean isOver;

    ExplorationGuest(ExplorationWorld world, int vmid) {
        this.world = world;
        this.vmid = vmid;
        reads = world.random.nextInt(6) != 0;
        cleansUp = world.random.nextBoolean();
    }

    @Override
    public void start(GuestContext vm) {
        life = world.ledger.life(vmid);
        world.guests.add(this);
        if (!reads) {
            return;
        }
        MsgqEndpoint endpoint = MsgqEndpoint.of(GunyahDeviceTree.resourceManager(vm.devicetree()));
        controller = GunyahMsgqController.builder(
                        world.faultyHypercalls(vm.hypercalls()), world.lateInterrupts(vm.interrupts()), vm.scheduler())
                .slots(4)
                .build();
        client = ResourceManager.bind(controller, endpoint, vm.scheduler(), ExplorationWorld.options(1, 10));
        channels = VmChannels.builder(client, controller, vm.scheduler()).build();
        channels.addListener(this);
        subscribe(new ReservationKey(RmTestBed.HOST, ExplorationWorld.HOST_LABEL));
        for (int label : ExplorationWorld.GUEST_LABELS) {
            subscribe(ReservationKey.anyPartner(label));
        }
    }

    private void subscribe(ReservationKey key) {
        if (channels != null) {
            var channel = new DataChannel(world.traffic, world.ledger, vmid, life);
            data.add(channel);
            channel.subscription(channels.subscribe(channel, key, channel));
        }
    }

    @Override
    public void appeared(VmChannel channel) {
        livesAtStart.putIfAbsent(
                channel.partner(), world.ledger.lifeOf(vmid, channel.endpoint().rxCapability()));
    }

    @Override
    public void peerReset(VmChannel channel) {
        data.forEach(one -> one.checkTold(channel));
        resetsTold.merge(channel.partner(), 1, Integer::sum);
    }

    void talk() {
        data.get(world.random.nextInt(data.size())).send();
    }

    boolean talks() {
        return !data.isEmpty() && !isOver;
    }

    void exit() {
        if (client != null) {
            byte[] how = new VmExitRequest(0, VmExitRequest.CODE_NORMAL).encode();
            var unused = world.follow(client, RmMessageId.VM_EXIT, how);
        }
    }

    void refresh() {
        if (channels != null) {
            channels.refresh();
        }
    }

    /** With nothing left to happen while this guest still lives. */
    void assertNoLifeMissed() {
        data.forEach(DataChannel::assertNoLifeMissed);
    }

    void assertSound() {
        data.forEach(channel -> channel.assertSound(false));
        resetsTold.forEach((partner, times) -> {
            int lives = world.ledger.life(partner) - livesAtStart.getOrDefault(partner, 0) + 1;
            assertThat(times)
                    .as("VM %d.%d was told so often of resets of VM %d", vmid, life, partner)
                    .isLessThanOrEqualTo(lives);
        });
    }

    @Override
    public void stop(StopReason reason) {
        isOver = true;
        assertSound();
        if (cleansUp && channels != null && client != null) {
            channels.close();
            client.close();
        }
        if (controller != null) {
            controller.close();
        }
    }
}
