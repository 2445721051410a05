// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah;

import dev.hwmailbox.devicetree.DeviceTree;
import java.util.Objects;

/**
 * Finds the boot-time channel to the Resource Manager in a devicetree.
 *
 * <p>The trees that Resource Managers write follow neither published form of the binding to the letter, so discovery
 * asks for what a client needs and no more: a node compatible with some spelling of the Gunyah hypervisor, below it
 * exactly one available node compatible with some spelling of the Resource Manager, there two capability IDs in
 * {@code reg} and two interrupts, TX first.
 *
 * <p>Context: any thread.
 *
 * <p>Gunyah counterpart: {@code gh_rm_drv_probe}, drivers/virt/gunyah/rsc_mgr.c (Linux patch series). Differs: the
 * driver does not look at the parent's cell counts.
 *
 * @since 0.1
 */
public final class GunyahDeviceTree {
    private GunyahDeviceTree() {}

    /**
     * Finds the Resource Manager node.
     *
     * @param tree the tree of a VM, overlays applied
     * @return what it says, with warnings
     * @throws BindingException with all violations found, if there is no node or it does not say what is needed
     */
    public static ResourceManagerNode resourceManager(DeviceTree tree) {
        return new LenientBinding(tree).resourceManager(null);
    }

    /**
     * Finds the Resource Manager node that the caller has chosen, for trees that have several.
     *
     * @param tree the tree of a VM, overlays applied
     * @param nodePath path of the node, a child of the hypervisor node
     * @return what it says, with warnings
     * @throws BindingException with all violations found, if there is no such node or it does not say what is needed
     */
    public static ResourceManagerNode resourceManager(DeviceTree tree, String nodePath) {
        return new LenientBinding(tree).resourceManager(Objects.requireNonNull(nodePath, "nodePath"));
    }
}
