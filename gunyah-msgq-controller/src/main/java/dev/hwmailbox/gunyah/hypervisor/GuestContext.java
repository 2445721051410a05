// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.hypervisor;

import dev.hwmailbox.MailboxScheduler;
import dev.hwmailbox.devicetree.DeviceTree;
import dev.hwmailbox.gunyah.GuestMemory;
import dev.hwmailbox.gunyah.GunyahHypercalls;
import dev.hwmailbox.gunyah.InterruptController;
import java.util.Objects;

/**
 * What a {@link GuestProgram} has of its VM, until the VM is reset: then its hypercalls and interrupts are dead.
 *
 * @param vmid the VM's number
 * @param imageName the name its configuration gives it
 * @param hypercalls its hypercalls
 * @param interrupts its interrupt controller
 * @param memory its memory
 * @param devicetree its devicetree, as the Resource Manager completed it
 * @param scheduler its time and deferral
 * @since 0.1
 */
public record GuestContext(
        int vmid,
        String imageName,
        GunyahHypercalls hypercalls,
        InterruptController interrupts,
        GuestMemory memory,
        DeviceTree devicetree,
        MailboxScheduler scheduler) {
    public GuestContext {
        Objects.requireNonNull(imageName, "imageName");
        Objects.requireNonNull(hypercalls, "hypercalls");
        Objects.requireNonNull(interrupts, "interrupts");
        Objects.requireNonNull(memory, "memory");
        Objects.requireNonNull(devicetree, "devicetree");
        Objects.requireNonNull(scheduler, "scheduler");
    }
}
