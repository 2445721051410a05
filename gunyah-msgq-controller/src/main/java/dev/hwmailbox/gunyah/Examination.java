// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah;

import dev.hwmailbox.devicetree.DeviceTree;
import dev.hwmailbox.devicetree.Node;
import dev.hwmailbox.gunyah.BindingCheck.Verdict;
import dev.hwmailbox.gunyah.BindingViolation.Code;
import java.util.Objects;

/** One tree held against one profile: first against its letter, if it has one, then for what a client needs. */
final class Examination {
    private final DeviceTree tree;
    private final BindingOptions options;
    private final Findings findings = new Findings();

    Examination(DeviceTree tree, BindingOptions options) {
        this.tree = Objects.requireNonNull(tree, "tree");
        this.options = Objects.requireNonNull(options, "options");
    }

    ResourceManagerNode resourceManager() {
        literalVerdict();
        findings.throwErrors();
        return discover();
    }

    BindingCheck check() {
        Verdict verdict = literalVerdict();
        ResourceManagerNode node = null;
        if (verdict != Verdict.INVALID) {
            try {
                node = discover();
            } catch (BindingException e) {
                // What is said is among the findings already.
                if (options.profile() == BindingProfile.LENIENT) {
                    verdict = Verdict.INVALID;
                } else {
                    findings.turnErrorsIntoWarnings();
                }
            }
        }
        return new BindingCheck(options.profile(), verdict, findings, node);
    }

    /** The lenient profile has no letter to violate. */
    private Verdict literalVerdict() {
        if (isOverlay()) {
            findings.errors().add(new BindingViolation(Code.NO_HYPERVISOR_NODE, "/", null, OVERLAY));
            return Verdict.INVALID;
        }
        if (options.profile() == BindingProfile.LENIENT) {
            return Verdict.VALID;
        }
        boolean any = new LiteralBinding(tree, options, findings).check();
        if (!any) {
            return Verdict.NOTHING_TO_VALIDATE;
        }
        return findings.errors().isEmpty() ? Verdict.VALID : Verdict.INVALID;
    }

    private ResourceManagerNode discover() {
        return new LenientBinding(tree, options, findings).resourceManager();
    }

    // The place for DeviceTreeOverlay: an overlay alone is merged into an empty tree, and its interrupts are read with
    // options.assumingThreeCells().
    private static final String OVERLAY = "the tree is an overlay, to be applied to its base first";

    private boolean isOverlay() {
        return tree.root().children().stream().anyMatch(Examination::isFragment);
    }

    private static boolean isFragment(Node node) {
        return node.child("__overlay__").isPresent();
    }
}
