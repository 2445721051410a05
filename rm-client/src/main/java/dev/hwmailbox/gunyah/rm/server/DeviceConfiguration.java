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
 * @param guestSends for a one-way queue: the guest is the sender
 * @param flags what else is asked for
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
        boolean guestSends,
        Set<Flag> flags) {
    static final int DEFAULT_MESSAGE_SIZE = 240;
    static final int DEFAULT_QUEUE_DEPTH = 8;

    /** What is said by a property without a value. */
    enum Flag {
        /** Of the channel to the Resource Manager: it carries the console. */
        CONSOLE
    }

    boolean has(Flag flag) {
        return flags.contains(flag);
    }

    /**
     * An interrupt of the guest's choice.
     *
     * @param number the interrupt controller's number
     * @param level level triggered instead of rising edge
     */
    record Interrupt(int number, boolean level) {}
}
