// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm.server;

import dev.hwmailbox.gunyah.CapabilityId;
import dev.hwmailbox.gunyah.msgq.MsgqEndpoint;
import dev.hwmailbox.gunyah.rm.protocol.HypResource;
import dev.hwmailbox.gunyah.rm.protocol.HypResourceType;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A device of a guest, as made: who holds which capability and interrupt.
 *
 * @param configuration what asked for it
 * @param handle number of the device, counted over all VMs
 * @param guest the configured VM's end
 * @param peer the end of its owner or of the Resource Manager; of a device between two guests nothing
 * @param link what a device between two guests is an end of
 * @param teardown takes it all back
 */
record VirtualDevice(
        DeviceConfiguration configuration,
        int handle,
        End guest,
        End peer,
        Optional<PeerLink> link,
        Teardown teardown) {
    /** Bytes of a virtio device's registers. */
    static final int REGISTERS_SIZE = 4096;

    /**
     * What one VM holds of a device.
     *
     * @param send the sending side
     * @param receive the receiving side
     */
    record End(Optional<Side> send, Optional<Side> receive) {
        static final End NONE = new End(Optional.empty(), Optional.empty());

        static End sending(Side side) {
            return new End(Optional.of(side), Optional.empty());
        }

        static End receiving(Side side) {
            return new End(Optional.empty(), Optional.of(side));
        }

        MsgqEndpoint toEndpoint(int maxMessageSize) {
            Side absent = Side.withoutInterrupt(CapabilityId.INVALID);
            Side tx = send.orElse(absent);
            Side rx = receive.orElse(absent);
            return new MsgqEndpoint(tx.capability(), tx.virq(), rx.capability(), rx.virq(), maxMessageSize);
        }
    }

    /**
     * One capability with its interrupt.
     *
     * @param capability the capability, in the holder's space; INVALID if the holder needs none
     * @param virq the holder's interrupt, {@link #NO_VIRQ} if there is none
     * @param level the interrupt is level triggered
     * @param registers where the holder sees the registers of a virtio device, else 0
     */
    record Side(CapabilityId capability, int virq, boolean level, long registers) {
        static final int NO_VIRQ = 0;

        Side(CapabilityId capability, int virq, boolean level) {
            this(capability, virq, level, 0);
        }

        static Side withoutInterrupt(CapabilityId capability) {
            return new Side(capability, NO_VIRQ, false);
        }

        Side at(long address) {
            return new Side(capability, virq, level, address);
        }
    }

    /** What the other end of a device of a guest sees of it. */
    List<HypResource> resourcesOfPeer(int guestVmid) {
        if (configuration.kind() == DeviceKind.VIRTIO) {
            return List.of(backEnd(guestVmid));
        }
        return resources(peer, guestVmid);
    }

    /** What a guest sees of its own device. */
    List<HypResource> resourcesOfGuest(int peerVmid) {
        return resources(guest, peerVmid);
    }

    /** Only queues and doorbells are listed, and of them not the channel to the Resource Manager. */
    private List<HypResource> resources(End end, int partner) {
        boolean doorbell = configuration.kind().isDoorbell();
        if (configuration.kind() == DeviceKind.RM_CHANNEL || configuration.kind() == DeviceKind.VIRTIO) {
            return List.of();
        }
        List<HypResource> resources = new ArrayList<>();
        end.send.ifPresent(side -> resources.add(
                resource(doorbell ? HypResourceType.DOORBELL_SEND : HypResourceType.MSGQ_SEND, side, partner)));
        end.receive.ifPresent(side -> resources.add(
                resource(doorbell ? HypResourceType.DOORBELL_RECEIVE : HypResourceType.MSGQ_RECEIVE, side, partner)));
        return resources;
    }

    private HypResource resource(HypResourceType type, Side side, int partner) {
        return HypResource.of(type, partner, configuration.label(), side.capability(), side.virq());
    }

    private HypResource backEnd(int guestVmid) {
        Side side = peer.receive.orElseThrow();
        return new HypResource(
                HypResourceType.VIRTIO_MMIO.value(),
                guestVmid,
                0,
                configuration.label(),
                side.capability(),
                0,
                side.virq(),
                side.registers(),
                REGISTERS_SIZE);
    }
}
