// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah;

/**
 * The guest's side of its virtual interrupts: one VM's interrupt controller as a driver in that VM uses it.
 *
 * <p>A line has a number (virq: the interrupt controller's number, 32..1019 for shared ones), a trigger and one
 * handler. An assertion that finds the line masked, without handler or with its handler running is remembered once, and
 * delivered when that changes. A level line is delivered again for as long as its source says that the condition holds;
 * a handler that cannot end the condition masks its line.
 *
 * <p>Handlers of one line never run at the same time. Which thread runs them, the embedder decides: the asserting
 * thread, or an executor of the VM.
 *
 * <p>Context: any thread, also from handlers; never blocks, and never runs a handler under a lock.
 *
 * <p>Kernel counterpart: {@code request_irq}, {@code free_irq}, {@code disable_irq}, include/linux/interrupt.h (Linux
 * 6.12). Differs: {@link #detach} does not wait for a running handler.
 *
 * @since 0.1
 */
public interface InterruptController {
    /** Lowest number of a shared interrupt, the only kind a queue can have. */
    int FIRST_SHARED_VIRQ = 32;

    /** Highest number of a shared interrupt. */
    int LAST_SHARED_VIRQ = 1019;

    /**
     * Attaches a handler to a line. The line starts unmasked; an assertion remembered from before is delivered.
     *
     * @param virq interrupt number
     * @param handler IRQ entry: must not block; an exception it throws is logged and the line goes on
     * @throws dev.hwmailbox.MailboxException EINVAL if the controller has no such number, EBUSY if it has a handler
     */
    void attach(int virq, Runnable handler);

    /**
     * Detaches the handler. After this returns no interrupt is taken for it; a run for one that another thread took
     * before goes on, and may be about to begin. Detaching a line without handler does nothing.
     *
     * @param virq interrupt number
     */
    void detach(int virq);

    /**
     * Holds back deliveries. A run for an interrupt that was taken before goes on.
     *
     * @param virq interrupt number with a handler; otherwise nothing happens
     */
    void mask(int virq);

    /**
     * Ends {@link #mask}; an assertion remembered meanwhile is delivered.
     *
     * @param virq interrupt number with a handler; otherwise nothing happens
     */
    void unmask(int virq);

    /**
     * Says whether a line's interrupts wake the VM while it is suspended. Drivers call it; an embedder that suspends
     * VMs overrides it, the others have nothing to do.
     *
     * <p>Kernel counterpart: {@code enable_irq_wake}, {@code disable_irq_wake}, include/linux/interrupt.h (Linux 6.12).
     *
     * @param virq interrupt number with a handler
     * @param enabled true if they do; a line's interrupts do not until this is called
     */
    default void wakeUp(int virq, boolean enabled) {}
}
