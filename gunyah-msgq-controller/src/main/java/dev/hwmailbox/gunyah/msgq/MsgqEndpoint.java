// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.msgq;

import static dev.hwmailbox.gunyah.InterruptController.FIRST_SHARED_VIRQ;
import static dev.hwmailbox.gunyah.InterruptController.LAST_SHARED_VIRQ;

import dev.hwmailbox.devicetree.InterruptSpecifier;
import dev.hwmailbox.gunyah.CapabilityId;
import dev.hwmailbox.gunyah.ResourceManagerNode;
import dev.hwmailbox.gunyah.msgq.RequestRefusedException.Reason;
import java.util.Objects;

/**
 * The resources of one channel, as the client supplies them: a queue to send on, a queue to receive from, and the
 * interrupt of each. One direction may be missing. A client learns them from the devicetree (the boot-time channel) or
 * from the Resource Manager (all others).
 *
 * <p>Linux counterpart: {@code struct gh_resource}, include/linux/gunyah.h (Linux patch series), two of them. Differs:
 * they come with the request instead of at registration.
 *
 * @param txCapability the queue to send on, {@link CapabilityId#INVALID} if the endpoint only receives
 * @param txVirq the interrupt "room again" of that queue, 32..1019, {@link #NO_VIRQ} if there is no such queue
 * @param rxCapability the queue to receive from, {@link CapabilityId#INVALID} if the endpoint only sends
 * @param rxVirq the interrupt "something to read" of that queue, 32..1019, {@link #NO_VIRQ} if there is no such queue
 * @param maxMessageSize largest message either queue carries, 1..1023 bytes
 * @param wakesUp whether something to read wakes the VM while it is {@linkplain GunyahMsgqController#suspend suspended}
 * @since 0.1
 */
