// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah;

import dev.hwmailbox.devicetree.Node;
import java.util.List;

/**
 * Who a devicetree's description of the Resource Manager seems to come from, judged by the spelling of the two
 * {@code compatible} properties alone. Two spellings of each are about: {@code gunyah-...}, and {@code qcom,...} from
 * before the binding was proposed. Whether the rest follows a published form as well is what
 * {@link GunyahDeviceTree#check} tells.
 *
 * <p>Context: any thread.
 *
 * @since 0.1
 */
public enum BindingVariant {
    /** Exactly the lists of the binding in its form of v2 to v6, see {@link BindingProfile#SEED}. */
    SEED,
    /** Exactly the lists of the binding in its form of v7 to v17, see {@link BindingProfile#FINAL}. */
    FINAL,
    /** Both spellings in both nodes: what the open-source Resource Manager writes for a guest. */
    GUEST,
    /**
     * The hypervisor in the old spelling, the Resource Manager in both: what the open-source Resource Manager writes
     * for the primary VM.
     */
    PRIMARY,
    /** Both nodes in the old spelling: older Resource Managers, and the first patch. */
    LEGACY,
    /** Any other mixture. */
    OTHER;

    private static final String NEW_SPELLING = "gunyah-";

    static BindingVariant of(Node hypervisor, Node resourceManager) {
        for (BindingProfile profile : List.of(BindingProfile.SEED, BindingProfile.FINAL)) {
            if (hypervisor.compatible().equals(profile.hypervisorCompatible())
                    && resourceManager.compatible().equals(profile.resourceManagerCompatible())) {
                return profile == BindingProfile.SEED ? SEED : FINAL;
            }
        }
        if (!has(hypervisor, "qcom,gunyah-hypervisor") || !has(resourceManager, "qcom,resource-manager")) {
            return OTHER;
        }
        boolean newHypervisor = has(hypervisor, NEW_SPELLING);
        boolean newResourceManager = has(resourceManager, NEW_SPELLING);
        if (newResourceManager) {
            return newHypervisor ? GUEST : PRIMARY;
        }
        return newHypervisor ? OTHER : LEGACY;
    }

    private static boolean has(Node node, String beginning) {
        return node.compatible().stream().anyMatch(text -> text.startsWith(beginning));
    }
}
