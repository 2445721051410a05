// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah;

import dev.hwmailbox.devicetree.Node;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * What a devicetree says about the VM it is for: the node {@code qcom,gunyah-vm} beside that of the Resource Manager.
 *
 * <p>Context: any thread.
 *
 * <p>Gunyah counterpart: the properties of {@code qcom,gunyah-vm}, src/vm_creation/dto_construct.c
 * (gunyah-resource-manager).
 *
 * @param vmid number of this VM, unsigned
 * @param ownerVmid number of the VM that has started this one, unsigned
 * @param vendor who has made the Resource Manager
 * @param imageName name of the VM's image
 * @param uri where the image is from
 * @param guid the VM's identity, as text
 * @param peers the VMs that queues of this one lead to, such as {@code vm-name:vm-b}
 * @since 0.1
 */
public record VmIdentity(
        OptionalInt vmid,
        OptionalInt ownerVmid,
        Optional<String> vendor,
        Optional<String> imageName,
        Optional<String> uri,
        Optional<String> guid,
        List<String> peers) {
    public VmIdentity {
        Objects.requireNonNull(vmid, "vmid");
        Objects.requireNonNull(ownerVmid, "ownerVmid");
        Objects.requireNonNull(vendor, "vendor");
        Objects.requireNonNull(imageName, "imageName");
        Objects.requireNonNull(uri, "uri");
        Objects.requireNonNull(guid, "guid");
        peers = List.copyOf(peers);
    }

    static VmIdentity read(Node node, Findings findings) {
        Hints hints = new Hints(node, findings);
        return new VmIdentity(
                hints.cell("qcom,vmid"),
                hints.cell("qcom,owner-vmid"),
                hints.text("qcom,vendor"),
                hints.text("qcom,image-name"),
                hints.text("qcom,vm-uri"),
                hints.text("qcom,vm-guid"),
                hints.texts("qcom,peers"));
    }
}
