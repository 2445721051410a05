// SPDX-License-Identifier: Apache-2.0
package dev.hwmailbox.devicetree;

import dev.hwmailbox.devicetree.DeviceTreeException.Code;
import java.util.Optional;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/** The fragments of an overlay, and where they go. */
final class OverlayFragments {
    static final String CONTENT = "__overlay__";
    static final int PLACEHOLDER = -1;

    private final Node overlay;
    private final OverlayValues values;
    private final MergedTree tree;

    OverlayFragments(Node overlay, OverlayValues values, MergedTree tree) {
        this.overlay = overlay;
        this.values = values;
        this.tree = tree;
    }

    static boolean isFragment(Node node) {
        return node.child(CONTENT).isPresent();
    }

    /** Hands out each fragment with what it lays over its target. */
    void forEach(BiConsumer<Node, Node> action) {
        for (Node child : overlay.children()) {
            child.child(CONTENT).ifPresent(content -> action.accept(child, content));
        }
    }

    /** Where a fragment goes in the base as merged so far; null if that is not there. */
    @Nullable
    MergedNode find(Node fragment) {
        Property target = target(fragment);
        if (target == null) {
            return tree.find(targetPath(fragment));
        }
        int phandle = values.cell(target, 0);
        if (phandle == PLACEHOLDER) {
            throw OverlayError.at(Code.BAD_PHANDLE, fragment, target, "target is the placeholder 0xffffffff");
        }
        return tree.findByPhandle(phandle);
    }

    MergedNode require(Node fragment) {
        MergedNode found = find(fragment);
        if (found != null) {
            return found;
        }
        Property target = target(fragment);
        if (target != null) {
            String fact = "no node has phandle 0x" + Integer.toHexString(values.cell(target, 0));
            throw OverlayError.at(Code.NO_SUCH_TARGET, fragment, target, fact);
        }
        String path = targetPath(fragment);
        boolean begins = path.startsWith("/") || tree.find(path.split("/", 2)[0]) != null;
        String fact = begins ? "does not exist" : "does not begin with a slash or an alias of the base";
        throw OverlayError.at(
                Code.NO_SUCH_TARGET,
                fragment,
                fragment.property("target-path").orElseThrow(),
                "target-path '%s' %s".formatted(path, fact));
    }

    /** Where a fragment goes if there is no base; empty if only a base could tell. */
    Optional<MergedNode> make(Node fragment) {
        if (target(fragment) != null) {
            return Optional.empty();
        }
        return Optional.of(targetPath(fragment))
                .filter(path -> path.startsWith("/"))
                .map(tree::findOrMake);
    }

    private @Nullable Property target(Node fragment) {
        Property target = fragment.property("target").orElse(null);
        if (target != null && target.length() != Integer.BYTES) {
            String fact = "target has %d bytes, not one cell".formatted(target.length());
            throw OverlayError.at(Code.BAD_PHANDLE, fragment, target, fact);
        }
        return target == null || values.cell(target, 0) == 0 ? null : target;
    }

    private String targetPath(Node fragment) {
        Property path = fragment.property("target-path")
                .orElseThrow(
                        () -> OverlayError.at(Code.BAD_OVERLAY, fragment, null, "has neither target nor target-path"));
        String value = values.text(path);
        int end = value.indexOf('\0');
        if (end < 0) {
            throw OverlayError.at(Code.BAD_VALUE, fragment, path, "target-path is not a NUL-terminated string");
        }
        return value.substring(0, end);
    }
}
