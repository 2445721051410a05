// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah;

import dev.hwmailbox.devicetree.Node;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * What a Resource Manager adds to the description of its channel. The binding knows nothing of it, and no client needs
 * it.
 *
 * <p>Context: any thread.
 *
 * <p>Gunyah counterpart: the {@code qcom,} properties of the node, src/vm_creation/dto_construct.c
 * (gunyah-resource-manager).
 *
 * @param freeIrqStart the GIC's number of the first interrupt that is free in this VM, unsigned
 * @param fullDuplex whether one node stands for both directions
 * @param vdeviceHandle number of the channel as a virtual device, unsigned
 * @param peerVmid number of the VM at the other end, unsigned
 * @param consoleDevice whether the channel is a console
 * @param vm what is said about the VM itself, empty if there is no such node
 * @since 0.1
 */
public record ResourceManagerExtras(
        OptionalInt freeIrqStart,
        boolean fullDuplex,
        OptionalInt vdeviceHandle,
        OptionalInt peerVmid,
        boolean consoleDevice,
        Optional<VmIdentity> vm) {
    /** Of a tree that says no more than the binding asks for. */
    public static final ResourceManagerExtras NONE = new ResourceManagerExtras(
            OptionalInt.empty(), false, OptionalInt.empty(), OptionalInt.empty(), false, Optional.empty());

    public ResourceManagerExtras {
        Objects.requireNonNull(freeIrqStart, "freeIrqStart");
        Objects.requireNonNull(vdeviceHandle, "vdeviceHandle");
        Objects.requireNonNull(peerVmid, "peerVmid");
        Objects.requireNonNull(vm, "vm");
    }

    static ResourceManagerExtras read(Node hypervisor, Node node, Findings findings) {
        Hints hints = new Hints(node, findings);
        return new ResourceManagerExtras(
                hints.cell("qcom,free-irq-start"),
                node.hasProperty("qcom,is-full-duplex"),
                hints.cell("qcom,vdevice-handle"),
                hints.cell("qcom,peer-vmid"),
                node.hasProperty("qcom,console-dev"),
                hypervisor.child("qcom,gunyah-vm").map(vm -> VmIdentity.read(vm, findings)));
    }
}
