// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah;

import dev.hwmailbox.devicetree.DeviceTree;
import dev.hwmailbox.devicetree.DeviceTreeException;
import dev.hwmailbox.devicetree.DeviceTreeOverlay;
import dev.hwmailbox.gunyah.BindingCheck.Verdict;
import dev.hwmailbox.gunyah.BindingViolation.Code;
import java.util.Objects;

/** One tree held against one profile: first against its letter, if it has one, then for what a client needs. */
final class Examination {
    private final DeviceTree tree;
    private final BindingOptions options;
    private final Findings findings = new Findings();

    Examination(DeviceTree tree, BindingOptions options) {
        Objects.requireNonNull(tree, "tree");
        Objects.requireNonNull(options, "options");
        // The controller is in the base, which nobody has at hand.
        boolean withoutBase = DeviceTreeOverlay.isOverlay(tree);
        this.tree = withoutBase ? applyAlone(tree) : tree;
        this.options = withoutBase ? options.assumingThreeCells() : options;
    }

    /** An overlay that is not built as overlays are has been said all about, and stands for itself. */
    private DeviceTree applyAlone(DeviceTree overlay) {
        try {
            return DeviceTreeOverlay.applyAlone(overlay);
        } catch (DeviceTreeException e) {
            String path = e.nodePath().orElse("/");
            String property = e.property().orElse(null);
            findings.error(new BindingViolation(Code.BAD_OVERLAY, path, property, e.reason()));
            return overlay;
        }
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
        if (!findings.errors().isEmpty()) {
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
}
