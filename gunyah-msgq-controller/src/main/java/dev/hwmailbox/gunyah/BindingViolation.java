// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah;

import java.io.Serializable;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * One way in which a devicetree does not follow the Gunyah binding: an error that stops discovery, or a warning.
 *
 * <p>Context: any thread.
 *
 * @param code what is wrong
 * @param nodePath path of the node at fault, {@code /} if a node is missing
 * @param property name of the property at fault, or null if none is
 * @param message a sentence that names node and property, what was found and what is expected
 * @since 0.1
 */
public record BindingViolation(
        Code code, String nodePath, @Nullable String property, String message) implements Serializable {
    public BindingViolation {
        Objects.requireNonNull(code, "code");
        Objects.requireNonNull(nodePath, "nodePath");
        Objects.requireNonNull(message, "message");
    }

    /**
     * The rules of the binding. Each can be broken in every {@link BindingProfile}, except as said.
     *
     * @since 0.1
     */
    public enum Code {
        /** The tree is an overlay alone, and is not built as overlays are. */
        BAD_OVERLAY,
        /** There is no {@code /hypervisor}, and no other node is compatible with Gunyah. */
        NO_HYPERVISOR_NODE,
        /** {@code /hypervisor} belongs to another hypervisor, and no other node is compatible with Gunyah. */
        HYPERVISOR_COMPATIBLE,
        /** SEED, FINAL: {@code compatible} of a hypervisor node is not exactly what the binding wants. */
        HYP_COMPATIBLE,
        /** The hypervisor node or one above it is not available. */
        HYPERVISOR_DISABLED,
        /** The hypervisor node lacks a cell count. */
        MISSING_CELLS,
        /** A cell count of the hypervisor node has the wrong value. */
        WRONG_CELLS,
        /** SEED, FINAL: the hypervisor node has a property that the binding does not name. */
        HYP_EXTRA_PROPERTY,
        /** SEED, FINAL: the hypervisor node has a child with another name than a Resource Manager node. */
        HYP_EXTRA_CHILD,
        /** The hypervisor node has no Resource Manager node. */
        NO_RM_NODE,
        /**
         * A node is named like a Resource Manager node and compatible with something else; SEED, FINAL: its
         * {@code compatible} is not exactly what the binding wants.
         */
        RM_COMPATIBLE,
        /** The Resource Manager node is not available. */
        RM_DISABLED,
        /** Several Resource Manager nodes are available. */
        SEVERAL_RM_NODES,
        /** {@code reg} is missing. */
        MISSING_REG,
        /** {@code reg} is no list of 64-bit numbers. */
        REG_SIZE,
        /** {@code reg} has fewer than two capability IDs. */
        REG_TOO_SHORT,
        /** {@code reg} has more than two capability IDs. LENIENT: a warning. */
        REG_EXTRA,
        /** A capability ID is the one that means "no capability". */
        INVALID_CAPABILITY,
        /** Warning: both capability IDs are the same. */
        SAME_CAPABILITY,
        /** There is neither {@code interrupts} nor {@code interrupts-extended}. */
        NO_INTERRUPTS,
        /** SEED, FINAL: there are both {@code interrupts} and {@code interrupts-extended}. */
        INTERRUPTS_TWICE,
        /** No interrupt controller is in charge of the node. */
        NO_INTERRUPT_PARENT,
        /** There are fewer than two interrupts. */
        TOO_FEW_INTERRUPTS,
        /** {@code interrupts-extended} refers to a phandle that no node has. */
        BAD_INTERRUPT_REFERENCE,
        /** There are more than two interrupts. LENIENT: a warning. */
        INTERRUPTS_EXTRA,
        /** An interrupt belongs to a node that is no interrupt controller. */
        NOT_AN_INTERRUPT_CONTROLLER,
        /** The cells of an interrupt are not those of a GIC. */
        UNSUPPORTED_INTERRUPT_SPECIFIER,
        /** The number of an interrupt is larger than its kind allows. */
        INTERRUPT_OUT_OF_RANGE,
        /** Warning: both interrupts are the same. */
        SAME_INTERRUPT,
        /** Warning: the flags of an interrupt name no trigger. */
        TRIGGER,
        /** SEED, FINAL: the Resource Manager node has a property that the binding does not name. */
        RM_EXTRA_PROPERTY,
        /** SEED, FINAL: the Resource Manager node has a child. */
        RM_EXTRA_CHILD,
        /** Warning: a property that a Resource Manager adds has a value that makes no sense; it is not used. */
        BAD_HINT
    }

    /** The code and the message. */
    @Override
    public String toString() {
        return code + " " + message;
    }
}
