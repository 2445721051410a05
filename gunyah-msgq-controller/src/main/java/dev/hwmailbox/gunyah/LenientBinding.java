// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah;

import dev.hwmailbox.devicetree.DeviceTree;
import dev.hwmailbox.devicetree.DeviceTreeException;
import dev.hwmailbox.devicetree.InterruptSpecifier;
import dev.hwmailbox.devicetree.InterruptSpecifier.Trigger;
import dev.hwmailbox.devicetree.Interrupts;
import dev.hwmailbox.devicetree.Node;
import dev.hwmailbox.devicetree.Property;
import dev.hwmailbox.gunyah.BindingViolation.Code;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The binding as guests really get it. The verdict comes with all that is wrong at one step of the discovery: in the
 * cell counts, which decide how the rest is to be read, or in the Resource Manager node.
 */
final class LenientBinding {
    private static final List<String> HYPERVISORS = List.of(
            "gunyah-hypervisor", "gunyah-hypervisor-1.0", "qcom,gunyah-hypervisor-1.0", "qcom,gunyah-hypervisor");
    private static final List<String> RESOURCE_MANAGERS =
            List.of("gunyah-resource-manager", "gunyah-resource-manager-1-0", "qcom,resource-manager");
    private static final String VERSIONED_RESOURCE_MANAGER = "qcom,resource-manager-";
    /** Limits of the hypervisor's queues; a hint beyond them says nothing. */
    private static final int LARGEST_MESSAGE = 1023;

    private static final int DEEPEST_QUEUE = 255;

    /** Most nodes to choose from that are named: their names can be of any length. */
    private static final int MOST_CHOICES = 8;

    private final DeviceTree tree;
    private final BindingOptions options;
    private final Findings findings;
    private final SharedRules rules;

    LenientBinding(DeviceTree tree, BindingOptions options, Findings findings) {
        this.tree = tree;
        this.options = options;
        this.findings = findings;
        this.rules = new SharedRules(tree, options, findings);
    }

    ResourceManagerNode resourceManager() {
        Node hypervisor = hypervisor();
        checkAvailable(hypervisor);
        rules.checkCells(hypervisor, false);
        findings.throwErrors();
        Node node = resourceManagerNode(hypervisor, options.nodePath());
        List<CapabilityId> capabilities = capabilities(node);
        List<InterruptSpecifier> interrupts = interrupts(node);
        findings.throwErrors();
        Hints hints = new Hints(node, findings);
        return new ResourceManagerNode(
                node.path(),
                capabilities.get(0),
                capabilities.get(1),
                interrupts.get(0),
                interrupts.get(1),
                hints.bounded("qcom,tx-message-size", LARGEST_MESSAGE, ResourceManagerNode.DEFAULT_MESSAGE_SIZE),
                hints.bounded("qcom,rx-message-size", LARGEST_MESSAGE, ResourceManagerNode.DEFAULT_MESSAGE_SIZE),
                hints.bounded("qcom,tx-queue-depth", DEEPEST_QUEUE, ResourceManagerNode.DEFAULT_QUEUE_DEPTH),
                hints.bounded("qcom,rx-queue-depth", DEEPEST_QUEUE, ResourceManagerNode.DEFAULT_QUEUE_DEPTH),
                BindingVariant.of(hypervisor, node),
                ResourceManagerExtras.read(hypervisor, node, findings),
                findings.warnings());
    }

    /** {@code /hypervisor} if it is Gunyah's, otherwise the first node that is, wherever it stands. */
    private Node hypervisor() {
        Optional<Node> usual = tree.find("/hypervisor");
        return usual.filter(this::isGunyah)
                .or(() -> tree.nodes().stream().filter(this::isGunyah).findFirst())
                .orElseThrow(() -> usual.map(this::foreignHypervisor)
                        .orElseGet(() -> fatal(
                                Code.NO_HYPERVISOR_NODE,
                                "/",
                                null,
                                "the tree has no hypervisor node: no /hypervisor, "
                                        + "and no node compatible with \"gunyah-hypervisor\"")));
    }

    private boolean isGunyah(Node node) {
        return !Collections.disjoint(
                node.compatible(), options.profile() == BindingProfile.LENIENT ? HYPERVISORS : LiteralBinding.SELECTED);
    }

    private BindingException foreignHypervisor(Node node) {
        boolean otherSpelling = !Collections.disjoint(node.compatible(), HYPERVISORS);
        String message = node.path() + " is compatible with " + Findings.compatibleOf(node)
                + (otherSpelling ? ", none of which the binding speaks about" : ", not with Gunyah");
        return fatal(Code.HYPERVISOR_COMPATIBLE, node.path(), "compatible", message);
    }

    private void checkAvailable(Node hypervisor) {
        if (hypervisor.isAvailable()) {
            return;
        }
        Node cause = hypervisor;
        for (Node above = cause.parent(); above != null && !above.isAvailable(); above = above.parent()) {
            cause = above;
        }
        throw fatal(Code.HYPERVISOR_DISABLED, cause.path(), "status", statusOf(cause));
    }

