// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah;

import dev.hwmailbox.devicetree.DeviceTree;
import dev.hwmailbox.devicetree.DeviceTreeOverlay;

/**
 * Finds the boot-time channel to the Resource Manager in a devicetree, and tells whether the tree follows the binding.
 *
 * <p>The trees that Resource Managers write follow neither published form of the binding to the letter, so discovery
 * asks by default for what a client needs and no more: a node compatible with some spelling of the Gunyah hypervisor,
 * below it exactly one available node compatible with some spelling of the Resource Manager, there two capability IDs
 * in {@code reg} and two interrupts, TX first. The other profiles hold the tree against a published form before they
 * look for the node.
 *
 * <p>An overlay without its base is taken as far as it goes, see {@link DeviceTreeOverlay#applyAlone}: interrupts are
 * read as {@link BindingOptions#assumingThreeCells} says, of a controller that is not known. With the base at hand,
 * apply the overlay first. An overlay that is not built as overlays are has the one violation
 * {@link BindingViolation.Code#BAD_OVERLAY}.
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
     * Finds the Resource Manager node, asking for what a client needs.
     *
     * @param tree the tree of a VM with overlays applied, or an overlay alone
     * @return what it says, with warnings
     * @throws BindingException with all violations found, if there is no node or it does not say what is needed
     */
    public static ResourceManagerNode resourceManager(DeviceTree tree) {
        return resourceManager(tree, BindingOptions.DEFAULT);
    }

    /**
     * Finds the Resource Manager node that the caller has chosen, for trees that have several.
     *
     * @param tree the tree of a VM with overlays applied, or an overlay alone
     * @param chosenNode the node, as {@link BindingOptions#choosing} takes it
     * @return what it says, with warnings
     * @throws BindingException with all violations found, if there is no such node or it does not say what is needed
     */
    public static ResourceManagerNode resourceManager(DeviceTree tree, String chosenNode) {
        return resourceManager(tree, BindingOptions.DEFAULT.choosing(chosenNode));
    }

    /**
     * Finds the Resource Manager node of a tree that follows the binding.
     *
     * @param tree the tree of a VM with overlays applied, or an overlay alone
     * @param profile what the tree is held against
     * @return what it says, with warnings
     * @throws BindingException with all violations found, if the tree violates the profile, or if it does not and is
     *     still of no use to a client
     */
    public static ResourceManagerNode resourceManager(DeviceTree tree, BindingProfile profile) {
        return resourceManager(tree, BindingOptions.of(profile));
    }

    /**
     * Finds the Resource Manager node of a tree that follows the binding.
     *
     * @param tree the tree of a VM with overlays applied, or an overlay alone
     * @param options what the tree is held against, and how it is read
     * @return what it says, with warnings
     * @throws BindingException with all violations found, if the tree violates the profile, or if it does not and is
     *     still of no use to a client: a published form allows a hypervisor without a Resource Manager, says nothing of
     *     what interrupts and capability IDs mean, and does not speak about every node that a client could use
     */
    public static ResourceManagerNode resourceManager(DeviceTree tree, BindingOptions options) {
        return new Examination(tree, options).resourceManager();
    }

    /**
     * Tells whether a tree follows the binding, and how it does not, without throwing.
     *
     * @param tree the tree of a VM with overlays applied, or an overlay alone
     * @param profile what the tree is held against
     * @return the verdict, with all violations found
     */
    public static BindingCheck check(DeviceTree tree, BindingProfile profile) {
        return check(tree, BindingOptions.of(profile));
    }

    /**
     * Tells whether a tree follows the binding, and how it does not, without throwing.
     *
     * @param tree the tree of a VM with overlays applied, or an overlay alone
     * @param options what the tree is held against, and how it is read
     * @return the verdict, with all violations found
     */
    public static BindingCheck check(DeviceTree tree, BindingOptions options) {
        return new Examination(tree, options).check();
    }
}
