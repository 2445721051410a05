// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm;

import dev.hwmailbox.gunyah.msgq.MsgqEndpoint;
import dev.hwmailbox.gunyah.msgq.ReservationKey;
import java.util.Objects;

/**
 * Message queues between this VM and another, as the Resource Manager lists them: one pair, or a single queue of one
 * direction. A VM that is reset and configured again has new ones under the same label.
 *
 * <p>Context: any thread; immutable.
 *
 * <p>Gunyah counterpart: the entries of VM_GET_HYP_RESOURCES with one partner and label (gunyah-resource-manager).
 *
 * @param partner VMID of the other end, 0..0xffff
 * @param label what both ends know them by, unsigned 32 bits
 * @param endpoint the queues and their interrupts
 * @since 0.1
 */
public record VmChannel(int partner, int label, MsgqEndpoint endpoint) {
    public VmChannel {
        Objects.requireNonNull(endpoint, "endpoint");
    }

    /**
     * By what a channel to these very queues is reserved.
     *
     * @return partner and label
     */
    public ReservationKey key() {
        return new ReservationKey(partner, label);
    }

    VmChannel waking() {
        return new VmChannel(partner, label, endpoint.waking());
    }

    @Override
    public String toString() {
        return "label 0x%x of vm %d (%s)".formatted(label, partner, endpoint);
    }
}
