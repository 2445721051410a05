// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah.rm.server;

import dev.hwmailbox.gunyah.CapabilityId;
import dev.hwmailbox.gunyah.rm.protocol.HypResource;
import dev.hwmailbox.gunyah.rm.protocol.HypResourceType;

/**
 * A vCPU, as its VM's owner sees it. The program that stands for vCPUs here is the hypervisor's business; the resource
 * list names them all the same.
 *
 * @param index number of the vCPU in its VM
 * @param capability the owner's capability
 * @param virq the owner's wake-up interrupt, or {@link #NOT_SCHEDULED_BY_OWNER}, or 0 for the Resource Manager's own
 * @param teardown takes it back
 */
record Vcpu(int index, CapabilityId capability, int virq, Teardown teardown) {
    static final int NOT_SCHEDULED_BY_OWNER = 0xFFFFFFFF;

    HypResource resource() {
        return HypResource.of(HypResourceType.VCPU, 0, index, capability, virq);
    }
}
