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
 * A queue, queue pair or doorbell between a guest and another VM, as made: who holds which capability and interrupt.
 *
 * @param configuration what asked for it
 * @param handle number of the device, counted over all VMs
 * @param guest the configured VM's end
 * @param peer the other VM's end
 * @param teardown takes it all back
 */
record VirtualDevice(DeviceConfiguration configuration, int handle, End guest, End peer, Teardown teardown) {
    /**
     * What one VM holds of a device.
     *
     * @param send the sending side
     * @param receive the receiving side
     */
    record End(Optional<Side> send, Optional<Side> receive) {
        MsgqEndpoint toEndpoint(int maxMessageSize) {
            Side absent = new Side(CapabilityId.INVALID, MsgqEndpoint.NO_VIRQ, false);
            Side tx = send.orElse(absent);
            Side rx = receive.orElse(absent);
            return new MsgqEndpoint(tx.capability(), tx.virq(), rx.capability(), rx.virq(), maxMessageSize);
        }
    }

    /**
     * One capability with its interrupt.
     *
     * @param capability the capability, in the holder's space
     * @param virq the holder's interrupt, {@link #NO_VIRQ} if there is none
     * @param level the interrupt is level triggered
     */
    record Side(CapabilityId capability, int virq, boolean level) {
        static final int NO_VIRQ = 0;
    }

    List<HypResource> resourcesOfPeer(int guestVmid) {
        return resources(peer, guestVmid);
    }

    List<HypResource> resourcesOfGuest(int peerVmid) {
        return resources(guest, peerVmid);
    }

    /** The channel to the Resource Manager is never listed. */
    private List<HypResource> resources(End end, int partner) {
        if (configuration.kind() == DeviceKind.RM_CHANNEL) {
            return List.of();
        }
        boolean doorbell = configuration.kind().isDoorbell();
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
}
