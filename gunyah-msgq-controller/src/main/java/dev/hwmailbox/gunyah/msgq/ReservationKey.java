// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.msgq;

/**
 * By what a channel is reserved before its queues exist: the label that the configurations of both VMs give the queue
 * pair, and the VM at the other end.
 *
 * <p>Gunyah counterpart: the label and partner VMID of a message-queue resource, VM_GET_HYP_RESOURCES
 * (gunyah-resource-manager).
 *
 * @param partner VMID of the other end, 0..0xffff, or {@link #ANY}
 * @param label the queue pair's label, unsigned 32 bits
 * @since 0.1
 */
public record ReservationKey(int partner, int label) {
    /** In place of a VMID: whichever VM has a queue pair of this label. */
    public static final int ANY = -1;

    public ReservationKey {
        if (partner < ANY || partner > 0xffff) {
            throw new IllegalArgumentException("partner is no vmid: " + partner);
        }
    }

    /**
     * A key for whichever VM comes.
     *
     * @param label the queue pair's label
     * @return the key
     */
    public static ReservationKey anyPartner(int label) {
        return new ReservationKey(ANY, label);
    }

    @Override
    public String toString() {
        return "label 0x%x of %s".formatted(label, partner == ANY ? "any vm" : "vm " + partner);
    }
}
