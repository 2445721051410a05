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
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
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
    private static final String RM_NODE_NAME = "gunyah-resource-mgr";

    private static final BindingViolation NO_HYPERVISOR = new BindingViolation(
            Code.NO_HYPERVISOR_NODE,
            "/",
            null,
            "the tree has no hypervisor node: no /hypervisor, and no node compatible with \"gunyah-hypervisor\"");

    /** Limits of the hypervisor's queues; a hint beyond them says nothing. */
    private static final int LARGEST_MESSAGE = 1023;

    private static final int DEEPEST_QUEUE = 255;

    private final DeviceTree tree;
    private final List<BindingViolation> errors = new ArrayList<>();
    private final List<BindingViolation> warnings = new ArrayList<>();

    LenientBinding(DeviceTree tree) {
        this.tree = tree;
    }

    ResourceManagerNode resourceManager(@Nullable String chosenPath) {
        Node hypervisor = hypervisor();
        checkAvailable(hypervisor);
        checkCells(hypervisor, "#address-cells", 2);
        checkCells(hypervisor, "#size-cells", 0);
        throwErrors();
        Node node = resourceManagerNode(hypervisor, chosenPath);
        List<CapabilityId> capabilities = capabilities(node);
        List<InterruptSpecifier> interrupts = interrupts(node);
        throwErrors();
        return new ResourceManagerNode(
                node.path(),
                capabilities.get(0),
                capabilities.get(1),
                interrupts.get(0),
                interrupts.get(1),
                hint(node, "qcom,tx-message-size", LARGEST_MESSAGE, ResourceManagerNode.DEFAULT_MESSAGE_SIZE),
                hint(node, "qcom,rx-message-size", LARGEST_MESSAGE, ResourceManagerNode.DEFAULT_MESSAGE_SIZE),
                hint(node, "qcom,tx-queue-depth", DEEPEST_QUEUE, ResourceManagerNode.DEFAULT_QUEUE_DEPTH),
                hint(node, "qcom,rx-queue-depth", DEEPEST_QUEUE, ResourceManagerNode.DEFAULT_QUEUE_DEPTH),
                warnings);
    }

    /** {@code /hypervisor} if it is Gunyah's, otherwise the first node that is, wherever it stands. */
    private Node hypervisor() {
        Optional<Node> usual = tree.find("/hypervisor");
        return usual.filter(LenientBinding::isGunyah)
                .or(() -> tree.nodes().stream().filter(LenientBinding::isGunyah).findFirst())
                .orElseThrow(
                        () -> fatal(usual.map(LenientBinding::foreignHypervisor).orElse(NO_HYPERVISOR)));
    }

    private static boolean isGunyah(Node node) {
        return !Collections.disjoint(node.compatible(), HYPERVISORS);
    }

    private static BindingViolation foreignHypervisor(Node node) {
        String message = node.path() + " is compatible with " + compatibleOf(node) + ", not with Gunyah";
        return new BindingViolation(Code.HYPERVISOR_COMPATIBLE, node.path(), "compatible", message);
    }

    private void checkAvailable(Node hypervisor) {
        if (hypervisor.isAvailable()) {
            return;
        }
        Node cause = hypervisor;
        for (Node above = cause.parent(); above != null && !above.isAvailable(); above = above.parent()) {
            cause = above;
        }
        throw fatal(new BindingViolation(Code.HYPERVISOR_DISABLED, cause.path(), "status", statusOf(cause)));
    }

    private void checkCells(Node hypervisor, String name, int expected) {
        Property cells = hypervisor.property(name).orElse(null);
        if (cells == null) {
            error(Code.MISSING_CELLS, hypervisor, name, name + " is missing (must be " + expected + ")");
        } else if (cells.length() != Integer.BYTES || cells.u32() != expected) {
            String found = cells.length() == Integer.BYTES ? Integer.toUnsignedString(cells.u32()) : valueOf(cells);
            error(Code.WRONG_CELLS, hypervisor, name, name + " is " + found + ", must be " + expected);
        }
    }

    private Node resourceManagerNode(Node hypervisor, @Nullable String chosenPath) {
        List<Node> candidates = hypervisor.children().stream()
                .filter(LenientBinding::isResourceManager)
                .filter(node -> chosenPath == null || node.path().equals(chosenPath))
                .toList();
        if (candidates.isEmpty()) {
            throw fatal(noResourceManager(hypervisor, chosenPath));
        }
        List<Node> available = candidates.stream().filter(Node::isAvailable).toList();
        if (available.isEmpty()) {
            Node node = candidates.get(0);
            throw fatal(new BindingViolation(Code.RM_DISABLED, node.path(), "status", statusOf(node)));
        }
        if (available.size() > 1) {
            String paths = available.stream().map(Node::path).collect(Collectors.joining(", "));
            String message = "%s has %d available Resource Manager nodes: %s; choose one"
                    .formatted(hypervisor.path(), available.size(), paths);
            throw fatal(new BindingViolation(Code.SEVERAL_RM_NODES, hypervisor.path(), null, message));
        }
        return available.get(0);
    }

    private static boolean isResourceManager(Node node) {
        return node.compatible().stream()
                .anyMatch(text -> RESOURCE_MANAGERS.contains(text) || text.startsWith(VERSIONED_RESOURCE_MANAGER));
    }

    private static BindingViolation noResourceManager(Node hypervisor, @Nullable String chosenPath) {
        if (chosenPath != null) {
            String message = hypervisor.path() + " has no Resource Manager node " + chosenPath;
            return new BindingViolation(Code.NO_RM_NODE, hypervisor.path(), null, message);
        }
        return hypervisor.children().stream()
                .filter(node -> node.name().startsWith(RM_NODE_NAME))
                .findFirst()
                .map(node -> {
                    String message = "%s: compatible is %s, expected one of %s, \"%s...\""
                            .formatted(
                                    node.path(),
                                    compatibleOf(node),
                                    list(RESOURCE_MANAGERS),
                                    VERSIONED_RESOURCE_MANAGER);
                    return new BindingViolation(Code.RM_COMPATIBLE, node.path(), "compatible", message);
                })
                .orElseGet(() -> new BindingViolation(
                        Code.NO_RM_NODE, hypervisor.path(), null, hypervisor.path() + " has no Resource Manager node"));
    }

    /** TX and RX; fewer after an error. */
    private List<CapabilityId> capabilities(Node node) {
        Property reg = node.property("reg").orElse(null);
        if (reg == null) {
            error(Code.MISSING_REG, node, "reg", "reg is missing");
            return List.of();
        }
        if (reg.length() % Long.BYTES != 0) {
            String fact = "reg has " + reg.length() + " bytes, not a whole number of 8-byte capability IDs";
            error(Code.REG_SIZE, node, "reg", fact);
            return List.of();
        }
        int count = reg.length() / Long.BYTES;
        if (count < 2) {
            error(Code.REG_TOO_SHORT, node, "reg", "reg has " + count + " capability IDs, needs TX and RX");
            return List.of();
        }
        if (count > 2) {
            warning(Code.REG_EXTRA, node, "reg", "reg has " + count + " capability IDs, expected 2");
        }
        CapabilityId tx = CapabilityId.of(reg.u64(0));
        CapabilityId rx = CapabilityId.of(reg.u64(1));
        checkValid(node, "TX", tx);
        checkValid(node, "RX", rx);
        if (tx.equals(rx) && tx.isValid()) {
            warning(Code.SAME_CAPABILITY, node, "reg", "TX and RX capability are the same, " + tx);
        }
        return List.of(tx, rx);
    }

    private void checkValid(Node node, String direction, CapabilityId capability) {
        if (!capability.isValid()) {
            error(Code.INVALID_CAPABILITY, node, "reg", direction + " capability ID is the invalid value");
        }
    }

    /** TX and RX; none after an error. */
    private List<InterruptSpecifier> interrupts(Node node) {
        Interrupts interrupts = Interrupts.of(tree, node);
        List<InterruptSpecifier> both;
        try {
            both = List.of(interrupts.get(0), interrupts.get(1));
        } catch (DeviceTreeException e) {
            errors.add(violation(e, interrupts));
            return List.of();
        }
        String property = node.hasProperty("interrupts-extended") ? "interrupts-extended" : "interrupts";
        if (interrupts.count() > 2) {
            warning(Code.INTERRUPTS_EXTRA, node, property, interrupts.count() + " interrupts, expected 2");
        }
        if (isSame(both.get(0), both.get(1))) {
            warning(Code.SAME_INTERRUPT, node, property, "TX and RX interrupt are the same");
        }
        for (int i = 0; i < both.size(); i++) {
            if (both.get(i).trigger() == Trigger.NONE) {
                warning(Code.TRIGGER, node, property, "interrupt " + i + " has no valid trigger type");
            }
        }
        return both;
    }

    private static boolean isSame(InterruptSpecifier a, InterruptSpecifier b) {
        return a.hwirq() == b.hwirq() && a.controllerPath().equals(b.controllerPath());
    }

    private static BindingViolation violation(DeviceTreeException e, Interrupts interrupts) {
        Code code = switch (e.code()) {
            case NO_INTERRUPTS -> Code.NO_INTERRUPTS;
            case NO_INTERRUPT_PARENT -> Code.NO_INTERRUPT_PARENT;
            case TOO_FEW_INTERRUPTS -> Code.TOO_FEW_INTERRUPTS;
            case BAD_INTERRUPT_REFERENCE -> Code.BAD_INTERRUPT_REFERENCE;
            case NOT_AN_INTERRUPT_CONTROLLER -> Code.NOT_AN_INTERRUPT_CONTROLLER;
            case UNSUPPORTED_INTERRUPT_SPECIFIER -> Code.UNSUPPORTED_INTERRUPT_SPECIFIER;
            case INTERRUPT_OUT_OF_RANGE -> Code.INTERRUPT_OUT_OF_RANGE;
            default -> throw e;
        };
        String path = e.nodePath().orElseThrow();
        String message = e.reason();
        if (code == Code.TOO_FEW_INTERRUPTS) {
            String hint = interrupts.lengthMismatch().map(text -> "; " + text).orElse("");
            message = path + ": " + interrupts.count() + " interrupts, needs TX and RX" + hint;
        }
        return new BindingViolation(code, path, e.property().orElse(null), message);
    }

    private static int hint(Node node, String name, int largest, int otherwise) {
        return node.property(name)
                .filter(property -> property.length() == Integer.BYTES)
                .map(Property::u32)
                .filter(value -> value > 0 && value <= largest)
                .orElse(otherwise);
    }

    private void error(Code code, Node node, String property, String fact) {
        errors.add(new BindingViolation(code, node.path(), property, node.path() + ": " + fact));
    }

    private void warning(Code code, Node node, String property, String fact) {
        warnings.add(new BindingViolation(code, node.path(), property, node.path() + ": " + fact));
    }

    private void throwErrors() {
        if (!errors.isEmpty()) {
            throw new BindingException(errors);
        }
    }

    private BindingException fatal(BindingViolation violation) {
        errors.add(violation);
        return new BindingException(errors);
    }

    private static String statusOf(Node node) {
        return node.path() + " has status "
                + node.property("status").map(LenientBinding::valueOf).orElseThrow();
    }

    private static String compatibleOf(Node node) {
        return node.property("compatible").map(LenientBinding::valueOf).orElse("nothing");
    }

    private static String valueOf(Property property) {
        return property.length() == 0 ? "nothing" : property.valueText();
    }

    private static String list(List<String> texts) {
        return texts.stream().map(text -> '"' + text + '"').collect(Collectors.joining(", "));
    }
}
