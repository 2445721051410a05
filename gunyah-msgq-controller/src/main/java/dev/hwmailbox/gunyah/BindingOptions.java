// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * How {@link GunyahDeviceTree} reads a tree.
 *
 * <p>Context: any thread.
 *
 * @param profile what the tree is held against
 * @param nodePath path or unit address of the Resource Manager node that the caller has chosen, or null if there is
 *     only one to choose from
 * @param assumesThreeCells whether interrupts have three cells each, whatever their controllers say
 * @since 0.1
 */
public record BindingOptions(
        BindingProfile profile, @Nullable String nodePath, boolean assumesThreeCells) {
    /** What a client needs, the one Resource Manager node there is, interrupts as their controllers want them. */
    public static final BindingOptions DEFAULT = of(BindingProfile.LENIENT);

    public BindingOptions {
        Objects.requireNonNull(profile, "profile");
    }

    /**
     * Options that differ from the default in the profile.
     *
     * @param profile what the tree is held against
     * @return the options
     */
    public static BindingOptions of(BindingProfile profile) {
        return new BindingOptions(profile, null, false);
    }

    /**
     * These options for a tree that has several Resource Manager nodes.
     *
     * @param chosenNode the one to take, a child of the hypervisor node: its path, or its unit address as it stands in
     *     its name, such as {@code 8fe1}
     * @return the changed options
     */
    public BindingOptions choosing(String chosenNode) {
        return new BindingOptions(profile, Objects.requireNonNull(chosenNode, "chosenNode"), assumesThreeCells);
    }

    /**
     * These options for a tree whose interrupt controller is not in sight, as in an overlay alone, or wants four cells
     * per interrupt while the Resource Manager has written three. Such trees are refused otherwise.
     *
     * @return the changed options
     */
    public BindingOptions assumingThreeCells() {
        return new BindingOptions(profile, nodePath, true);
    }
}
