// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.gunyah;

import dev.hwmailbox.devicetree.Node;
import dev.hwmailbox.devicetree.Property;
import dev.hwmailbox.gunyah.BindingViolation.Code;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Predicate;

/** The properties of a node that nobody needs: what makes no sense is left out, with a warning. */
final class Hints {
    private final Node node;
    private final Findings findings;

    Hints(Node node, Findings findings) {
        this.node = node;
        this.findings = findings;
    }

    int bounded(String name, int largest, int otherwise) {
        Optional<Property> property = node.property(name);
        if (property.isEmpty()) {
            return otherwise;
        }
        Property value = property.get();
        if (value.length() == Integer.BYTES && value.u32() > 0 && value.u32() <= largest) {
            return value.u32();
        }
        String fact = "%s is %s, not one number in 1..%d; %d is assumed"
                .formatted(name, Findings.numberOf(value), largest, otherwise);
        findings.warning(Code.BAD_HINT, node, name, fact);
        return otherwise;
    }

    OptionalInt cell(String name) {
        return ifSensible(name, value -> value.length() == Integer.BYTES, "one number")
                .map(value -> OptionalInt.of(value.u32()))
                .orElseGet(OptionalInt::empty);
    }

    Optional<String> text(String name) {
        return ifSensible(name, value -> isText(value) && value.strings().size() == 1, "one text")
                .map(Property::string);
    }

    List<String> texts(String name) {
        return ifSensible(name, Hints::isText, "a list of texts")
                .map(Property::strings)
                .orElseGet(List::of);
    }

    private Optional<Property> ifSensible(String name, Predicate<Property> test, String expected) {
        Optional<Property> property = node.property(name);
        Optional<Property> sensible = property.filter(test);
        if (sensible.isEmpty()) {
            property.ifPresent(value -> findings.warning(
                    Code.BAD_HINT,
                    node,
                    name,
                    name + " is " + Findings.valueOf(value) + ", not " + expected + "; it is ignored"));
        }
        return sensible;
    }

    private static boolean isText(Property value) {
        return value.length() > 0 && value.bytes().get(value.length() - 1) == 0;
    }
}