    private Node resourceManagerNode(Node hypervisor, @Nullable String chosen) {
        List<Node> candidates = hypervisor.children().stream()
                .filter(LenientBinding::isResourceManager)
                .filter(node -> chosen == null || isCalled(node, chosen))
                .toList();
        if (candidates.isEmpty()) {
            throw noResourceManager(hypervisor, chosen);
        }
        List<Node> available = candidates.stream().filter(Node::isAvailable).toList();
        if (available.isEmpty()) {
            Node node = candidates.get(0);
            throw fatal(Code.RM_DISABLED, node.path(), "status", statusOf(node));
        }
        if (available.size() > 1) {
            String paths =
                    available.stream().limit(MOST_CHOICES).map(Node::path).collect(Collectors.joining(", "));
            if (available.size() > MOST_CHOICES) {
                paths += ", ...";
            }
            String message = "%s has %d available Resource Manager nodes: %s; choose one"
                    .formatted(hypervisor.path(), available.size(), paths);
            throw fatal(Code.SEVERAL_RM_NODES, hypervisor.path(), null, message);
        }
        return available.get(0);
    }

    private static boolean isCalled(Node node, String chosen) {
        return chosen.startsWith("/") ? node.path().equals(chosen) : node.name().endsWith("@" + chosen);
    }

    private static boolean isResourceManager(Node node) {
        return node.compatible().stream()
                .anyMatch(text -> RESOURCE_MANAGERS.contains(text) || text.startsWith(VERSIONED_RESOURCE_MANAGER));
    }

    private BindingException noResourceManager(Node hypervisor, @Nullable String chosen) {
        String path = hypervisor.path();
        if (chosen != null) {
            return fatal(Code.NO_RM_NODE, path, null, path + " has no Resource Manager node " + chosen);
        }
        return hypervisor.children().stream()
                .filter(node -> node.name().startsWith(SharedRules.RM_NODE_NAME))
                .findFirst()
                .map(this::foreignResourceManager)
                .orElseGet(() -> fatal(Code.NO_RM_NODE, path, null, path + " has no Resource Manager node"));
    }

    private BindingException foreignResourceManager(Node node) {
        String message = "%s: compatible is %s, expected one of %s, \"%s...\""
                .formatted(
                        node.path(),
                        Findings.compatibleOf(node),
                        Findings.list(RESOURCE_MANAGERS),
                        VERSIONED_RESOURCE_MANAGER);
        return fatal(Code.RM_COMPATIBLE, node.path(), "compatible", message);
    }

    /** TX and RX; none after an error. */
    private List<CapabilityId> capabilities(Node node) {
        int count = rules.checkReg(node, false);
        if (count < 2) {
            return List.of();
        }
        if (count > 2) {
            findings.warning(Code.REG_EXTRA, node, "reg", SharedRules.tooManyCapabilities(count));
        }
        Property reg = node.property("reg").orElseThrow();
        CapabilityId tx = CapabilityId.of(reg.u64(0));
        CapabilityId rx = CapabilityId.of(reg.u64(1));
        checkValid(node, "TX", tx);
        checkValid(node, "RX", rx);
        if (tx.equals(rx) && tx.isValid()) {
            findings.warning(Code.SAME_CAPABILITY, node, "reg", "TX and RX capability are the same, " + tx);
        }
        return List.of(tx, rx);
    }

    private void checkValid(Node node, String direction, CapabilityId capability) {
        if (!capability.isValid()) {
            findings.error(Code.INVALID_CAPABILITY, node, "reg", direction + " capability ID is the invalid value");
        }
    }

    /** TX and RX; none after an error. */
    private List<InterruptSpecifier> interrupts(Node node) {
        Interrupts interrupts = rules.interrupts(node);
        List<InterruptSpecifier> both;
        try {
            both = List.of(interrupts.get(0), interrupts.get(1));
        } catch (DeviceTreeException e) {
            rules.addInterruptError(e, interrupts);
            return List.of();
        }
        String property = node.hasProperty("interrupts-extended") ? "interrupts-extended" : "interrupts";
        if (interrupts.count() > 2) {
            findings.warning(Code.INTERRUPTS_EXTRA, node, property, SharedRules.tooManyInterrupts(interrupts.count()));
        } else if (!node.hasProperty("interrupts") || !node.hasProperty("interrupts-extended")) {
            SharedRules.restOf(interrupts)
                    .ifPresent(fact -> findings.warning(Code.INTERRUPTS_EXTRA, node, property, fact));
        }
        if (isSame(both.get(0), both.get(1))) {
            findings.warning(Code.SAME_INTERRUPT, node, property, "TX and RX interrupt are the same");
        }
        for (int i = 0; i < both.size(); i++) {
            if (both.get(i).trigger() == Trigger.NONE) {
                findings.warning(Code.TRIGGER, node, property, "interrupt " + i + " has no valid trigger type");
            }
        }
        return both;
    }

    private static boolean isSame(InterruptSpecifier a, InterruptSpecifier b) {
        return a.hwirq() == b.hwirq() && Objects.equals(a.controllerPath(), b.controllerPath());
    }

    private BindingException fatal(Code code, String path, @Nullable String property, String message) {
        findings.error(new BindingViolation(code, path, property, message));
        return new BindingException(findings.errors());
    }

    private static String statusOf(Node node) {
        return node.path() + " has status "
                + node.property("status").map(Findings::valueOf).orElseThrow();
    }
}
