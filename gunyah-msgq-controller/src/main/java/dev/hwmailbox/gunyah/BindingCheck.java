// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah;

import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What a check of a devicetree has found: whether it follows the binding, how it does not, and whether a client can use
 * it.
 *
 * <p>These are two questions. A tree can follow a published form of the binding and be of no use, for instance without
 * any Resource Manager node, which that form allows: then the verdict is {@link Verdict#VALID}, there is no
 * {@link #resourceManager()}, and the {@link #warnings()} say why.
 *
 * <p>Context: any thread; immutable.
 *
 * @since 0.1
 */
public final class BindingCheck {
    /**
     * The answer in one word.
     *
     * @since 0.1
     */
    public enum Verdict {
        /** The tree follows the binding. */
        VALID,
        /** The tree violates the binding. */
        INVALID,
        /**
         * The tree has no node that the published forms of the binding speak about. Never the answer of
         * {@link BindingProfile#LENIENT}, which wants one.
         */
        NOTHING_TO_VALIDATE
    }

    private final BindingProfile profile;
    private final Verdict verdict;
    private final List<BindingViolation> violations;
    private final List<BindingViolation> warnings;
    private final @Nullable ResourceManagerNode resourceManager;

    BindingCheck(
            BindingProfile profile, Verdict verdict, Findings findings, @Nullable ResourceManagerNode resourceManager) {
        this.profile = profile;
        this.verdict = verdict;
        this.violations = List.copyOf(findings.errors());
        this.warnings = List.copyOf(findings.warnings());
        this.resourceManager = resourceManager;
    }

    /**
     * What the tree was held against.
     *
     * @return the profile
     */
    public BindingProfile profile() {
        return profile;
    }

    /**
     * The answer.
     *
     * @return the verdict
     */
    public Verdict verdict() {
        return verdict;
    }

    /**
     * What the profile forbids, in the order of the tree. What is left after four million characters is left out.
     *
     * @return the violations; none unless the verdict is {@link Verdict#INVALID}
     */
    public List<BindingViolation> violations() {
        return violations;
    }

    /**
     * What the profile allows but is odd, or keeps a client from using the tree.
     *
     * @return the warnings, in the order in which they were found
     */
    public List<BindingViolation> warnings() {
        return warnings;
    }

    /**
     * The Resource Manager node.
     *
     * @return what it says; empty if the tree violates the binding, and if it follows the binding but no client can use
     *     it
     */
    public Optional<ResourceManagerNode> resourceManager() {
        return Optional.ofNullable(resourceManager);
    }

    /** The profile, the verdict and how much there is to say about it. */
    @Override
    public String toString() {
        return "%s: %s, %d violations, %d warnings".formatted(profile, verdict, violations.size(), warnings.size());
    }
}
