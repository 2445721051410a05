// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.devicetree;

import dev.hwmailbox.devicetree.DeviceTreeException.Code;
import org.jspecify.annotations.Nullable;

/** Words for what is wrong with an overlay. */
final class OverlayError {
    private OverlayError() {}

    static DeviceTreeException at(Code code, Node node, @Nullable Property property, String fact) {
        String path = node.parent() == null ? "/" : node.path().substring(1);
        return in(code, node, property, path + ": " + fact);
    }

    /** An error in an entry of {@code __fixups__} or {@code __symbols__}, which is known by its label. */
    static DeviceTreeException atLabel(Code code, Node node, Property label, String fact) {
        return in(code, node, label, node.name() + "/" + label.name() + ": " + fact);
    }

    static DeviceTreeException in(Code code, Node node, @Nullable Property property, String fact) {
        String name = property == null ? null : property.name();
        return DeviceTreeException.inTree(code, node.path(), name, "overlay " + fact);
    }

    static String outside(long offset, Property property) {
        return "offset %d lies outside the %d-byte value of '%s'".formatted(offset, property.length(), property.name());
    }
}
