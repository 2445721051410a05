// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah;

import java.util.List;

/**
 * What a devicetree is held against: one of the two published forms of the binding, to the letter, or what a client
 * needs.
 *
 * <p>The two published forms look at every node that is compatible with {@code gunyah-hypervisor} or
 * {@code gunyah-hypervisor-1.0}, and at no other; trees in which a Resource Manager had a hand violate both.
 *
 * <p>Context: any thread.
 *
 * <p>Gunyah counterpart: {@code gunyah-hypervisor.yaml}, Documentation/devicetree/bindings/firmware (Linux patch
 * series, v2 to v17).
 *
 * @since 0.1
 */
public enum BindingProfile {
    /** The form of the patches v2 to v6: a versioned and a general entry in each {@code compatible}. */
    SEED,
    /** The form of the patches v7 to v17, which was agreed on: the general entry alone. */
    FINAL,
    /** Trees as guests get them: what a client needs must be there, everything else is ignored. The default. */
    LENIENT;

    /** The exact list; empty in the lenient profile, which has none. */
    List<String> hypervisorCompatible() {
        return switch (this) {
            case SEED -> List.of("gunyah-hypervisor-1.0", "gunyah-hypervisor");
            case FINAL -> List.of("gunyah-hypervisor");
            case LENIENT -> List.of();
        };
    }

    /** The exact list; empty in the lenient profile, which has none. */
    List<String> resourceManagerCompatible() {
        return switch (this) {
            case SEED -> List.of("gunyah-resource-manager-1-0", "gunyah-resource-manager");
            case FINAL -> List.of("gunyah-resource-manager");
            case LENIENT -> List.of();
        };
    }
}