public record MsgqEndpoint(
        CapabilityId txCapability,
        int txVirq,
        CapabilityId rxCapability,
        int rxVirq,
        int maxMessageSize,
        boolean wakesUp) {
    /** In place of an interrupt number: this direction is missing. */
    public static final int NO_VIRQ = -1;

    /** Largest message a Gunyah queue can be configured for, in bytes. */
    public static final int MAX_MESSAGE_SIZE = 1023;

    public MsgqEndpoint {
        Objects.requireNonNull(txCapability, "txCapability");
        Objects.requireNonNull(rxCapability, "rxCapability");
        if (!txCapability.isValid() && !rxCapability.isValid()) {
            throw invalid("txCapability", "neither txCapability nor rxCapability is valid");
        }
        if (txCapability.equals(rxCapability)) {
            throw invalid("rxCapability", "txCapability and rxCapability are the same, " + txCapability);
        }
        checkVirq("txVirq", txVirq, txCapability);
        checkVirq("rxVirq", rxVirq, rxCapability);
        if (txVirq == rxVirq) {
            throw invalid("rxVirq", "txVirq and rxVirq are the same, " + txVirq);
        }
        if (maxMessageSize < 1 || maxMessageSize > MAX_MESSAGE_SIZE) {
            throw invalid("maxMessageSize", "maxMessageSize " + maxMessageSize + " is outside 1.." + MAX_MESSAGE_SIZE);
        }
        if (wakesUp && !rxCapability.isValid()) {
            throw invalid("wakesUp", "nothing to read wakes the vm");
        }
    }

    /**
     * An endpoint that does not wake a suspended VM.
     *
     * @param txCapability the queue to send on, {@link CapabilityId#INVALID} if the endpoint only receives
     * @param txVirq the interrupt "room again" of that queue, {@link #NO_VIRQ} if there is no such queue
     * @param rxCapability the queue to receive from, {@link CapabilityId#INVALID} if the endpoint only sends
     * @param rxVirq the interrupt "something to read" of that queue, {@link #NO_VIRQ} if there is no such queue
     * @param maxMessageSize largest message either queue carries, 1..1023 bytes
     * @throws RequestRefusedException INVALID if a value is not allowed
     */
    public MsgqEndpoint(
            CapabilityId txCapability, int txVirq, CapabilityId rxCapability, int rxVirq, int maxMessageSize) {
        this(txCapability, txVirq, rxCapability, rxVirq, maxMessageSize, false);
    }

    /**
     * An endpoint that only sends.
     *
     * @param capability the queue
     * @param virq its interrupt "room again"
     * @param maxMessageSize largest message, 1..1023 bytes
     * @return the endpoint
     * @throws RequestRefusedException INVALID if a value is not allowed
     */
    public static MsgqEndpoint sendOnly(CapabilityId capability, int virq, int maxMessageSize) {
        return new MsgqEndpoint(capability, virq, CapabilityId.INVALID, NO_VIRQ, maxMessageSize);
    }

    /**
     * An endpoint that only receives.
     *
     * @param capability the queue
     * @param virq its interrupt "something to read"
     * @param maxMessageSize largest message, 1..1023 bytes
     * @return the endpoint
     * @throws RequestRefusedException INVALID if a value is not allowed
     */
    public static MsgqEndpoint receiveOnly(CapabilityId capability, int virq, int maxMessageSize) {
        return new MsgqEndpoint(CapabilityId.INVALID, NO_VIRQ, capability, virq, maxMessageSize);
    }

    /**
     * The endpoint of the boot-time channel, which a devicetree describes.
     *
     * @param node the Resource Manager's node
     * @return the endpoint; its message size is the larger of the two queues'
     * @throws RequestRefusedException INVALID if no system can run it: the two interrupts belong to two controllers, or
     *     a value is not allowed
     */
    public static MsgqEndpoint of(ResourceManagerNode node) {
        String txController = controllerOf(node.txInterrupt());
        String rxController = controllerOf(node.rxInterrupt());
        if (!txController.equals(rxController)) {
            throw invalid("txVirq", "txVirq belongs to " + txController + ", rxVirq to " + rxController);
        }
        return new MsgqEndpoint(
                node.txCapability(),
                node.txInterrupt().hwirq(),
                node.rxCapability(),
                node.rxInterrupt().hwirq(),
                Math.max(node.txMessageSize(), node.rxMessageSize()));
    }

    private static String controllerOf(InterruptSpecifier interrupt) {
        return Objects.requireNonNullElse(interrupt.controllerPath(), "an unknown controller");
    }

    /**
     * The same endpoint as one that wakes a suspended VM when there is something to read.
     *
     * @return the endpoint
     * @throws RequestRefusedException INVALID if it cannot receive
     */
    public MsgqEndpoint waking() {
        return new MsgqEndpoint(txCapability, txVirq, rxCapability, rxVirq, maxMessageSize, true);
    }

    /**
     * Whether messages can be sent.
     *
     * @return true if there is a queue to send on
     */
    public boolean canSend() {
        return txCapability.isValid();
    }

    /**
     * Whether messages can be received.
     *
     * @return true if there is a queue to receive from
     */
    public boolean canReceive() {
        return rxCapability.isValid();
    }

    @Override
    public String toString() {
        return (canSend() ? "tx " + txCapability + " irq " + txVirq : "no tx")
                + (canReceive() ? ", rx " + rxCapability + " irq " + rxVirq : ", no rx")
                + ", " + maxMessageSize + " bytes"
                + (wakesUp ? ", wakes up" : "");
    }

    private static void checkVirq(String field, int virq, CapabilityId capability) {
        if (capability.isValid() && (virq < FIRST_SHARED_VIRQ || virq > LAST_SHARED_VIRQ)) {
            throw invalid(
                    field,
                    "%s %d is outside the shared range %d..%d"
                            .formatted(field, virq, FIRST_SHARED_VIRQ, LAST_SHARED_VIRQ));
        }
        if (!capability.isValid() && virq != NO_VIRQ) {
            throw invalid(field, field + " " + virq + " has no queue");
        }
    }

    private static RequestRefusedException invalid(String field, String fact) {
        return new RequestRefusedException(Reason.INVALID, field, "endpoint: " + fact);
    }
}
