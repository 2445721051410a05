// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.examples.jcstress;

import dev.hwmailbox.gunyah.CapabilityId;
import dev.hwmailbox.gunyah.GunyahError;
import dev.hwmailbox.gunyah.GunyahHypercalls;
import dev.hwmailbox.gunyah.hypervisor.SoftwareHypervisor;
import dev.hwmailbox.gunyah.hypervisor.VirtualInterruptController.Trigger;
import dev.hwmailbox.gunyah.hypervisor.VirtualMachine;
import dev.hwmailbox.gunyah.testing.QueuePairs;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Two VMs with a queue pair between them. Interrupt handlers run on the asserting thread; tasks and timers by hand.
 * Messages are of one byte, a digit.
 */
class TwoGuests {
    final ByHand scheduler = new ByHand();
    final SoftwareHypervisor hypervisor;
    final VirtualMachine manager;
    final VirtualMachine near;
    final VirtualMachine far;
    final QueuePairs pairs;
    final QueuePairs.Pair pair;
    final long out;
    final long in;

    TwoGuests(int depth) {
        this(depth, Trigger.EDGE);
    }

    TwoGuests(int depth, Trigger trigger) {
        hypervisor = SoftwareHypervisor.builder()
                .schedulers(vmid -> scheduler)
                .interruptDelivery(vmid -> SoftwareHypervisor.INLINE)
                .build();
        manager = hypervisor.createManagerVm(1);
        near = hypervisor.createVm(2);
        far = hypervisor.createVm(3);
        pairs = new QueuePairs(manager);
        pair = pairs.make(near, far, depth, 8, trigger);
        out = pair.near().txCapability().value();
        in = pair.far().rxCapability().value();
    }

    static long result(VirtualMachine from, long capability, int digit, boolean push) {
        return from.hypercalls().msgqSend(capability, new byte[] {(byte) digit}, 0, 1, push);
    }

    /** Sends from the near VM, beside any channel. Answers ten times the status, plus one if there is still room. */
    final int send(int digit) {
        long result = result(near, out, digit, false);
        return GunyahHypercalls.status(result) * 10 + (GunyahHypercalls.notFull(result) ? 1 : 0);
    }

    /** Receives in the far VM. Answers the digit and, as tens, whether there is more; a negative status. */
    final int receive() {
        byte[] buffer = new byte[8];
        long result = far.hypercalls().msgqReceive(in, buffer, 0, 8);
        int status = GunyahHypercalls.status(result);
        return status == GunyahError.OK ? buffer[0] + (GunyahHypercalls.notEmpty(result) ? 10 : 0) : -status;
    }

    /** What the far VM can take until there is no more. */
    final int receiveAll() {
        int digits = 0;
        for (int got = receive(); got >= 0; got = receive()) {
            digits = digits * 10 + got % 10;
        }
        return digits;
    }

    /** Counts the deliveries of a VM's interrupt. */
    static AtomicInteger count(VirtualMachine vm, int virq) {
        var deliveries = new AtomicInteger();
        vm.interrupts().attach(virq, deliveries::incrementAndGet);
        return deliveries;
    }

    /** Takes everybody's capabilities of a queue but the manager's own. */
    final void revoke(CapabilityId queue) {
        manager.hypercalls().cspaceRevokeCapabilities(manager.cspaceCapability().value(), queue.value());
    }

    /** Takes the last one, too. */
    final void destroy(CapabilityId queue) {
        revoke(queue);
        manager.hypercalls().cspaceDeleteCapability(manager.cspaceCapability().value(), queue.value());
    }
}
