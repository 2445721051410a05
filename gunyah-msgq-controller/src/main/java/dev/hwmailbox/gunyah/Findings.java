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
    /**
     * How much is said before the rest is left out. Every finding repeats the path of its node, which in a hostile blob
     * is as long as the blob.
     */
    private static final long MOST_CHARACTERS = 1 << 22;

    private final List<BindingViolation> errors = new ArrayList<>();
    private final List<BindingViolation> warnings = new ArrayList<>();
    private long characters;

    List<BindingViolation> errors() {
        return errors;
    }

    List<BindingViolation> warnings() {
        return warnings;
    }

    void error(Code code, Node node, @Nullable String property, String fact) {
        add(errors, code, node, property, fact);
    }

    void warning(Code code, Node node, @Nullable String property, String fact) {
        add(warnings, code, node, property, fact);
    }

    void error(BindingViolation violation) {
        add(errors, violation);
    }

    private void add(List<BindingViolation> findings, Code code, Node node, @Nullable String property, String fact) {
        if (hasRoom(findings)) {
            String path = node.path();
            add(findings, new BindingViolation(code, path, property, path + ": " + fact));
        }
    }

    private void add(List<BindingViolation> findings, BindingViolation violation) {
        if (hasRoom(findings)) {
            findings.add(violation);
            characters += violation.nodePath().length() + violation.message().length();
        }
    }

    /** The first is always said, since it decides the verdict. */
    private boolean hasRoom(List<BindingViolation> findings) {
        return findings.isEmpty() || characters < MOST_CHARACTERS;
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
