// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah;

import dev.hwmailbox.devicetree.Node;
import dev.hwmailbox.devicetree.Property;
import dev.hwmailbox.gunyah.BindingViolation.Code;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Collects what is wrong with a tree and what is odd, in words. */
final class Findings {
    private final List<BindingViolation> errors = new ArrayList<>();
    private final List<BindingViolation> warnings = new ArrayList<>();

    List<BindingViolation> errors() {
        return errors;
    }

    List<BindingViolation> warnings() {
        return warnings;
    }

    void error(Code code, Node node, @Nullable String property, String fact) {
        errors.add(about(code, node, property, fact));
    }

    void warning(Code code, Node node, @Nullable String property, String fact) {
        warnings.add(about(code, node, property, fact));
    }

    private static BindingViolation about(Code code, Node node, @Nullable String property, String fact) {
        return new BindingViolation(code, node.path(), property, node.path() + ": " + fact);
    }

    void throwErrors() {
        if (!errors.isEmpty()) {
            throw new BindingException(errors);
        }
    }

    /** What stops a client need not violate the form of the binding that a tree is held against. */
    void turnErrorsIntoWarnings() {
        warnings.addAll(errors);
        errors.clear();
    }

    static String compatibleOf(Node node) {
        return node.property("compatible").map(Findings::valueOf).orElse("nothing");
    }

    static String valueOf(Property property) {
        return property.length() == 0 ? "nothing" : property.valueText();
    }

    /** The value of a property that should be one number. */
    static String numberOf(Property property) {
        return property.length() == Integer.BYTES ? Integer.toUnsignedString(property.u32()) : valueOf(property);
    }

    static String list(List<String> texts) {
        return texts.stream().map(text -> '"' + text + '"').collect(Collectors.joining(", "));
    }
}
