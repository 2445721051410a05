// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah;

/**
 * The hypervisor's side of virtual interrupts: where a queue asserts a numbered line of a VM. The software hypervisor
 * brings an implementation; an embedder that owns delivery (an emulated interrupt controller) implements it.
 *
 * <p>The guest sees a latched edge or a level, as its controller is programmed: assertions that come before the first
 * is taken merge, and clearing does not take back a latched edge.
 *
 * <p>Context: the thread whose hypercall caused it, no lock held; may run handlers before it returns; must not block.
 *
 * <p>Gunyah counterpart: {@code virq_assert}, {@code virq_clear} and {@code virq_check_pending}, hyp/vm/vgic
 * (gunyah-hypervisor).
 *
 * @since 0.1
 */
public interface InterruptSink {
    /**
     * Asserts a line.
     *
     * @param vmid the VM
     * @param virq its interrupt number
     * @param source asked later whether the condition still holds, if the line is level triggered
     */
    void assertLine(int vmid, int virq, Source source);

    /**
     * Takes a level back. A latched edge stays.
     *
     * @param vmid the VM
     * @param virq its interrupt number
     */
    void clearLine(int vmid, int virq);

    /** One interrupt source: one end of one queue. */
    @FunctionalInterface
    interface Source {
        /**
         * Tells whether the condition of a level line still holds. Callable from any thread; takes the queue's lock
         * only.
         *
         * @return true if the line must stay asserted
         */
        boolean isStillPending();
    }
}
