// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah;

import dev.hwmailbox.devicetree.InterruptSpecifier;
import java.util.List;
import java.util.Objects;

/**
 * What a devicetree says about the boot-time channel to the Resource Manager: two message queues, named by capability
 * IDs of this VM, and their interrupts. Everything else about Gunyah a VM learns from the Resource Manager, over this
 * channel.
 *
 * <p>Message sizes and queue depths are hints: the queues' own numbers count.
 *
 * <p>Context: any thread.
 *
 * <p>Gunyah counterpart: {@code gunyah-hypervisor.yaml}, Documentation/devicetree/bindings/firmware (Linux patch
 * series), and what the Resource Manager writes, src/vm_creation/dto_construct.c (gunyah-resource-manager).
 *
 * @param nodePath path of the node
 * @param txCapability the queue to send to
 * @param rxCapability the queue to receive from
 * @param txInterrupt raised when the send queue has room again
 * @param rxInterrupt raised when the receive queue has something
 * @param txMessageSize largest message to send, in bytes
 * @param rxMessageSize largest message to receive, in bytes
 * @param txQueueDepth messages that the send queue holds
 * @param rxQueueDepth messages that the receive queue holds
 * @param variant whose way of writing the tree follows
 * @param extras what else a Resource Manager has written
 * @param warnings what is odd about the node, but does not stop the channel from working
 * @since 0.1
 */
public record ResourceManagerNode(
        String nodePath,
        CapabilityId txCapability,
        CapabilityId rxCapability,
        InterruptSpecifier txInterrupt,
        InterruptSpecifier rxInterrupt,
        int txMessageSize,
        int rxMessageSize,
        int txQueueDepth,
        int rxQueueDepth,
        BindingVariant variant,
        ResourceManagerExtras extras,
        List<BindingViolation> warnings) {
    /** Message size where the tree says nothing, in bytes: what the Resource Manager uses. */
    public static final int DEFAULT_MESSAGE_SIZE = 240;

    /** Queue depth where the tree says nothing, in messages: what the Resource Manager uses. */
    public static final int DEFAULT_QUEUE_DEPTH = 8;

    public ResourceManagerNode {
        Objects.requireNonNull(nodePath, "nodePath");
        Objects.requireNonNull(txCapability, "txCapability");
        Objects.requireNonNull(rxCapability, "rxCapability");
        Objects.requireNonNull(txInterrupt, "txInterrupt");
        Objects.requireNonNull(rxInterrupt, "rxInterrupt");
        Objects.requireNonNull(variant, "variant");
        Objects.requireNonNull(extras, "extras");
        warnings = List.copyOf(warnings);
    }
}
