// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm.server;

import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * One device node of a VM's configuration.
 *
 * @param kind what it is
 * @param path where the node stands, for messages
 * @param label label of the device, any 32 bits
 * @param generate path of the node in the guest's tree, without unit address
 * @param pushCompatible strings put in front of that node's compatible
 * @param interrupts the guest's interrupts, empty if the Resource Manager chooses them
 * @param messageSize largest message in bytes, as configured
 * @param queueDepth messages a queue holds, as configured
 * @param peer the guest at the other end, empty if it is the owner
 * @param flags what else is asked for
 * @param memory of a shared-memory or virtio device: where its memory goes
 */
record DeviceConfiguration(
        DeviceKind kind,
        String path,
        int label,
        Optional<String> generate,
        List<String> pushCompatible,
        List<Interrupt> interrupts,
        int messageSize,
        int queueDepth,
        Optional<PeerName> peer,
        Set<Flag> flags,
        Optional<SharedMemory> memory) {
    static final int DEFAULT_MESSAGE_SIZE = 240;
    static final int DEFAULT_QUEUE_DEPTH = 8;

    /** What is said by a property without a value. */
    enum Flag {
        /** Of a one-way queue: the guest is the sender. */
        GUEST_SENDS,
        /** Of the channel to the Resource Manager: it carries the console. */
        CONSOLE,
        /** Of a doorbell that the guest rings: the guest can silence it, too. */
        SOURCE_CAN_CLEAR,
        /** Of a virtio device: its memory is coherent. */
        DMA_COHERENT
    }

    /**
     * An interrupt of the guest's choice.
     *
     * @param number the interrupt controller's number
     * @param level level triggered instead of rising edge
     */
    record Interrupt(int number, boolean level) {}

    /**
     * Memory that a device shares with its peer.
     *
     * @param base guest physical address, empty if the Resource Manager chooses it
     * @param optional the VM starts without it if nobody has shared such memory
     * @param dmaBase what the guest's tree is to say about it
     */
    record SharedMemory(Optional<Long> base, boolean optional, Optional<Long> dmaBase) {}

    /** A channel to the Resource Manager that no configuration asks for, because the VM was there first. */
    static DeviceConfiguration bootChannel(int messageSize, int queueDepth) {
        return new DeviceConfiguration(
                DeviceKind.RM_CHANNEL,
                "boot-time channel",
                0,
                Optional.empty(),
                List.of(),
                List.of(),
                messageSize,
                queueDepth,
                Optional.empty(),
                Set.of(),
                Optional.empty());
    }

    boolean has(Flag flag) {
        return flags.contains(flag);
    }

    /** One of the two doorbells that a shared-memory device asks for. */
    DeviceConfiguration doorbell(DeviceKind direction) {
        return new DeviceConfiguration(
                direction,
                path,
                label,
                Optional.empty(),
                List.of(),
                direction == DeviceKind.DOORBELL ? interrupts : List.of(),
                messageSize,
                queueDepth,
                peer,
                Set.of(),
                Optional.empty());
    }
}
