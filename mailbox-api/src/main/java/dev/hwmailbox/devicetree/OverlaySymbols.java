// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.devicetree;

import dev.hwmailbox.devicetree.DeviceTreeException.Code;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Optional;

/** Makes the labels of an overlay labels of the base, so that later overlays can use them. */
final class OverlaySymbols {
    private static final String CONTENT = "/__overlay__";

    private final Node symbols;
    private final NodePaths overlay;
    private final OverlayValues values;
    private final Map<Node, Optional<MergedNode>> targets;

    OverlaySymbols(Node symbols, NodePaths overlay, OverlayValues values, Map<Node, Optional<MergedNode>> targets) {
        this.symbols = symbols;
        this.overlay = overlay;
        this.values = values;
        this.targets = targets;
    }

    void mergeInto(MergedTree tree) {
        for (Property label : symbols.properties()) {
            String path = path(label);
            int slash = path.indexOf('/', 1);
            String inFragment = slash < 0 ? "" : path.substring(slash);
            if (inFragment.equals(CONTENT) || inFragment.startsWith(CONTENT + "/")) {
                merge(label, path.substring(1, slash), inFragment.substring(CONTENT.length()), tree);
            }
        }
    }

    private String path(Property label) {
        String value = values.text(label);
        if (!value.startsWith("/") || value.indexOf('\0') != value.length() - 1) {
            throw OverlayError.atLabel(Code.BAD_VALUE, symbols, label, "is not one absolute path");
        }
        return value.substring(0, value.length() - 1);
    }

    private void merge(Property label, String fragmentName, String rest, MergedTree tree) {
        Node fragment = overlay.find("/" + fragmentName);
        if (fragment == null || !targets.containsKey(fragment)) {
            String fact = "there is no fragment '%s'".formatted(fragmentName);
            throw OverlayError.atLabel(Code.BAD_OVERLAY, symbols, label, fact);
        }
        targets.get(fragment).ifPresent(target -> {
            byte[] value = path(label, target, rest).getBytes(StandardCharsets.ISO_8859_1);
            tree.root().childOrNew("__symbols__").set(new Property(null, label.name(), value, 0, value.length));
        });
    }

    private String path(Property label, MergedNode target, String rest) {
        if (target.pathLength() + rest.length() > MergedTree.MAX_PATH) {
            String fact = "its path in the base would have more than %d characters".formatted(MergedTree.MAX_PATH);
            throw OverlayError.atLabel(Code.BAD_VALUE, symbols, label, fact);
        }
        return (rest.length() <= 1 ? target.path() : target.pathOf(rest.substring(1))) + '\0';
    }
}
