// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.hypervisor;

import dev.hwmailbox.gunyah.hypervisor.VirtualMachine.State;

/**
 * Hears of the life of VMs: how an embedder without Resource Manager tells the survivors that a peer has been reset or
 * is gone.
 *
 * <p>Context: a thread that changes the state of the VM, no lock held; may call the VM and the hypervisor; must not
 * block. What it throws is logged.
 *
 * @since 0.1
 */
@FunctionalInterface
public interface VmListener {
    /**
     * A VM is in another state. Called once for each change, in order for each VM, and one at a time for each VM: a
     * change that happens meanwhile, here or on another thread, is told when this has returned. So {@code vm} may be in
     * a later state already. A VM that could not be started goes back to where it was, and that is told, too.
     *
     * @param vm the VM; not its number, which may have been given to another since
     * @param state the state it went into; CREATED, where it begins, only after a start that failed
     */
    void vmChanged(VirtualMachine vm, State state);
}
