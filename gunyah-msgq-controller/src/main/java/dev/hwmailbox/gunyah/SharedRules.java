// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah;

import dev.hwmailbox.devicetree.DeviceTree;
import dev.hwmailbox.devicetree.DeviceTreeException;
import dev.hwmailbox.devicetree.Interrupts;
import dev.hwmailbox.devicetree.Node;
import dev.hwmailbox.devicetree.Property;
import dev.hwmailbox.gunyah.BindingViolation.Code;
import java.util.Optional;

/** The rules that hold in every profile. */
final class SharedRules {
    static final String RM_NODE_NAME = "gunyah-resource-mgr";

    private final DeviceTree tree;
    private final BindingOptions options;
    private final Findings findings;

    SharedRules(DeviceTree tree, BindingOptions options, Findings findings) {
        this.tree = tree;
        this.options = options;
        this.findings = findings;
    }

    void checkCells(Node hypervisor, boolean mayBeMissing) {
        checkCells(hypervisor, "#address-cells", 2, mayBeMissing);
        checkCells(hypervisor, "#size-cells", 0, mayBeMissing);
    }

    private void checkCells(Node hypervisor, String name, int expected, boolean mayBeMissing) {
        Property cells = hypervisor.property(name).orElse(null);
        if (cells == null) {
            if (!mayBeMissing) {
                findings.error(Code.MISSING_CELLS, hypervisor, name, name + " is missing (must be " + expected + ")");
            }
        } else if (cells.length() != Integer.BYTES || cells.u32() != expected) {
            String fact = name + " is " + Findings.numberOf(cells) + ", must be " + expected;
            findings.error(Code.WRONG_CELLS, hypervisor, name, fact);
        }
    }

    /** How many capability IDs there are; fewer than two after an error, or where none need be. */
    int checkReg(Node node, boolean mayBeMissing) {
        Property reg = node.property("reg").orElse(null);
        if (reg == null) {
            if (!mayBeMissing) {
                findings.error(Code.MISSING_REG, node, "reg", "reg is missing");
            }
            return 0;
        }
        if (reg.length() % Long.BYTES != 0) {
            String fact = "reg has " + reg.length() + " bytes, not a whole number of 8-byte capability IDs";
            findings.error(Code.REG_SIZE, node, "reg", fact);
            return 0;
        }
        int count = reg.length() / Long.BYTES;
        if (count < 2) {
            String fact = "reg has " + count + " capability IDs, needs TX and RX";
            findings.error(Code.REG_TOO_SHORT, node, "reg", fact);
        }
        return count;
    }

    static String tooManyCapabilities(int count) {
        return "reg has " + count + " capability IDs, expected 2";
    }

    static String tooManyInterrupts(int count) {
        return count + " interrupts, expected 2";
    }

    /** What is wrong with a list of two interrupts that does not end with the second. */
    static Optional<String> restOf(Interrupts interrupts) {
        return interrupts.lengthMismatch().map(text -> "2 interrupts and a rest; " + text);
    }

    Interrupts interrupts(Node node) {
        return options.assumesThreeCells() ? Interrupts.assumingThreeCells(tree, node) : Interrupts.of(tree, node);
    }

    /** Takes over why an interrupt is not there or cannot be read. */
    void addInterruptError(DeviceTreeException e, Interrupts interrupts) {
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
        findings.error(new BindingViolation(code, path, e.property().orElse(null), message));
    }
}
