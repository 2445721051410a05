// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah;

import dev.hwmailbox.devicetree.DeviceTree;
import dev.hwmailbox.devicetree.DeviceTreeException;
import dev.hwmailbox.devicetree.Interrupts;
import dev.hwmailbox.devicetree.Node;
import dev.hwmailbox.devicetree.Property;
import dev.hwmailbox.gunyah.BindingViolation.Code;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * A published form of the binding, to the letter: everything that it does not name is forbidden, what its values mean
 * is of no interest.
 */
final class LiteralBinding {
    /** What makes the binding look at a node, in both forms. */
    static final List<String> SELECTED = List.of("gunyah-hypervisor", "gunyah-hypervisor-1.0");

    private static final Set<String> ALLOWED_EVERYWHERE =
            Set.of("compatible", "phandle", "status", "secure-status", "pinctrl-names");
    private static final Pattern PIN_CONTROL = Pattern.compile("pinctrl-[0-9]+");
    private static final Set<String> ALLOWED_IN_HYPERVISOR = with("#address-cells", "#size-cells");
    private static final Set<String> ALLOWED_IN_RM =
            with("reg", "interrupts", "interrupts-extended", "interrupt-parent");

    private static final ByteBuffer DISABLED = ByteBuffer.wrap("disabled\0".getBytes(StandardCharsets.US_ASCII));

    private final DeviceTree tree;
    private final BindingProfile profile;
    private final Findings findings;
    private final SharedRules rules;

    LiteralBinding(DeviceTree tree, BindingOptions options, Findings findings) {
        this.tree = tree;
        this.profile = options.profile();
        this.findings = findings;
        this.rules = new SharedRules(tree, options, findings);
    }

    private static Set<String> with(String... names) {
        return Stream.concat(ALLOWED_EVERYWHERE.stream(), Stream.of(names)).collect(Collectors.toUnmodifiableSet());
    }

    /** Checks every node that the binding speaks about; false if there is none. */
    boolean check() {
        List<Node> selected = tree.nodes().stream()
                .filter(node -> !Collections.disjoint(node.compatible(), SELECTED))
                .toList();
        selected.forEach(this::checkHypervisor);
        return !selected.isEmpty();
    }

    private void checkHypervisor(Node hypervisor) {
        List<String> expected = profile.hypervisorCompatible();
        if (!hypervisor.compatible().equals(expected)) {
            String fact = "compatible is " + Findings.compatibleOf(hypervisor) + ", the binding wants exactly "
                    + Findings.list(expected);
            findings.error(Code.HYP_COMPATIBLE, hypervisor, "compatible", fact);
        }
        rules.checkCells(hypervisor, isDisabled(hypervisor));
        checkProperties(hypervisor, ALLOWED_IN_HYPERVISOR, Code.HYP_EXTRA_PROPERTY);
        for (Node child : hypervisor.children()) {
            if (child.name().startsWith(SharedRules.RM_NODE_NAME)) {
                checkResourceManager(child);
            } else {
                findings.error(Code.HYP_EXTRA_CHILD, hypervisor, null, "unexpected child node " + child.name());
            }
        }
    }

    private void checkResourceManager(Node node) {
        boolean mayLackProperties = isDisabled(node);
        List<String> expected = profile.resourceManagerCompatible();
        if (!node.compatible().equals(expected) && (node.hasProperty("compatible") || !mayLackProperties)) {
            String fact = "compatible is " + Findings.compatibleOf(node) + ", expected " + Findings.list(expected);
            findings.error(Code.RM_COMPATIBLE, node, "compatible", fact);
        }
        int capabilities = rules.checkReg(node, mayLackProperties);
        if (capabilities > 2) {
            findings.error(Code.REG_EXTRA, node, "reg", SharedRules.tooManyCapabilities(capabilities));
        }
        checkInterrupts(node, mayLackProperties);
        checkProperties(node, ALLOWED_IN_RM, Code.RM_EXTRA_PROPERTY);
        for (Node child : node.children()) {
            findings.error(Code.RM_EXTRA_CHILD, node, null, "unexpected child node " + child.name());
        }
    }

    private void checkInterrupts(Node node, boolean mayBeMissing) {
        boolean plain = node.hasProperty("interrupts");
        boolean extended = node.hasProperty("interrupts-extended");
        if (plain && extended) {
            String fact = "interrupts and interrupts-extended are both there";
            findings.error(Code.INTERRUPTS_TWICE, node, "interrupts-extended", fact);
        } else if (plain || extended || !mayBeMissing) {
            checkNumberOfInterrupts(node, extended ? "interrupts-extended" : "interrupts");
        }
    }

    private void checkNumberOfInterrupts(Node node, String property) {
        Interrupts interrupts = rules.interrupts(node);
        int count = interrupts.count();
        if (count < 2) {
            try {
                interrupts.get(count);
            } catch (DeviceTreeException e) {
                rules.addInterruptError(e, interrupts);
            }
        } else if (count > 2) {
            findings.error(Code.INTERRUPTS_EXTRA, node, property, SharedRules.tooManyInterrupts(count));
        } else {
            SharedRules.restOf(interrupts)
                    .ifPresent(fact -> findings.error(Code.INTERRUPTS_EXTRA, node, property, fact));
        }
    }

    private void checkProperties(Node node, Set<String> allowed, Code code) {
        for (Property property : node.properties()) {
            String name = property.name();
            if (!allowed.contains(name) && !PIN_CONTROL.matcher(name).matches()) {
                findings.error(code, node, name, "unexpected property " + name);
            }
        }
    }

    /** What is disabled may be unfinished: properties may be missing, but those that are there must be right. */
    private static boolean isDisabled(Node node) {
        for (Node at = node; at != null; at = at.parent()) {
            if (at.property("status")
                    .filter(status -> status.bytes().equals(DISABLED))
                    .isPresent()) {
                return true;
            }
        }
        return false;
    }
}
