// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.hypervisor;

/**
 * What runs in a VM, in place of vCPUs. The embedder maps an image to a program; starting the VM starts the program.
 *
 * <p>Context: both calls come as tasks of the VM's scheduler, one at a time; they must not throw and should not block
 * for long. A program may use any number of threads of its own beside them.
 *
 * @since 0.1
 */
public interface GuestProgram {
    /**
     * The VM has been started.
     *
     * @param vm what the program has of its VM
     */
    void start(GuestContext vm);

    /**
     * The VM is being stopped or reset; the program closes what it opened. After this returns its capabilities may be
     * gone; in a reset they are gone already, and closing finds nothing to do in the hypervisor. Never called before
     * {@link #start}, and once for each start.
     *
     * @param reason why
     */
    void stop(StopReason reason);

    /** Makes the program of a VM. */
    @FunctionalInterface
    interface Factory {
        /**
         * Makes a program for a VM about to start. Called once for each start. A program whose VM is reset before its
         * start has run is dropped without a call.
         *
         * @param vmid the VM
         * @param imageName the name its configuration gives it
         * @return the program
         */
        GuestProgram create(int vmid, String imageName);
    }

    /** Why a program is stopped. */
    enum StopReason {
        /** The VM was asked to shut down, or shut itself down. */
        SHUTDOWN,
        /** The VM was stopped by force. */
        FORCED,
        /** The VM is being reset or destroyed. Its hypercalls and interrupts may be dead. */
        RESET
    }
}
